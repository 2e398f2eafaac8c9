"""The program is killed at each point of a turn: after a restart every question has one complete answer, in order."""

import asyncio
import statistics
import time
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from bot.store.database import parse_database_url
from tests.databases import KINDS, Kind
from tests.e2e.bot_processes import open_bot_processes
from tests.e2e.cases import run_all, small_world
from tests.e2e.conftest import ADA, GENERAL
from tests.e2e.examination import CLEAN, Examination
from tests.e2e.killable import (
    DELETED_POINTS,
    FIXED_POINTS,
    POINTS,
    STOP_COMMITTED,
    STOP_WRITTEN,
    STREAM_POINTS,
)

DIRECT = "D0ADA"

TAKEOVER_SECONDS = 1.0
"""From when the next process is ready to its claim of what the dead one left; the lease is 30 s."""
SLOW_TAKEOVER_SECONDS = 5.0
"""The same at worst, on a machine that is busy with other work."""

POSTED = "the first page is posted, not noted"
SAVED = "the answer is saved"
NOTED = "the first page is noted"

IN_RECOVERY = {
    "a turn is claimed again": POSTED,
    "its messages are looked for": POSTED,
    "it is shown again": NOTED,
    "it is settled at last": SAVED,
}
"""Points that only a second process can reach, with the point at which the first one ends."""

DEATHS: dict[str, tuple[str, ...]] = {
    **{point: (point,) for point in POINTS if point not in {*IN_RECOVERY, STOP_WRITTEN, STOP_COMMITTED}},
    **{point: (before, point) for point, before in IN_RECOVERY.items()},
    "saved in a second life": (NOTED, SAVED),
    "posted, not noted, three times": (POSTED, POSTED, POSTED),
    "saved, then lost again and again": (SAVED, "it is settled at last", "a turn is claimed again"),
}
"""The points at which one process after the other ends; the next process is not disturbed."""


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_at_every_point(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lost, doubled, stuck: 0, 0, 0 at every point.

    The first question's answer is long, it grows for some seconds, over two messages; two more questions wait
    behind it, and one in another thread does not.
    """

    async def die(name: str, folder: Path) -> None:
        async with small_world(kind, folder, BOT_LEASE_SECONDS="30") as world:
            asked = Examination(world.workspace)
            for point in DEATHS[name]:
                doomed = await processes.start(folder, world.env, point=point)
                if not asked.questions:  # a process that is there gets them in their order
                    await doomed.wait_until_ready()
                    root = await asked.ask(ADA, GENERAL, words=700, seconds=3.0)
                    for _ in range(2):
                        await asked.ask(ADA, GENERAL, root=root)
                    await asked.ask(ADA, DIRECT)
                assert await doomed.wait_until_dead() == -9, f"it did not come to {point}: {doomed.text}"
            died_at = time.time()
            bot = await processes.start(folder, world.env)
            await bot.wait_until_ready()
            ready_at = time.time()
            assert await asked.wait_until_answered() == CLEAN, asked.describe_calls() + bot.text
            assert await bot.stop() == 0, bot.text
            assert asked.check() == CLEAN, "it stays so"
            claims = await asyncio.to_thread(read_claim_times, world.env["DATABASE_URL"])
            takeovers.append(min(at for at in claims if at > died_at) - ready_at)

    takeovers: list[float] = []
    async with open_bot_processes() as processes:
        await run_all(DEATHS, die, tmp_path_factory)
    assert statistics.median(takeovers) < TAKEOVER_SECONDS, sorted(takeovers)
    assert max(takeovers) < SLOW_TAKEOVER_SECONDS, sorted(takeovers)


def read_claim_times(url: str) -> list[float]:
    """Return when each turn was claimed last, in seconds since 1970."""
    engine = create_engine(parse_database_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT claimed_at FROM turns")))


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_while_a_message_grows(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> None:
    """As above; and no message is left that still streams, and no thread with a busy status."""

    async def die(point: str, folder: Path) -> None:
        async with small_world(kind, folder, BOT_LEASE_SECONDS="30") as world:
            asked = Examination(world.workspace)
            words = 700 if "the next one" in point else 300  # two messages, or one
            root = await asked.ask(ADA, DIRECT, words=words, seconds=5.0)
            if "its last" not in point:  # else the next answer would end what the dead process left there
                await asked.ask(ADA, DIRECT, root=root)
            doomed = await processes.start(folder, world.env, point=point)
            assert await doomed.wait_until_dead() == -9, f"it did not come to {point}: {doomed.text}"
            bot = await processes.start(folder, world.env)
            await bot.wait_until_ready()
            assert await asked.wait_until_answered() == CLEAN, asked.describe_calls() + bot.text
            assert await bot.stop() == 0, bot.text
            assert not any(message.is_streaming for message in world.workspace.thread(DIRECT, root))

    async with open_bot_processes() as processes:
        await run_all(STREAM_POINTS, die, tmp_path_factory)


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_when_the_message_of_an_answer_was_lost(
    kind: Kind, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As above, if its message was deleted, or if its edit window closed, before or after the kill."""

    async def die(point: str, folder: Path) -> None:
        async with small_world(kind, folder, BOT_LEASE_SECONDS="30") as world:
            asked, workspace = Examination(world.workspace), world.workspace
            doomed = await processes.start(folder, world.env, point=point)
            await doomed.wait_until_ready()
            root = await asked.ask(ADA, GENERAL, words=60, seconds=6.0)
            await workspace.wait_until(lambda: len(asked.bot_words(GENERAL, root)) > 5, 60)
            if point in FIXED_POINTS:
                workspace.state.edit_window_seconds = 0.0
            else:
                await workspace.delete(ADA, GENERAL, workspace.thread(GENERAL, root)[-1].ts)
            assert await doomed.wait_until_dead() == -9, f"it did not come to {point}: {doomed.text}"
            bot = await processes.start(folder, world.env)
            await bot.wait_until_ready()
            assert await asked.wait_until_answered() == CLEAN, asked.describe_calls() + bot.text
            assert await bot.stop() == 0, bot.text
            assert asked.check() == CLEAN, "it stays so"

    async with open_bot_processes() as processes:
        await run_all({**DELETED_POINTS, **FIXED_POINTS}, die, tmp_path_factory)
