"""Summaries of turns that are out of view: when they are made, and what happens if that fails."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.request_builder import OUT_OF_VIEW_NOTE, SUMMARISED_NOTE
from bot.conversation.summarising import FAILURE_PAUSE_SECONDS
from bot.core.chat.context_window import count_request_tokens
from bot.core.chat.summaries import Summary, ThreadSummaries
from bot.core.config import Scope
from bot.core.errors import ModelBusy, StoreUnavailable
from bot.core.periods import Span
from bot.core.requests import ChatRequest
from bot.core.spending.budgets import Budget, BudgetState, BudgetUnit, SpendingDimension
from bot.core.turns import Author, Turn
from bot.plugins import Plugin
from bot.testing.ledger import MemoryLedger
from bot.testing.records import MemorySummaries
from tests.conversation.summary_world import CONTEXT_TOKENS, SummaryWorld
from tests.conversation.test_request_builder import THREAD
from tests.virtual_time import on_virtual_time


def distinct(values: Sequence[str]) -> int:
    return len(dict.fromkeys(values))


@on_virtual_time
async def test_a_summary_replaces_turns_from_the_first_answer_for_which_they_are_left_out() -> None:
    """Each is made ahead of its use; in between, the first messages of requests stay byte for byte the same."""
    world = SummaryWorld()
    shown = [await world.ask() for _ in range(40)]
    told = [number for number, text in enumerate(shown) if SUMMARISED_NOTE in text]
    assert told == [world.summarised.index(True)], "told once, when it was so for the first time"
    assert not any(OUT_OF_VIEW_NOTE in text for text in shown)
    assert all(world.summarised[told[0] :])
    assert len(world.model.tasks) in {distinct(world.fronts) - 1, distinct(world.fronts)}
    assert distinct(world.fronts) < 10
    assert all(count_request_tokens(request.messages) <= CONTEXT_TOKENS for request in world.model.questions)
    assert "Story 1." in world.fronts[told[0]]
    assert "Story 1." in world.model.tasks[1].messages[1].content, "the next one takes it up"


@on_virtual_time
async def test_a_summary_is_asked_for_as_questions_are_and_within_bounds() -> None:
    world = SummaryWorld()
    for _ in range(10):
        await world.ask()
    request = world.model.tasks[0]
    assert request.parameters == {"reasoning_effort": "low", "max_tokens": request.parameters["max_tokens"]}
    assert request.parameters["max_tokens"] == int(0.25 * (CONTEXT_TOKENS - 7 - (CONTEXT_TOKENS - 7) // 8))
    assert (request.model, request.user) == ("m", world.model.questions[0].user)
    assert count_request_tokens(request.messages) < CONTEXT_TOKENS


@on_virtual_time
async def test_no_answer_waits_for_a_summary() -> None:
    """Until it is there, the thread says that older messages are out of view; then, that they are summarised."""
    world = SummaryWorld()
    world.model.takes = 500.0
    before = asyncio.get_running_loop().time()
    shown = [await world.ask(waits=0) for _ in range(10)]
    assert asyncio.get_running_loop().time() - before < 60
    assert [OUT_OF_VIEW_NOTE in text for text in shown].count(True) == 1
    assert len(world.model.tasks) == 1, "one at a time for a thread"
    await asyncio.sleep(600)
    shown = [await world.ask() for _ in range(3)]
    assert [SUMMARISED_NOTE in text for text in shown] == [True, False, False]
    await world.answering.close()


@on_virtual_time
async def test_summaries_survive_a_restart_and_what_is_being_made_does_not_hold_it_up() -> None:
    world = SummaryWorld()
    for _ in range(10):
        await world.ask()
    made = len(world.model.tasks)
    world.start()
    await world.ask("short")
    assert world.summarised[-1]
    assert len(world.model.tasks) == made
    world.model.takes = 500.0
    while len(world.model.tasks) == made:
        await world.ask(waits=0)
    before = asyncio.get_running_loop().time()
    await world.answering.close()
    assert asyncio.get_running_loop().time() == before


@on_virtual_time
async def test_after_a_failure_answers_go_on_without_a_summary_and_the_next_try_waits() -> None:
    world = SummaryWorld()
    world.model.fails = ModelBusy()
    shown = [await world.ask(waits=FAILURE_PAUSE_SECONDS / 4) for _ in range(12)]
    assert all(text.startswith("fine") for text in shown)
    assert [OUT_OF_VIEW_NOTE in text for text in shown].count(True) == 1
    assert 1 < len(world.model.tasks) <= 5
    world.model.fails = None
    await asyncio.sleep(FAILURE_PAUSE_SECONDS)
    assert [SUMMARISED_NOTE in await world.ask() for _ in range(3)] == [False, True, False]


@on_virtual_time
async def test_a_text_that_a_filter_cut_is_not_used() -> None:
    world = SummaryWorld()
    world.model.reason = "content_filter"
    for _ in range(12):
        await world.ask()
    assert not any(world.summarised)


@on_virtual_time
async def test_a_summary_is_erased_with_a_turn_that_it_covers_and_people_are_told() -> None:
    """A new one is made of the other turns."""
    world = SummaryWorld()
    for _ in range(12):
        await world.ask()
    assert world.summarised[-1]
    await world.forget(2)
    assert OUT_OF_VIEW_NOTE in await world.ask("short")
    assert not world.summarised[-1]
    assert "> Person: 1:" in world.model.tasks[-1].messages[1].content
    assert not any("> Person: 2:" in message.content for message in world.model.tasks[-1].messages)
    assert SUMMARISED_NOTE in await world.ask("short")


@on_virtual_time
async def test_a_summary_is_not_saved_if_a_turn_of_it_is_deleted_meanwhile() -> None:
    world = SummaryWorld()
    world.model.takes = 100.0
    while not world.model.tasks:
        await world.ask(waits=0)
    await world.forget(1)
    await asyncio.sleep(200)
    assert (await world.summaries.read_summaries(THREAD)).summaries == ()
    for _ in range(3):
        await world.ask(waits=200)
    assert (await world.summaries.read_summaries(THREAD)).summaries
    assert "> Person: 1:" not in world.model.tasks[-1].messages[1].content


@on_virtual_time
async def test_plugins_amend_requests_for_summaries_too() -> None:
    class Redacting(Plugin):
        async def amend(self, request: ChatRequest, turn: Turn) -> ChatRequest:
            messages = (replace(each, content=each.content.replace("before", "[…]")) for each in request.messages)
            return replace(request, messages=tuple(messages))

    world = SummaryWorld(Redacting())
    for _ in range(10):
        await world.ask()
    assert world.model.tasks
    assert not any("as I said before" in each.messages[1].content for each in world.model.tasks)


@on_virtual_time
async def test_a_store_that_fails_loses_a_summary_and_nothing_else() -> None:
    class Failing(MemorySummaries):
        async def save_summary(self, thread: object, summary: Summary, *, revision: int) -> bool:
            raise StoreUnavailable

    world = SummaryWorld()
    world.summaries = Failing(world.store.data)
    world.start()
    for _ in range(10):
        assert (await world.ask()).startswith("fine")
    assert world.model.tasks
    assert await world.summaries.read_summaries(THREAD) == ThreadSummaries()


@on_virtual_time
async def test_a_summary_is_charged_like_any_call() -> None:
    world = SummaryWorld()
    while not world.model.tasks:
        await world.ask()
    assert len(world.store.data.calls) == world.asked + 1


@on_virtual_time
async def test_none_is_made_if_it_does_not_fit_a_budget() -> None:
    """Other calls may have spent it since the answer began."""

    class UsedUp(MemoryLedger):
        async def list_budget_states(self, workspace: Scope, *, person: str, channel: str) -> list[BudgetState]:
            found = await super().list_budget_states(workspace, person=person, channel=channel)
            return [replace(each, spent=each.budget.amount or 0) for each in found]

    world = SummaryWorld()
    world.ledger = UsedUp(world.store.data, "me")
    budget = Budget(scope=SpendingDimension.WORKSPACE, span=Span.MONTH, unit=BudgetUnit.TOKENS, amount=1_000_000)
    here = Scope(platform="paper", workspace="T1")
    await world.ledger.set_budget(here, budget, by=Author(id="U1"))
    world.start()
    for _ in range(10):
        assert (await world.ask()).startswith("fine")
    assert not world.model.tasks
