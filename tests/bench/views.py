"""How long people wait for views on a large database: `uv run python -m tests.bench.views`.

The real program between a sandbox workspace and 100,000 turns, on SQLite and on PostgreSQL. Times are in
milliseconds from what somebody presses until Slack has the view; a trigger is good for 3,000.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, text

from bot.sandbox.workspace.records import HomePublished, ModalsChanged
from bot.slack.admin.prompts import editor_views, scope_list
from bot.slack.admin.spending import usage
from bot.slack.feedback import complaints
from bot.slack.home import slash_command
from tests.bench.archive import ADA, CHANNEL, TEAM, ArchiveSize, fill
from tests.databases import Kind, migrated_database, open_database
from tests.e2e.conftest import BotWorld, new_world, ready_bot

ROUNDS = 15
SIZE = ArchiveSize()
VIEW_TIMEOUT_SECONDS = 60.0


class ScreenWatcher:
    """Waits for changes of one admin's Home tab and modals."""

    def __init__(self, world: BotWorld, asked: str) -> None:
        """`asked` is the ts of a question below thousands of turns."""
        self.world = world
        self.asked = asked
        self.shown = asyncio.Event()
        world.workspace.state.observe(self._note)

    def _note(self, change: object) -> None:
        match change:
            case HomePublished():
                self.shown.set()
            case ModalsChanged(stack=stack) if stack and "One moment" not in str(stack[-1].content):
                self.shown.set()
            case _:
                pass

    async def wait_for(self, gesture: Callable[[], Awaitable[object] | None]) -> float:
        """Return the milliseconds from an action to the view that it opens or changes."""
        self.shown.clear()
        began = time.perf_counter()
        doing = gesture()
        if doing is not None:
            await doing
        await asyncio.wait_for(self.shown.wait(), VIEW_TIMEOUT_SECONDS)
        took = (time.perf_counter() - began) * 1000
        self.world.workspace.views.close_all(ADA)
        return took

    def press(self, action: str, value: str = "") -> Awaitable[object]:
        home = self.world.workspace.views.home(ADA)
        assert home
        pressed = {"action_id": action, "type": "button", "value": value}
        return self.world.workspace.interactivity.act_on_view(ADA, home.id, pressed, {})

    def why(self) -> Awaitable[object]:
        return self.world.workspace.interactivity.shortcut(ADA, slash_command.EXPLAIN_SHORTCUT, CHANNEL, self.asked)


GESTURES: Mapping[str, Callable[[ScreenWatcher], Any]] = {
    "Home": lambda screen: screen.world.workspace.interactivity.open_home(ADA, "home"),
    "editor": lambda screen: screen.press(f"{editor_views.EDIT_ACTION}:channel", f"channel {TEAM}/{CHANNEL}"),
    "history": lambda screen: screen.press(editor_views.HISTORY_ACTION, f"channel {TEAM}/{CHANNEL}"),
    "find": lambda screen: screen.press(scope_list.FIND_ACTION),
    "usage": lambda screen: screen.press(usage.DETAILS_ACTION),
    "complaints": lambda screen: screen.press(complaints.COMPLAINTS_ACTION),
    "why": lambda screen: screen.why(),
}


async def fill_database(url: URL, root: str) -> None:
    """Write the archive, and update the database's statistics."""
    async with open_database(url) as database:
        await database.tx(fill, SIZE, root)
        await database.tx(lambda connection: connection.execute(text("ANALYZE")))


async def print_times(kind: Kind, folder: Path) -> None:
    """Print a line for each view."""
    with migrated_database(kind, folder) as url:
        address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
        async with new_world(folder, DATABASE_URL=address) as world:
            root = await world.workspace.say(ADA, CHANNEL, "The longest thread of all.")
            await fill_database(url, root)
            async with ready_bot(world):
                asked = await world.workspace.say(ADA, CHANNEL, "<@U0BOT> [[say=Yes.]]", thread_ts=root)
                await world.wait_for_text(CHANNEL, root, ends="Yes.")
                screen = ScreenWatcher(world, asked)
                await screen.wait_for(lambda: GESTURES["Home"](screen))
                for name, gesture in GESTURES.items():
                    times = [await screen.wait_for(partial(gesture, screen)) for _ in range(ROUNDS)]
                    print(f"{kind:>9} {name:>11} {statistics.median(times):>8.0f} {max(times):>8.0f}")  # noqa: T201


async def main() -> None:
    """Print one table."""
    print("           view      median      max   (ms)")  # noqa: T201
    kinds: tuple[Kind, ...] = ("sqlite", "postgres")
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            await print_times(kind, Path(folder))


if __name__ == "__main__":
    asyncio.run(main())
