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
from bot.store.conversations.sql_store import SqlStore
from bot.store.spending.ledger import SqlLedger
from bot.testing.data import MemoryData
from bot.testing.ledger import MemoryLedger
from bot.testing.store import MemoryStore
from tests.clock import NOON, Clock, stopped
from tests.contracts.questions import ADA, ANSWER, ask_question, message_key, question, thread
from tests.contracts.stores import Store
from tests.databases import KINDS, migrated_database, open_database

pytestmark = pytest.mark.calendar

GRACE = Author(id="U0GRACE", name="Grace")
HERE = Scope(platform="slack", workspace="T1")
FOR_EVER = {"since": "1970-01-01", "until": "9999-12-31"}
EACH_PERSON = Budget(scope=SpendingDimension.PERSON, span=Span.DAY, unit=BudgetUnit.TOKENS, amount=1_000)
HUNDRED = CallEstimate(tokens=100, cost=None)


def make_call(tokens: int = 100, cost: int | None = None, *, model: str = "m-1", **more: object) -> ModelCall:
    spent = {"prompt_tokens": tokens - 10, "completion_tokens": 10, "cached_tokens": 5}
    return ModelCall(model=model, cost=cost, **spent, **more)  # type: ignore[arg-type]  # as the fields say


@dataclass
class LedgerWorld:
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
        return await ask_question(self.store, question(f"{number}.0", where=where, author=author))

    async def answer(self, turn: Turn, made: ModelCall) -> None:
        await self.store.save_answer(turn, replace(ANSWER, call=made))
        await self.store.settle(turn, TurnStatus.DONE)

    async def set(self, budget: Budget) -> None:
        await self.ledger.set_budget(HERE, budget, by=ADA, note="because")

    async def list_remaining(self, person: str = ADA.id, channel: str = "C1") -> list[int]:
        return [each.remaining for each in await self.ledger.list_budget_states(HERE, person=person, channel=channel)]


@pytest.fixture(params=("memory", *KINDS))
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LedgerWorld]:
    clock = Clock()
    if request.param == "memory":
        data = MemoryData(clock=clock)
        stores = MemoryStore("me", data), MemoryStore("other", data)
        yield LedgerWorld(stores[0], MemoryLedger(data, "me"), stores[1], MemoryLedger(data, "other"), clock)
        return
    with stopped(clock), migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            me, other = SqlStore(database, "me"), SqlStore(database, "other")
            await me.open()
            await other.record_heartbeat(1e9)
            yield LedgerWorld(me, SqlLedger(database, "me"), other, SqlLedger(database, "other"), clock)


# --- spending -----------------------------------------------------------------------------------------


async def test_calls_are_summed_up_in_every_way(world: LedgerWorld) -> None:
    await world.answer(await world.ask(1), make_call(100, 7, versions=(1, 2)))
    await world.answer(await world.ask(2, GRACE), make_call(200, None, model="m-2", is_estimated=True))
    await world.answer(await world.ask(3, GRACE, "C2"), make_call(300, 3))
    one = Spending(calls=1, prompt_tokens=90, completion_tokens=10, cached_tokens=5, cost=7)
    two = replace(one, prompt_tokens=190, cost=0, unpriced=1, estimated=1)
    three = replace(one, prompt_tokens=290, cost=3)
    sums = {by: await world.ledger.sum_by_subject(HERE, by, **FOR_EVER) for by in SpendingDimension}
    assert sums[SpendingDimension.WORKSPACE] == {"": one + two + three}
    assert sums[SpendingDimension.CHANNEL] == {"C1": one + two, "C2": three}
    assert sums[SpendingDimension.PERSON] == {ADA.id: one, GRACE.id: two + three}
    assert sums[SpendingDimension.MODEL] == {"m-1": one + three, "m-2": two}
    assert sums[SpendingDimension.VERSIONS] == {"1,2": one, "": two + three}
    week = name_days(NOON + 3 * SECONDS_PER_DAY, 7)
    by_day = await world.ledger.sum_by_day(HERE, SpendingDimension.PERSON, GRACE.id, days=week)
    assert sum(by_day.values(), Spending()) == two + three
    assert await world.ledger.sum_by_day(HERE, SpendingDimension.PERSON, GRACE.id, days=["1970-01-01"]) == {}
    assert not await world.ledger.sum_by_subject(HERE, SpendingDimension.MODEL, since="1970-01-01", until="1970-01-02")
    assert not await world.ledger.sum_by_subject(replace(HERE, workspace="T2"), SpendingDimension.MODEL, **FOR_EVER)


async def test_a_failure_that_was_paid_for_counts_and_one_that_was_not_does_not(world: LedgerWorld) -> None:
    for number, made in ((1, make_call(100)), (2, None)):
        turn = await world.ask(number)
        await world.store.settle(turn, TurnStatus.FAILED, error="model", answer=Answer(text="So", call=made))
    sums = await world.ledger.sum_by_subject(HERE, SpendingDimension.PERSON, **FOR_EVER)
    assert sums[ADA.id].calls == 1


async def test_figures_stay_when_a_question_is_deleted(world: LedgerWorld) -> None:
    turn = await world.ask(1)
    await world.answer(turn, make_call(100, 7))
    await world.store.forget(message_key("1.0"))
    assert (await world.ledger.sum_by_subject(HERE, SpendingDimension.PERSON, **FOR_EVER))[ADA.id].cost == 7


# --- budgets ------------------------------------------------------------------------------------------


async def test_where_nothing_is_set_nothing_applies(world: LedgerWorld) -> None:
    assert await world.limits(await world.ask(1)) == ()
    assert await world.list_remaining() == []


async def test_a_budget_of_one_person_replaces_that_of_each_person(world: LedgerWorld) -> None:
    await world.set(EACH_PERSON)
    await world.set(replace(EACH_PERSON, subject=ADA.id, amount=5_000))
    assert await world.list_remaining(ADA.id) == [5_000]
    assert await world.list_remaining(GRACE.id) == [1_000]
    await world.set(replace(EACH_PERSON, subject=ADA.id, amount=None))
    assert await world.list_remaining(ADA.id) == [1_000]
    await world.set(replace(EACH_PERSON, amount=None))
    assert await world.list_remaining(ADA.id) == []
    assert await world.ledger.list_budget_states(replace(HERE, workspace="T2"), person=ADA.id, channel="C1") == []


async def test_changes_of_budgets_are_kept_with_their_authors(world: LedgerWorld) -> None:
    await world.set(EACH_PERSON)
    await world.set(replace(EACH_PERSON, amount=2_000))
    await world.set(
        Budget(scope=SpendingDimension.CHANNEL, subject="C1", span=Span.MONTH, unit=BudgetUnit.MONEY, amount=7)
    )
    assert [change.budget.amount for change in await world.ledger.list_budget_changes(HERE, limit=9)] == [
        7,
        2_000,
        1_000,
    ]
    assert [change.budget.amount for change in await world.ledger.list_budget_changes(HERE, limit=1)] == [7]
    found = await world.ledger.list_budgets(HERE)
    assert [(each.budget.scope, each.budget.amount) for each in found] == [("channel", 7), ("person", 2_000)]
    assert {(each.author, each.note) for each in found} == {(ADA, "because")}


async def test_a_reservation_ends_with_its_turn(world: LedgerWorld) -> None:
    """Answered, failed or forgotten: afterwards only what was spent counts."""
    await world.set(EACH_PERSON)
    answered, failed, forgotten = [await world.ask(number) for number in (1, 2, 3)]
    for turn in (answered, failed, forgotten):
        await world.reserve(turn)
    assert await world.list_remaining() == [700]
    await world.answer(answered, make_call(30))
    assert await world.list_remaining() == [770]
    await world.store.settle(failed, TurnStatus.FAILED, error="model")
    assert await world.list_remaining() == [870]
    await world.store.forget(message_key("3.0"))
    assert await world.list_remaining() == [970]


async def test_a_budget_refuses_a_call_that_does_not_fit_and_reserves_nothing(world: LedgerWorld) -> None:
    await world.set(EACH_PERSON)
    await world.answer(await world.ask(1), make_call(850))
    turn = await world.ask(2)
    await world.reserve(turn, CallEstimate(tokens=150, cost=None))
    late = await world.ask(3)
    with pytest.raises(BudgetSpent) as refused:
        await world.reserve(late, CallEstimate(tokens=1, cost=None))
    standing = refused.value.state
    assert (standing.spent, standing.reserved, standing.budget.subject) == (850, 150, ADA.id)
    assert standing.resets_at % SECONDS_PER_DAY == 0
    assert await world.list_remaining() == [0]
    await world.reserve(await world.ask(4, GRACE))


async def test_the_budget_that_is_full_for_longest_is_named(world: LedgerWorld) -> None:
    for span in Span:
        await world.set(replace(EACH_PERSON, span=span, amount=50))
    with pytest.raises(BudgetSpent) as refused:
        await world.reserve(await world.ask(1))
    assert refused.value.state.budget.span is Span.MONTH


@pytest.mark.parametrize("now", [NOON, 1_796_083_199.0, 1_830_297_599.5, 1_835_438_400.0])
async def test_a_budget_is_full_again_when_its_day_or_month_ends(world: LedgerWorld, now: float) -> None:
    """In the middle of a month, in the last second of a month and of a year, and on 29 February."""
    world.clock.now = now
    for span in Span:
        await world.set(replace(EACH_PERSON, span=span))
    await world.answer(await world.ask(1), make_call(900))
    assert await world.list_remaining() == [100, 100]
    world.clock.now = find_period_end(Span.DAY, now) - 0.001
    assert await world.list_remaining() == [100, 100]
    world.clock.now = find_period_end(Span.DAY, now)
    is_last_day = find_period_end(Span.DAY, now) == find_period_end(Span.MONTH, now)
    assert await world.list_remaining() == ([1_000, 1_000] if is_last_day else [1_000, 100])
    world.clock.now = find_period_end(Span.MONTH, now)
    assert await world.list_remaining() == [1_000, 1_000]


async def test_budgets_of_channel_and_workspace_are_spent_by_all(world: LedgerWorld) -> None:
    await world.set(replace(EACH_PERSON, scope=SpendingDimension.CHANNEL, amount=300))
    await world.set(replace(EACH_PERSON, scope=SpendingDimension.WORKSPACE, span=Span.MONTH, amount=350))
    for number, author in enumerate((ADA, GRACE, ADA)):
        await world.reserve(await world.ask(number, author))
    with pytest.raises(BudgetSpent):
        await world.reserve(await world.ask(5, GRACE))
    with pytest.raises(BudgetSpent) as refused:
        await world.reserve(await world.ask(6, GRACE, "C2"))
    assert refused.value.state.budget.scope is SpendingDimension.WORKSPACE


async def test_a_budget_of_money_refuses_a_call_without_a_price(world: LedgerWorld) -> None:
    await world.set(replace(EACH_PERSON, unit=BudgetUnit.MONEY))
    turn = await world.ask(1)
    with pytest.raises(PriceUnknown):
        await world.reserve(turn)
    await world.reserve(turn, CallEstimate(tokens=10**6, cost=1_000))
    with pytest.raises(BudgetSpent):
        await world.reserve(await world.ask(2), CallEstimate(tokens=1, cost=1))


async def test_spending_before_a_budget_was_set_counts(world: LedgerWorld) -> None:
    await world.answer(await world.ask(1), make_call(950))
    await world.set(EACH_PERSON)
    with pytest.raises(BudgetSpent):
        await world.reserve(await world.ask(2))


async def test_taking_a_turn_over_replaces_its_reservation(world: LedgerWorld) -> None:
    """A process dies during a call: its reservation is replaced, and it cannot reserve any more."""
    await world.set(EACH_PERSON)
    turn = await world.ask(1)
    await world.reserve(turn, CallEstimate(tokens=900, cost=None))
    await world.store.unregister()
    assert await world.list_remaining() == [100], "somebody will answer it"
    (again,) = await world.other_store.claim(9)
    await world.other.reserve(again, await world.limits(again), CallEstimate(tokens=800, cost=None))
    assert await world.list_remaining() == [200]
    with pytest.raises(ClaimLost):
        await world.reserve(turn)
    await world.other_store.settle(again, TurnStatus.STOPPED)
    assert await world.list_remaining() == [1_000]


async def test_a_person_is_warned_once_a_period(world: LedgerWorld) -> None:
    await world.set(EACH_PERSON)
    first = await world.ask(1)
    grant = await world.ledger.reserve(first, await world.limits(first), HUNDRED)
    assert grant.warned_spans == frozenset()
    await world.answer(first, make_call(100, warns=frozenset({Span.DAY})))
    second = await world.ask(2)
    grant = await world.ledger.reserve(second, await world.limits(second), HUNDRED)
    assert grant.warned_spans == {Span.DAY}
    other = await world.ask(3, GRACE)
    assert (await world.ledger.reserve(other, await world.limits(other), HUNDRED)).warned_spans == frozenset()


async def test_many_at_once_never_get_more_than_there_is(world: LedgerWorld) -> None:
    """Two processes admit exactly as many calls as fit, in any order."""
    await world.set(EACH_PERSON)
    turns = [await world.ask(number) for number in range(24)]
    limits = await world.limits(turns[0])
    let_in = await asyncio.gather(
        *(world.ledger.reserve(turn, limits, HUNDRED) for turn in turns), return_exceptions=True
    )
    assert sum(not isinstance(each, BaseException) for each in let_in) == 10
    assert {type(each) for each in let_in if isinstance(each, BaseException)} == {BudgetSpent}
    assert await world.list_remaining() == [0]


async def test_a_call_beside_the_answer_counts_whatever_became_of_its_turn(world: LedgerWorld) -> None:
    """It does not touch the reservation of the answer."""
    await world.set(EACH_PERSON)
    turn = await world.ask(1)
    await world.reserve(turn)
    await world.ledger.charge(turn, make_call(50))
    assert await world.list_remaining() == [1_000 - 100 - 50]
    await world.store.forget(message_key("1.0"))
    await world.other.charge(turn, make_call(30))
    assert await world.list_remaining() == [1_000 - 80]
