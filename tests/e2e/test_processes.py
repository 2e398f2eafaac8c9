"""Several processes on one PostgreSQL share the work; when one ends, the others take over its turns."""

import asyncio
import random
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

from bot.sandbox.server import SandboxWorkspace
from bot.store.database import parse_database_url
from tests.databases import migrated_database
from tests.e2e.bot_processes import BotProcess, BotProcesses, open_bot_processes
from tests.e2e.cases import PATIENT
from tests.e2e.conftest import ADA, GENERAL, BotWorld, new_world
from tests.e2e.examination import CLEAN, Examination
from tests.store.conversations.test_process_session import end_lock_holders
from tests.store.test_outages import end_sessions

pytestmark = pytest.mark.postgres

CHANNELS = (GENERAL, "C0RANDOM", "D0ADA")
MAX_TAKEOVER_SECONDS = 5.0
"""Seconds from a kill to the claim of a sibling: far below the lease of 30 s. docs/durability.md has what is measured
on a quiet machine, 0.8 s; here other tests run beside."""
MAX_COMPLETION_SECONDS = 8.0
"""Seconds that an answer that was taken over may take beyond the model's own time."""
MAX_GAP_SECONDS = 4.0
"""Seconds from a question to the first sign of its answer while a deploy rolls; "a few"."""


@asynccontextmanager
async def shared_world(folder: Path, *, rates: bool = True) -> AsyncIterator[tuple[BotWorld, BotProcesses]]:
    """Open a world whose database many processes can use, and the parent of these processes.

    Without `rates` Slack has no rate limits.
    """
    workspace = SandboxWorkspace(enforce_rates=rates, redelivery=PATIENT)
    with migrated_database("postgres", folder) as url:
        address = url.render_as_string(hide_password=False)
        settings = {"DATABASE_URL": address, "BOT_LEASE_SECONDS": "3", "BOT_GRACE_SECONDS": "10"}
        async with new_world(folder, workspace, **settings) as world, open_bot_processes() as processes:
            yield world, processes


async def start_ready_bot(
    processes: BotProcesses, world: BotWorld, name: str, *, freezes: str = "", **settings: str
) -> BotProcess:
    """Start a process with a folder of its own, which may freeze at a point, and wait until it is ready."""
    folder = world.folder / name
    folder.mkdir()
    process = await processes.start(folder, world.env | settings, point=freezes, by=signal.SIGSTOP)
    await process.wait_until_ready()
    return process


def turns_of(process: BotProcess) -> int:
    """Return how many turns a process has ended."""
    return len(re.findall(r'"action": "turn_done"', process.text))


async def test_two_processes_share_the_work_and_one_may_die(tmp_path: Path) -> None:
    """One is killed under load: the other one completes its answers in the same messages."""
    async with shared_world(tmp_path, rates=False) as (world, processes):
        asked = Examination(world.workspace)
        doomed, heir = (
            await start_ready_bot(processes, world, "doomed"),
            await start_ready_bot(processes, world, "heir"),
        )
        rng = random.Random(0)
        for number in range(20):
            await asked.ask(ADA, rng.choice(CHANNELS), words=10, seconds=rng.choice((0.0, 0.0, 2.0)))
            await asyncio.sleep(0.2)
            if number == 15:
                done_before = turns_of(doomed), turns_of(heir)
                await doomed.kill()
        assert await asked.wait_until_answered() == CLEAN
        assert min(done_before) > 0, f"both worked: {done_before}"
        assert await heir.stop() == 0


async def wait_until_asked_again(world: BotWorld, times: int) -> float:
    """Wait until the model was asked more than `times` times; return when, in seconds since 1970."""
    while len(world.model.requests) <= times:  # noqa: ASYNC110 - the model sends no notification
        await asyncio.sleep(0.01)
    return time.time()


def read_claim_time(url: URL) -> float:
    """Return when the only turn was claimed last, in seconds since 1970."""
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as database:
        (at,) = database.execute("SELECT claimed_at FROM turns").fetchone() or (0.0,)
        return float(at)


async def test_a_dead_process_is_replaced_at_once(tmp_path: Path) -> None:
    """With the default lease: a sibling claims the turn within a second of the kill."""
    async with shared_world(tmp_path) as (world, processes):
        asked = Examination(world.workspace)
        root = await asked.ask(ADA, GENERAL, words=40, seconds=4.0)
        doomed = await start_ready_bot(processes, world, "doomed", BOT_LEASE_SECONDS="30")
        await world.workspace.wait_until(lambda: asked.bot_words(GENERAL, root))
        heir = await start_ready_bot(processes, world, "heir", BOT_LEASE_SECONDS="30")
        await asyncio.sleep(1.0)
        await doomed.kill()
        killed = time.time()
        assert await asked.wait_until_answered() == CLEAN
        completed = time.time()
        claimed = await asyncio.to_thread(read_claim_time, parse_database_url(world.env["DATABASE_URL"]))
        assert 0.4 < claimed - killed < MAX_TAKEOVER_SECONDS
        assert completed - killed < 4.0 + MAX_COMPLETION_SECONDS
        assert len(world.workspace.calls("chat.postMessage")) == 1
        assert await heir.stop() == 0


@pytest.mark.parametrize("end", [end_lock_holders, end_sessions], ids=["its session", "all sessions"])
async def test_a_session_that_is_terminated_interrupts_nothing(tmp_path: Path, end: Callable[[URL], object]) -> None:
    """Again and again in the middle of an answer, with a sibling that would take over: one answer, asked for once."""
    async with shared_world(tmp_path) as (world, processes):
        asked = Examination(world.workspace)
        bots = [await start_ready_bot(processes, world, name, BOT_LEASE_SECONDS="30") for name in ("one", "other")]
        root = await asked.ask(ADA, GENERAL, words=60, seconds=6.0)
        await world.workspace.wait_until(lambda: asked.bot_words(GENERAL, root))
        for _ in range(3):
            await asyncio.to_thread(end, parse_database_url(world.env["DATABASE_URL"]))
            await asyncio.sleep(1.5)
        assert await asked.wait_until_answered() == CLEAN
        assert len(world.model.requests) == 1
        for bot in bots:
            assert await bot.stop() == 0


async def test_a_process_that_wakes_without_its_session_writes_nothing_more(tmp_path: Path) -> None:
    """It is frozen for less than its lease, and its session is terminated meanwhile: the sibling takes over."""
    async with shared_world(tmp_path) as (world, processes):
        asked = Examination(world.workspace)
        frozen = await start_ready_bot(processes, world, "frozen", BOT_LEASE_SECONDS="30")
        root = await asked.ask(ADA, GENERAL, words=60, seconds=6.0)
        await world.workspace.wait_until(lambda: len(asked.bot_words(GENERAL, root)) > 5)
        frozen.send(signal.SIGSTOP)
        heir = await start_ready_bot(processes, world, "heir", BOT_LEASE_SECONDS="30")
        asked_before = len(world.model.requests)
        await asyncio.to_thread(end_lock_holders, parse_database_url(world.env["DATABASE_URL"]), 1)  # the oldest
        async with asyncio.timeout(10):
            await wait_until_asked_again(world, asked_before)
        frozen.send(signal.SIGCONT)  # now both run, with text to show
        assert await asked.wait_until_answered() == CLEAN
        await asyncio.sleep(2.0)
        assert asked.check() == CLEAN
        assert "session_taken" in frozen.text
        for process in (frozen, heir):
            assert await process.stop() == 0


async def test_a_frozen_process_writes_nothing_more(tmp_path: Path) -> None:
    """It wakes in the middle of an answer with text to show, but another process has taken over the turn."""
    async with shared_world(tmp_path) as (world, processes):
        asked = Examination(world.workspace)
        frozen = await start_ready_bot(processes, world, "frozen")
        root = await asked.ask(ADA, GENERAL, words=60, seconds=6.0)
        await world.workspace.wait_until(lambda: len(asked.bot_words(GENERAL, root)) > 5)
        frozen.send(signal.SIGSTOP)
        heir = await start_ready_bot(processes, world, "heir")
        assert await asked.wait_until_answered() == CLEAN
        calls = len(world.workspace.calls())
        frozen.send(signal.SIGCONT)
        await asyncio.sleep(8.0)  # more than the stream, the lease and a pause of the delivery take
        later = [call.method for call in world.workspace.calls()[calls:]]
        assert not [method for method in later if method.startswith("chat.")], later
        assert asked.check() == CLEAN
        for process in (frozen, heir):
            assert await process.stop() == 0


async def test_frozen_between_a_post_and_the_note_of_it(tmp_path: Path) -> None:
    """The heir finds the message and completes it; the process that wakes does not touch it."""
    async with shared_world(tmp_path) as (world, processes):
        asked = Examination(world.workspace)
        frozen = await start_ready_bot(processes, world, "frozen", freezes="the first page is posted, not noted")
        root = await asked.ask(ADA, GENERAL, words=700, seconds=3.0)
        await world.workspace.wait_until(lambda: asked.bot_words(GENERAL, root), 30)
        heir = await start_ready_bot(processes, world, "heir")
        assert await asked.wait_until_answered() == CLEAN
        frozen.send(signal.SIGCONT)
        await asyncio.sleep(3.0)
        assert asked.check() == CLEAN
        for process in (frozen, heir):
            assert await process.stop() == 0


@pytest.mark.soak
async def test_a_process_that_wakes_late_knows_what_it_lost(tmp_path: Path) -> None:
    """Its model hangs and its next edit waits, both longer than a renewal of its lease takes."""
    async with shared_world(tmp_path) as (world, processes):
        asked = Examination(world.workspace)
        frozen = await start_ready_bot(processes, world, "frozen")
        stall = "[[fault=stall times=1]]"
        root = await asked.ask(ADA, GENERAL, words=80, seconds=8.0, directives=stall)
        await world.workspace.wait_until(lambda: asked.bot_words(GENERAL, root))
        refused = len(world.workspace.calls("chat.update"))
        world.workspace.inject_fault("chat.update", retry_after=45)
        await world.workspace.wait_until(lambda: len(world.workspace.calls("chat.update")) > refused)
        frozen.send(signal.SIGSTOP)
        heir = await start_ready_bot(processes, world, "heir")
        assert await asked.wait_until_answered() == CLEAN
        frozen.send(signal.SIGCONT)
        await asyncio.sleep(40.0)
        assert asked.check() == CLEAN
        for process in (frozen, heir):
            assert await process.stop() == 0


async def test_a_frozen_process_works_again(tmp_path: Path) -> None:
    """After it has woken, it answers new questions like any other process."""
    async with shared_world(tmp_path) as (world, processes):
        asked = Examination(world.workspace)
        frozen = await start_ready_bot(processes, world, "frozen")
        root = await asked.ask(ADA, GENERAL, words=20, seconds=2.0)
        await world.workspace.wait_until(lambda: asked.bot_words(GENERAL, root))
        frozen.send(signal.SIGSTOP)
        heir = await start_ready_bot(processes, world, "heir")
        assert await asked.wait_until_answered() == CLEAN
        frozen.send(signal.SIGCONT)
        await heir.stop()
        for _ in range(5):
            await asked.ask(ADA, GENERAL)
        assert await asked.wait_until_answered() == CLEAN
        assert await frozen.stop() == 0


async def test_a_rolling_deploy_leaves_no_gap(tmp_path: Path) -> None:
    """The new process starts before the old one is asked to end, while people ask."""
    async with shared_world(tmp_path, rates=False) as (world, processes):
        asked = Examination(world.workspace)
        roots: dict[tuple[str, str], float] = {}
        first_words: dict[tuple[str, str], float] = {}

        async def ask_on() -> None:
            while True:
                channel = CHANNELS[len(roots) % len(CHANNELS)]
                roots[channel, await asked.ask(ADA, channel, words=10)] = time.monotonic()
                await asyncio.sleep(0.4)  # Slack takes a message a second in a channel

        async def look_on() -> None:
            while True:
                for root in roots.keys() - first_words.keys():
                    if asked.bot_words(*root):
                        first_words[root] = time.monotonic()
                await asyncio.sleep(0.05)

        old = await start_ready_bot(processes, world, "0")
        people = [asyncio.create_task(ask_on()), asyncio.create_task(look_on())]
        for number in range(1, 4):
            new = await start_ready_bot(processes, world, str(number))
            assert await old.stop() == 0
            old = new
            await asyncio.sleep(1.0)
        people[0].cancel()
        assert await asked.wait_until_answered() == CLEAN
        await asyncio.sleep(0.2)
        people[1].cancel()
        await asyncio.gather(*people, return_exceptions=True)
        waits = [first_words[root] - asked_at for root, asked_at in roots.items()]
        assert max(waits) < MAX_GAP_SECONDS, f"of {len(waits)} questions: {sorted(waits)[-5:]}"
        assert await old.stop() == 0


async def test_what_does_not_end_in_time_is_handed_over(tmp_path: Path) -> None:
    """SIGTERM with little grace: another process ends the answer, at once and in the same message."""
    async with shared_world(tmp_path) as (world, processes):
        asked = Examination(world.workspace)
        old = await start_ready_bot(processes, world, "old", BOT_GRACE_SECONDS="0.3", BOT_LEASE_SECONDS="60")
        root = await asked.ask(ADA, GENERAL, words=40, seconds=4.0)
        await world.workspace.wait_until(lambda: asked.bot_words(GENERAL, root))
        new = await start_ready_bot(processes, world, "new", BOT_LEASE_SECONDS="60")
        asked_before = len(world.model.requests)
        assert await old.stop() == 0
        left = time.monotonic()
        while len(world.model.requests) == asked_before:  # noqa: ASYNC110 - the model sends no notification
            await asyncio.sleep(0.01)
        assert time.monotonic() - left < 0.7, "told of it, not found at the next poll"
        assert await asked.wait_until_answered() == CLEAN
        assert len(world.workspace.calls("chat.postMessage")) == 1
        assert await new.stop() == 0
