"""What a reader of the thread sees of budgets, and what is recorded of calls, on virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.conversation.answering import Answerer
from bot.conversation.intake import Intake
from bot.conversation.lease import Lease
from bot.conversation.request_builder import RequestOptions
from bot.conversation.worker import Worker
from bot.core.chat.stream import ChoiceFinished, ModelName, TextDelta
from bot.core.config import Prompt, Scope, ScopeConfig
from bot.core.errors import ModelBusy, SurfaceGone
from bot.core.periods import Span
from bot.core.requests import ModelCall, Usage
from bot.core.spending.budgets import Budget, BudgetUnit, SpendingDimension
from bot.core.spending.prices import PriceTable, parse_prices
from bot.core.turns import Action, AddressingKind, Author, IncomingMessage, ThreadKey, TurnStatus
from bot.plugins import Plugins
from bot.policy.spending import SpendingPolicy
from bot.testing.ledger import MemoryLedger
from bot.testing.model import ScriptedModel
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface
from tests.virtual_time import on_virtual_time

pytestmark = pytest.mark.calendar

HERE = Scope(platform="paper", workspace="T1")
TABLE = PriceTable(currency="EUR", by_name=parse_prices("m=1/10/0.1, big*=100/100"))
MINE = Budget(scope=SpendingDimension.PERSON, span=Span.DAY, unit=BudgetUnit.TOKENS, amount=10_000)
NOON = 1_795_262_400.0
"""21 November."""


def says(text: str, prompt: int = 100, completion: int = 20, cached: int = 0, model: str = "") -> list[object]:
    usage = Usage(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached)
    return [*([ModelName(model)] if model else []), text, usage]


class SpendingWorld:
    """A bot on paper with budgets and prices."""

    def __init__(self, *scripts: object, table: PriceTable = TABLE, **parameters: object) -> None:
        self.model = ScriptedModel(*scripts)  # type: ignore[arg-type]  # scripts, as the model takes them
        self.surface = PaperSurface(page_size=1_000)
        self.store = MemoryStore(owner="me")
        self.store.data.clock = lambda: NOON
        self.ledger = MemoryLedger(self.store.data, "me")
        steering = ScopeConfig(prompt=Prompt(""), parameters={"model": "m", **parameters})  # type: ignore[dict-item]  # values
        answering = Answerer(
            store=self.store,
            model=self.model,
            surfaces={"paper": self.surface},
            options=RequestOptions(deployment_config=steering, user_key=b"k"),
            plugins=Plugins(),
            spending=SpendingPolicy(self.ledger, table),
        )
        self.worker = Worker(self.store, answering, lease=Lease(30), max_threads=10)
        self.intake = Intake(self.store, self.worker, answering)

    async def ask(self, number: int = 1, user: str = "U1", *, wait: float = 60) -> str:
        """Ask in a thread of its own, and return what it shows."""
        thread = ThreadKey(platform="paper", workspace="T1", channel="C1", root=f"q{number}")
        message = IncomingMessage(
            thread=thread,
            message_id=f"q{number}",
            author=Author(id=user),
            text="Why?",
            addressed=AddressingKind.MENTION,
            sent_at=float(number),
        )
        await self.intake.accept(message)
        await asyncio.sleep(wait)
        return "".join(self.surface.list_texts(thread))

    async def set(self, budget: Budget) -> None:
        await self.ledger.set_budget(HERE, budget, by=Author(id="U1"))

    @property
    def actions(self) -> tuple[Action, ...]:
        return list(self.surface.messages.values())[-1].actions

    @property
    def calls(self) -> list[ModelCall]:
        return [call for _, call, _ in self.store.data.calls]


@asynccontextmanager
async def running_world(
    *scripts: object, table: PriceTable = TABLE, **parameters: object
) -> AsyncIterator[SpendingWorld]:
    world = SpendingWorld(*scripts, table=table, **parameters)
    async with world.worker.run():
        yield world
        await world.worker.drain(60)


# --- what is written down -----------------------------------------------------------------------------


@on_virtual_time
async def test_a_call_is_priced_by_what_the_server_counted() -> None:
    async with running_world(says("So.", 1_000, 20, 400)) as world:
        await world.ask()
    cost = 600 * 1_000 + 400 * 100 + 20 * 10_000
    assert world.calls == [
        ModelCall(model="m", prompt_tokens=1_000, completion_tokens=20, cached_tokens=400, cost=cost)
    ]


@on_virtual_time
async def test_tokens_that_were_not_counted_are_estimated_and_marked_so() -> None:
    """Several variants are one call; an answer that broke off and its continuation are one each."""
    three = ("One. " * 20, TextDelta("Two. " * 20, 1), ChoiceFinished("stop"), ChoiceFinished("stop", 1))
    async with running_world(three, ["Half a word", ModelBusy()], ["and the rest."]) as world:
        await world.ask(1)
        await world.ask(2)
        await world.intake.retry(2, replace(world.store.data.turns[2].thread), by="U1", goes_on=True)
        await asyncio.sleep(60)
    both, half, rest = world.calls
    assert all(call.is_estimated and call.cost for call in world.calls)
    assert both.completion_tokens > 50
    assert 0 < half.completion_tokens < 10
    assert 0 < rest.completion_tokens < 10, "what was said before is not paid for once more"


@on_virtual_time
async def test_a_call_has_the_price_of_the_model_that_answered() -> None:
    """A longer name means the same model; if another model answered, the price of the requested one is a guess."""
    names = "m-2026-11-01", "bigger", "stranger"
    async with running_world(*(says("So.", model=name) for name in names)) as world:
        for number in range(3):
            await world.ask(number)
    assert [(call.model, call.cost, call.is_estimated) for call in world.calls] == [
        ("m-2026-11-01", 300_000, False),
        ("bigger", 12_000_000, False),
        ("stranger", 300_000, True),
    ]


@on_virtual_time
async def test_a_price_that_is_not_set_is_unknown_and_not_zero() -> None:
    async with running_world(says("So."), table=PriceTable()) as world:
        await world.ask()
    assert [call.cost for call in world.calls] == [None]


@on_virtual_time
async def test_a_call_without_a_word_costs_nothing() -> None:
    async with running_world([ModelBusy()]) as world:
        await world.ask()
    assert world.calls == []


# --- budgets ------------------------------------------------------------------------------------------


@on_virtual_time
async def test_a_spent_budget_is_refused_in_the_thread_and_nothing_is_lost() -> None:
    """The model is not asked; the sentence says until when; after an admin raises the budget, the button works."""
    async with running_world(says("So.", 9_000, 990)) as world:
        await world.set(MINE)
        await world.ask(1)
        assert await world.ask(2) == (
            "Your budget for today has too little left for this: 9,990 of 10,000 tokens used. "
            "It resets on 22 November, 00:00 UTC; an admin can raise it."
        )
        assert world.actions == (Action.RETRY,)
        assert len(world.model.requests) == 1
        refused = world.store.data.turns[2]
        assert (refused.status, refused.error) == (TurnStatus.FAILED, "budget_spent")
        await world.set(replace(MINE, subject="U1", amount=50_000))
        await world.intake.retry(2, refused.thread, by="U1")
        await asyncio.sleep(60)
        assert world.surface.list_texts(refused.thread) == ["So."]


@on_virtual_time
async def test_people_are_told_once_that_a_budget_is_nearly_used_up() -> None:
    async with running_world(says("So.", 7_900, 0), says("So.", 200, 0), says("So.", 10, 0), max_tokens=100) as world:
        await world.set(MINE)
        shown = [await world.ask(number) for number in (1, 2, 3)]
    warned = (
        "So.\n\n_Your budget for today is nearly used up: 8,100 of 10,000 tokens. It resets on 22 November, 00:00 UTC._"
    )
    assert shown == ["So.", warned, "So."]


@on_virtual_time
async def test_a_budget_of_money_needs_a_price() -> None:
    async with running_world(says("So."), table=PriceTable()) as world:
        await world.set(replace(MINE, unit=BudgetUnit.MONEY, amount=10**12))
        shown = await world.ask()
    assert "the price of this model is not known" in shown
    assert "`BOT_PRICES`" in shown
    assert world.model.requests == []


@on_virtual_time
async def test_a_budget_of_money_is_spent_in_money() -> None:
    """A thousand tokens of an answer cost a cent here."""
    async with running_world(says("So.", 100, 1_000), max_tokens=1_000) as world:
        await world.set(replace(MINE, unit=BudgetUnit.MONEY, amount=15_000_000))
        await world.ask(1)
        assert "0.01 EUR of 0.02 EUR used" in await world.ask(2)


@on_virtual_time
async def test_parallel_answers_cannot_reserve_the_same_tokens() -> None:
    """Of five, two fit beside their reservations; afterwards there is room again."""
    slow = [10.0, *says("So.", 20, 30)]
    async with running_world(slow, max_tokens=450) as world:
        await world.set(replace(MINE, amount=1_000))
        for number in range(1, 6):
            await world.ask(number, wait=1)
        await asyncio.sleep(60)
        shown = [message.text for message in world.surface.messages.values()]
        assert sum(text == "So." for text in shown) == 2
        assert sum("reserved for answers being written" in text for text in shown) == 3
        assert await world.ask(6) == "So."
        assert world.store.data.reservations == {}


@on_virtual_time
async def test_one_persons_spending_does_not_limit_others() -> None:
    async with running_world(says("So.", 9_000, 990)) as world:
        await world.set(MINE)
        await world.ask(1, "U1")
        assert (await world.ask(2, "U2")).startswith("So.")


@on_virtual_time
async def test_an_answer_that_cannot_be_shown_is_paid_for_once() -> None:
    """It is charged when it is saved; only after that is its thread found to be gone."""
    async with running_world(says("So.")) as world:
        world.surface.write_errors = [SurfaceGone()]
        await world.ask()
    assert world.store.data.turns[1].error == "surface_gone"
    assert len(world.calls) == 1
