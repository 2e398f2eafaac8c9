"""What was learnt of models: at hand, kept, and never in anybody's way."""

import asyncio
from collections.abc import Sequence

from bot.core.context import WINDOW
from bot.core.errors import ContextTooLong, StoreUnavailable
from bot.core.lessons import Lesson
from bot.notebook import Notebook
from bot.store.memory_lessons import MemoryLessons
from tests.service.test_asking import Thread
from tests.virtual_time import on_virtual_time


class Broken(MemoryLessons):
    """A database that does not answer."""

    async def known(self) -> Sequence[Lesson]:
        raise StoreUnavailable

    async def note(self, lesson: Lesson) -> None:
        raise StoreUnavailable


class Slow(MemoryLessons):
    """A database that takes its time."""

    async def note(self, lesson: Lesson) -> None:
        await asyncio.sleep(60)


@on_virtual_time
async def test_what_one_process_learns_the_next_one_knows() -> None:
    kept = MemoryLessons()
    first = Notebook(kept)
    await first.open()
    first.page("a").write("m", "window", 8_192)
    assert first.page("a").read("m") == {"window": 8_192}
    await first.close()
    second = Notebook(kept)
    await second.open()
    assert second.page("a").read("m") == {"window": 8_192}
    assert second.page("b").read("m") == second.page("a").read("n") == {}


@on_virtual_time
async def test_without_a_database_it_is_known_all_the_same() -> None:
    for kept in (None, Broken()):
        notebook = Notebook(kept)
        await notebook.open()
        notebook.page().write("m", "window", 1)
        await notebook.close()
        assert notebook.page().read("m") == {"window": 1}


@on_virtual_time
async def test_the_end_of_a_process_does_not_wait_long_for_it() -> None:
    notebook = Notebook(Slow())
    notebook.page().write("m", "window", 1)
    before = asyncio.get_running_loop().time()
    await notebook.close()
    assert asyncio.get_running_loop().time() - before < 5
    await asyncio.sleep(0)


@on_virtual_time
async def test_a_window_and_a_way_to_count_outlive_a_restart() -> None:
    """No refusal is needed a second time."""
    notebook = Notebook()
    thread = Thread(*[["fine"]] * 9, [ContextTooLong(window=1_000, tokens=1_900)], ["fine"])
    thread.page = notebook.page("a")
    thread.start()
    for _ in range(12):
        await thread.ask()
    refused = len(thread.model.requests) - thread.asked
    assert refused == 1
    assert notebook.page("a").read("m")[WINDOW] == 1_000
    assert notebook.page("a").read("m").keys() == {"window", "factor"}
    seen = thread.seen
    thread.start()
    await thread.ask("short")
    assert thread.seen <= seen + 2


@on_virtual_time
async def test_what_the_list_says_today_counts_more_than_what_was_learnt_then() -> None:
    notebook = Notebook()
    notebook.page().write("m", WINDOW, 1_000)

    async def windows() -> dict[str, int]:
        return {"m": 50_000}

    thread = Thread(windows=windows)
    thread.page = notebook.page()
    thread.start()
    for _ in range(15):
        await thread.ask()
    assert thread.seen == 2 * 14 + 2
