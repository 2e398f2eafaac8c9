"""Runs the cases of a table several at a time, and reports all failures together.

Used by the tables of kill points and of faults. A case mostly waits, so several run at once. Each has its own
folder, database and servers, so a failure in one cannot affect another.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from bot.sandbox.server import SandboxWorkspace
from tests.databases import Kind, migrated_database
from tests.e2e.conftest import BotWorld, new_world

CASES_AT_ONCE = 8
"""Cases under way together; most of each is waiting, for a lease or for a stream."""

PATIENT = (0.0, *[0.5] * 1_000)
"""How often Slack delivers an event here: sooner than really, when it would be minutes, and more often."""


@contextlib.asynccontextmanager
async def small_world(
    kind: Kind, folder: Path, workspace: SandboxWorkspace | None = None, **more: str
) -> AsyncIterator[BotWorld]:
    """Return a world with a fresh database and a short lease."""
    with migrated_database(kind, folder) as url:
        address = url.render_as_string(hide_password=False)
        settings = {"DATABASE_URL": address, "BOT_LEASE_SECONDS": "3"} | more
        async with new_world(folder, workspace or SandboxWorkspace(redelivery=PATIENT), **settings) as world:
            yield world


async def run_all(
    names: Iterable[str],
    case: Callable[[str, Path], Awaitable[None]],
    folders: pytest.TempPathFactory,
) -> None:
    """Run a case for each name, several at a time; fail with the failures of all cases."""
    turnstile = asyncio.Semaphore(CASES_AT_ONCE)
    wrong: list[str] = []

    async def run(name: str) -> None:
        async with turnstile:
            try:
                await case(name, folders.mktemp("case"))
            except (AssertionError, TimeoutError) as error:
                wrong.append(f"{name}: {error}")

    await asyncio.gather(*(run(name) for name in names))
    assert not wrong, "\n\n".join(["", *wrong])
