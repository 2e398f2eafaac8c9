"""The contract of `Ledger`: in memory, on SQLite, on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.core.config import Scope
from bot.core.errors import BudgetSpent, ClaimLost, PriceUnknown
from bot.core.periods import SECONDS_PER_DAY, Span, find_period_end, name_days
from bot.core.requests import Answer, ModelCall
from bot.core.spending.budgets import Budget, BudgetUnit, CallEstimate, Spending, SpendingDimension
from bot.core.turns import Author, Turn, TurnStatus
from bot.ports import Ledger
from bot.store.conversations.store import SqlStore
from bot.store.spending.ledger import SqlLedger
from bot.testing.data import MemoryData
from bot.testing.ledger import MemoryLedger
from bot.testing.store import MemoryStore
from tests.clock import NOON, Clock, stopped
from tests.contracts.questions import ADA, SAID, asked, key, question, thread
from tests.contracts.stores import Store
from tests.databases import KINDS, migrated_database, open_database

pytestmark = pytest.mark.calendar

GRACE = Author(id="U0GRACE", name="Grace")
HERE = Scope(platform="slack", workspace="T1")
FOR_EVER = {"since": "1970-01-01", "until": "9999-12-31"}
EACH_PERSON = Budget(scope=SpendingDimension.PERSON, span=Span.DAY, unit=BudgetUnit.TOKENS, amount=1_000)
HUNDRED = CallEstimate(tokens=100, cost=None)


def call(tokens: int = 100, cost: int | None = None, *, model: str = "m-1", **more: object) -> ModelCall:
    spent = {"prompt_tokens": tokens - 10, "completion_tokens": 10, "cached_tokens": 5}
    return ModelCall(model=model, cost=cost, **spent, **more)  # type: ignore[arg-type]  # as the fields say


@dataclass
class Books:
    """The ledger and the store of one process, and those of another."""

    store: Store
    ledger: Ledger
    other_store: Store
    other: Ledger
    clock: Clock

    async def limits(self, turn: Turn) -> tuple[Budget, ...]:
        return (await self.store.read_context(turn, limit=1)).budgets

    async def reserve(self, turn: Turn, need: CallEstimate = HUNDRED) -> None:
        await self.ledger.reserve(turn, await self.limits(turn), need)

    async def ask(self, number: int, author: Author = ADA, channel: str = "C1") -> Turn:
        where = thread(f"{number}.0", channel)
        return await asked(self.store, question(f"{number}.0", where=where, author=author))

    async def answer(self, turn: Turn, made: ModelCall) -> None:
        await self.store.save_answer(turn, replace(SAID, call=made))
        await self.store.settle(turn, TurnStatus.DONE)

    async def set(self, budget: Budget) -> None:
        await self.ledger.set_budget(HERE, budget, by=ADA, note="because")

    async def left(self, person: str = ADA.id, channel: str = "C1") -> list[int]:
        return [each.remaining for each in await self.ledger.list_budget_states(HERE, person=person, channel=channel)]


@pytest.fixture(params=("memory", *KINDS))
async def books(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Books]:
    clock = Clock()
    if request.param == "memory":
        data = MemoryData(clock=clock)
        stores = MemoryStore("me", data), MemoryStore("other", data)
        yield Books(stores[0], MemoryLedger(data, "me"), stores[1], MemoryLedger(data, "other"), clock)
        return
    with stopped(clock), migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            me, other = SqlStore(database, "me"), SqlStore(database, "other")
            await me.open()
            await other.record_heartbeat(1e9)
            yield Books(me, SqlLedger(database, "me"), other, SqlLedger(database, "other"), clock)


# --- spending -----------------------------------------------------------------------------------------


async def test_calls_are_summed_up_in_every_way(books: Books) -> None:
    await books.answer(await books.ask(1), call(100, 7, versions=(1, 2)))
    await books.answer(await books.ask(2, GRACE), call(200, None, model="m-2", is_estimated=True))
    await books.answer(await books.ask(3, GRACE, "C2"), call(300, 3))
    one = Spending(calls=1, prompt_tokens=90, completion_tokens=10, cached_tokens=5, cost=7)
    two = replace(one, prompt_tokens=190, cost=0, unpriced=1, estimated=1)
    three = replace(one, prompt_tokens=290, cost=3)
    sums = {by: await books.ledger.sum_by_subject(HERE, by, **FOR_EVER) for by in SpendingDimension}
    assert sums[SpendingDimension.WORKSPACE] == {"": one + two + three}
    assert sums[SpendingDimension.CHANNEL] == {"C1": one + two, "C2": three}
    assert sums[SpendingDimension.PERSON] == {ADA.id: one, GRACE.id: two + three}
    assert sums[SpendingDimension.MODEL] == {"m-1": one + three, "m-2": two}
    assert sums[SpendingDimension.VERSIONS] == {"1,2": one, "": two + three}
    week = name_days(NOON + 3 * SECONDS_PER_DAY, 7)
    by_day = await books.ledger.sum_by_day(HERE, SpendingDimension.PERSON, GRACE.id, days=week)
    assert sum(by_day.values(), Spending()) == two + three
    assert await books.ledger.sum_by_day(HERE, SpendingDimension.PERSON, GRACE.id, days=["1970-01-01"]) == {}
    assert not await books.ledger.sum_by_subject(HERE, SpendingDimension.MODEL, since="1970-01-01", until="1970-01-02")
    assert not await books.ledger.sum_by_subject(replace(HERE, workspace="T2"), SpendingDimension.MODEL, **FOR_EVER)


async def test_a_failure_that_was_paid_for_counts_and_one_that_was_not_does_not(books: Books) -> None:
    for number, made in ((1, call(100)), (2, None)):
        turn = await books.ask(number)
        await books.store.settle(turn, TurnStatus.FAILED, error="model", answer=Answer(text="So", call=made))
    sums = await books.ledger.sum_by_subject(HERE, SpendingDimension.PERSON, **FOR_EVER)
    assert sums[ADA.id].calls == 1


async def test_figures_stay_when_a_question_is_deleted(books: Books) -> None:
    turn = await books.ask(1)
    await books.answer(turn, call(100, 7))
    await books.store.forget(key("1.0"))
    assert (await books.ledger.sum_by_subject(HERE, SpendingDimension.PERSON, **FOR_EVER))[ADA.id].cost == 7


# --- budgets ------------------------------------------------------------------------------------------


async def test_where_nothing_is_set_nothing_applies(books: Books) -> None:
    assert await books.limits(await books.ask(1)) == ()
    assert await books.left() == []


async def test_what_is_set_for_one_takes_the_place_of_what_is_set_for_all(books: Books) -> None:
    await books.set(EACH_PERSON)
    await books.set(replace(EACH_PERSON, subject=ADA.id, amount=5_000))
    assert await books.left(ADA.id) == [5_000]
    assert await books.left(GRACE.id) == [1_000]
    await books.set(replace(EACH_PERSON, subject=ADA.id, amount=None))
    assert await books.left(ADA.id) == [1_000]
    await books.set(replace(EACH_PERSON, amount=None))
    assert await books.left(ADA.id) == []
    assert await books.ledger.list_budget_states(replace(HERE, workspace="T2"), person=ADA.id, channel="C1") == []


async def test_who_set_what_is_kept(books: Books) -> None:
    await books.set(EACH_PERSON)
    await books.set(replace(EACH_PERSON, amount=2_000))
    await books.set(
        Budget(scope=SpendingDimension.CHANNEL, subject="C1", span=Span.MONTH, unit=BudgetUnit.MONEY, amount=7)
    )
    assert [change.budget.amount for change in await books.ledger.list_budget_changes(HERE, limit=9)] == [
        7,
        2_000,
        1_000,
    ]
    assert [change.budget.amount for change in await books.ledger.list_budget_changes(HERE, limit=1)] == [7]
    found = await books.ledger.list_budgets(HERE)
    assert [(each.budget.scope, each.budget.amount) for each in found] == [("channel", 7), ("person", 2_000)]
    assert {(each.author, each.note) for each in found} == {(ADA, "because")}


async def test_what_is_kept_is_gone_when_the_turn_ends(books: Books) -> None:
    """Answered, failed or forgotten: afterwards only what was spent counts."""
    await books.set(EACH_PERSON)
    answered, failed, forgotten = [await books.ask(number) for number in (1, 2, 3)]
    for turn in (answered, failed, forgotten):
        await books.reserve(turn)
    assert await books.left() == [700]
    await books.answer(answered, call(30))
    assert await books.left() == [770]
    await books.store.settle(failed, TurnStatus.FAILED, error="model")
    assert await books.left() == [870]
    await books.store.forget(key("3.0"))
    assert await books.left() == [970]


async def test_a_budget_refuses_what_does_not_fit_and_nothing_is_kept_of_it(books: Books) -> None:
    await books.set(EACH_PERSON)
    await books.answer(await books.ask(1), call(850))
    turn = await books.ask(2)
    await books.reserve(turn, CallEstimate(tokens=150, cost=None))
    late = await books.ask(3)
    with pytest.raises(BudgetSpent) as refused:
        await books.reserve(late, CallEstimate(tokens=1, cost=None))
    standing = refused.value.state
    assert (standing.spent, standing.reserved, standing.budget.subject) == (850, 150, ADA.id)
    assert standing.resets_at % SECONDS_PER_DAY == 0
    assert await books.left() == [0]
    await books.reserve(await books.ask(4, GRACE))


async def test_the_budget_that_is_full_for_longest_is_named(books: Books) -> None:
    for span in Span:
        await books.set(replace(EACH_PERSON, span=span, amount=50))
    with pytest.raises(BudgetSpent) as refused:
        await books.reserve(await books.ask(1))
    assert refused.value.state.budget.span is Span.MONTH


@pytest.mark.parametrize("now", [NOON, 1_796_083_199.0, 1_830_297_599.5, 1_835_438_400.0])
async def test_a_budget_is_full_again_when_its_day_or_month_ends(books: Books, now: float) -> None:
    """In the middle of a month, in the last second of a month and of a year, and on 29 February."""
    books.clock.now = now
    for span in Span:
        await books.set(replace(EACH_PERSON, span=span))
    await books.answer(await books.ask(1), call(900))
    assert await books.left() == [100, 100]
    books.clock.now = find_period_end(Span.DAY, now) - 0.001
    assert await books.left() == [100, 100]
    books.clock.now = find_period_end(Span.DAY, now)
    is_last_day = find_period_end(Span.DAY, now) == find_period_end(Span.MONTH, now)
    assert await books.left() == ([1_000, 1_000] if is_last_day else [1_000, 100])
    books.clock.now = find_period_end(Span.MONTH, now)
    assert await books.left() == [1_000, 1_000]


async def test_budgets_of_channel_and_workspace_are_spent_by_all(books: Books) -> None:
    await books.set(replace(EACH_PERSON, scope=SpendingDimension.CHANNEL, amount=300))
    await books.set(replace(EACH_PERSON, scope=SpendingDimension.WORKSPACE, span=Span.MONTH, amount=350))
    for number, author in enumerate((ADA, GRACE, ADA)):
        await books.reserve(await books.ask(number, author))
    with pytest.raises(BudgetSpent):
        await books.reserve(await books.ask(5, GRACE))
    with pytest.raises(BudgetSpent) as refused:
        await books.reserve(await books.ask(6, GRACE, "C2"))
    assert refused.value.state.budget.scope is SpendingDimension.WORKSPACE


async def test_a_budget_of_money_refuses_what_has_no_price(books: Books) -> None:
    await books.set(replace(EACH_PERSON, unit=BudgetUnit.MONEY))
    turn = await books.ask(1)
    with pytest.raises(PriceUnknown):
        await books.reserve(turn)
    await books.reserve(turn, CallEstimate(tokens=10**6, cost=1_000))
    with pytest.raises(BudgetSpent):
        await books.reserve(await books.ask(2), CallEstimate(tokens=1, cost=1))


async def test_what_was_spent_before_a_budget_was_set_counts(books: Books) -> None:
    await books.answer(await books.ask(1), call(950))
    await books.set(EACH_PERSON)
    with pytest.raises(BudgetSpent):
        await books.reserve(await books.ask(2))


async def test_who_takes_a_turn_over_replaces_what_was_kept_for_it(books: Books) -> None:
    """A process dies during a call: its reservation is replaced, and it cannot reserve any more."""
    await books.set(EACH_PERSON)
    turn = await books.ask(1)
    await books.reserve(turn, CallEstimate(tokens=900, cost=None))
    await books.store.unregister()
    assert await books.left() == [100], "somebody will answer it"
    (again,) = await books.other_store.claim(9)
    await books.other.reserve(again, await books.limits(again), CallEstimate(tokens=800, cost=None))
    assert await books.left() == [200]
    with pytest.raises(ClaimLost):
        await books.reserve(turn)
    await books.other_store.settle(again, TurnStatus.STOPPED)
    assert await books.left() == [1_000]


async def test_a_person_is_warned_once_a_period(books: Books) -> None:
    await books.set(EACH_PERSON)
    first = await books.ask(1)
    grant = await books.ledger.reserve(first, await books.limits(first), HUNDRED)
    assert grant.warned_spans == frozenset()
    await books.answer(first, call(100, warns=frozenset({Span.DAY})))
    second = await books.ask(2)
    grant = await books.ledger.reserve(second, await books.limits(second), HUNDRED)
    assert grant.warned_spans == {Span.DAY}
    other = await books.ask(3, GRACE)
    assert (await books.ledger.reserve(other, await books.limits(other), HUNDRED)).warned_spans == frozenset()


async def test_many_at_once_never_get_more_than_there_is(books: Books) -> None:
    """Two processes admit exactly as many calls as fit, in any order."""
    await books.set(EACH_PERSON)
    turns = [await books.ask(number) for number in range(24)]
    limits = await books.limits(turns[0])
    let_in = await asyncio.gather(
        *(books.ledger.reserve(turn, limits, HUNDRED) for turn in turns), return_exceptions=True
    )
    assert sum(not isinstance(each, BaseException) for each in let_in) == 10
    assert {type(each) for each in let_in if isinstance(each, BaseException)} == {BudgetSpent}
    assert await books.left() == [0]


async def test_a_call_beside_the_answer_counts_whatever_became_of_its_turn(books: Books) -> None:
    """It does not touch the reservation of the answer."""
    await books.set(EACH_PERSON)
    turn = await books.ask(1)
    await books.reserve(turn)
    await books.ledger.charge(turn, call(50))
    assert await books.left() == [1_000 - 100 - 50]
    await books.store.forget(key("1.0"))
    await books.other.charge(turn, call(30))
    assert await books.left() == [1_000 - 80]
