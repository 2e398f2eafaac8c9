"""Learned facts: available at once, stored, and never blocking."""

import asyncio
from collections.abc import Sequence

from bot.core.chat.context_window import WINDOW_SUBJECT
from bot.core.errors import ContextTooLong, StoreUnavailable
from bot.core.learned_facts import Fact
from bot.llm.adaptation.learned_facts import ModelFacts
from bot.testing.records import MemoryLearnedFacts
from tests.conversation.test_request_builder import PaperThread
from tests.virtual_time import on_virtual_time


class FailingFacts(MemoryLearnedFacts):
    """A database that does not answer."""

    async def list_facts(self) -> Sequence[Fact]:
        raise StoreUnavailable

    async def save_fact(self, fact: Fact) -> None:
        raise StoreUnavailable


class SlowFacts(MemoryLearnedFacts):
    """A slow database."""

    async def save_fact(self, fact: Fact) -> None:
        await asyncio.sleep(60)


@on_virtual_time
async def test_facts_of_one_process_are_known_to_the_next() -> None:
    store = MemoryLearnedFacts()
    first = ModelFacts(store)
    await first.load()
    first.for_server("a").learn("m", "window", 8_192)
    assert first.for_server("a").read("m") == {"window": 8_192}
    await first.close()
    second = ModelFacts(store)
    await second.load()
    assert second.for_server("a").read("m") == {"window": 8_192}
    assert second.for_server("b").read("m") == second.for_server("a").read("n") == {}


@on_virtual_time
async def test_without_a_database_facts_are_known_in_this_process() -> None:
    for store in (None, FailingFacts()):
        facts = ModelFacts(store)
        await facts.load()
        facts.for_server().learn("m", "window", 1)
        await facts.close()
        assert facts.for_server().read("m") == {"window": 1}


@on_virtual_time
async def test_the_end_of_a_process_does_not_wait_long_for_it() -> None:
    facts = ModelFacts(SlowFacts())
    facts.for_server().learn("m", "window", 1)
    before = asyncio.get_running_loop().time()
    await facts.close()
    assert asyncio.get_running_loop().time() - before < 5
    await asyncio.sleep(0)


@on_virtual_time
async def test_a_window_and_a_correction_survive_a_restart() -> None:
    """No refusal is needed a second time."""
    facts = ModelFacts()
    thread = PaperThread(*[["fine"]] * 9, [ContextTooLong(window=1_000, tokens=1_900)], ["fine"])
    thread.page = facts.for_server("a")
    thread.start()
    for _ in range(12):
        await thread.ask()
    refused = len(thread.model.requests) - thread.asked
    assert refused == 1
    assert facts.for_server("a").read("m")[WINDOW_SUBJECT] == 1_000
    assert facts.for_server("a").read("m").keys() == {"window", "factor"}
    seen = thread.seen
    thread.start()
    await thread.ask("short")
    assert thread.seen <= seen + 2


@on_virtual_time
async def test_todays_list_overrides_a_stored_window() -> None:
    facts = ModelFacts()
    facts.for_server().learn("m", WINDOW_SUBJECT, 1_000)

    async def windows() -> dict[str, int]:
        return {"m": 50_000}

    thread = PaperThread(windows=windows)
    thread.page = facts.for_server()
    thread.start()
    for _ in range(15):
        await thread.ask()
    assert thread.seen == 2 * 14 + 2
