"""Sessions on PostgreSQL: the turns of a process that died are free at once, and those of a living one never are."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Connection, text

from bot.conversation.lease import Lease
from bot.core.turns import TurnStatus
from bot.ports.work_queue import TAKEOVER_DELAY_SECONDS
from bot.store.conversations import process_session, processes
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from tests.contracts.questions import ask_question, end_turn, question, thread
from tests.databases import migrated_database, open_database
from tests.store.test_outages import end_sessions

pytestmark = pytest.mark.postgres

SOON = 5.0
LONG = 1e9

END_LOCK_HOLDERS = """
SELECT pg_terminate_backend(pid)
FROM (
    SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND datname = current_database()
    ORDER BY backend_start LIMIT %s
) AS holders
"""


class LivingProcess:
    """A process with its session."""

    def __init__(self, database: Database, owner: str) -> None:
        self.database = database
        self.store = SqlStore(database, owner)
        self.lease = Lease(LONG)
        self.woken = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    def listen(self, wake: Callable[[], None] | None = None) -> None:
        self._listening = asyncio.create_task(self.store.listen(wake or self.woken.set, self.lease))

    async def die(self) -> None:
        """End its session, as the end of the process does, without a word to the database."""
        if self._listening:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    async def wait_for_key(self, earlier: int | None = None) -> int:
        """Wait until its row names a lock, another one than `earlier`."""
        async with asyncio.timeout(SOON):
            while (key := await self.database.tx(read_key, self.store.owner)) in {None, earlier}:  # noqa: ASYNC110 - the database is asked
                await asyncio.sleep(0.02)
        assert key is not None
        return key


def read_key(connection: Connection, owner: str) -> int | None:
    key: int | None = connection.scalar(text("SELECT session_key FROM workers WHERE id = :id"), {"id": owner})
    return key


def end_lock_holders(url: URL, most: int = 100) -> None:
    """Terminate the sessions that say that processes live, the oldest first, and no others."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(END_LOCK_HOLDERS, [most])


class SessionsWorld:
    """A database, and processes on it."""

    def __init__(self, url: URL, database: Database) -> None:
        self.url = url
        self.database = database
        self.processes: list[LivingProcess] = []

    async def start(self, owner: str, *, has_session: bool = True) -> LivingProcess:
        process = LivingProcess(self.database, owner)
        self.processes.append(process)
        await process.store.open()
        process.listen()
        if has_session:
            await process.wait_for_key()
        return process


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SessionsWorld]:
    with migrated_database("postgres", tmp_path) as url:
        async with open_database(url) as database:
            world = SessionsWorld(url, database)
            yield world
            for process in world.processes:
                await process.die()


@asynccontextmanager
async def nothing_is_freed(process: LivingProcess) -> AsyncIterator[None]:
    """Check that `process` finds nothing to claim during the context, and long after."""
    yield
    await asyncio.sleep(TAKEOVER_DELAY_SECONDS + 0.6)
    await process.store.record_heartbeat(LONG)
    assert await process.store.claim(5) == []


async def test_the_turns_of_a_dead_process_are_free_at_once(world: SessionsWorld) -> None:
    """However long its lease is; and whoever lives is woken."""
    a, b = await world.start("a"), await world.start("b")
    turn = await ask_question(a.store, question("1"))
    b.woken.clear()
    await a.die()
    async with asyncio.timeout(SOON):
        await b.woken.wait()
    (taken,) = await b.store.claim(5)
    assert (taken.id, taken.token, taken.status) == (turn.id, 2, TurnStatus.ANSWERING)
    await end_turn(b.store, taken)


async def test_not_before_others_have_seen_it_for_the_delay(world: SessionsWorld) -> None:
    a, b = await world.start("a"), await world.start("b")
    await ask_question(a.store, question("1"))
    await a.die()
    died = asyncio.get_running_loop().time()
    async with asyncio.timeout(SOON):
        await b.woken.wait()
    assert asyncio.get_running_loop().time() - died >= TAKEOVER_DELAY_SECONDS


async def test_a_restarted_process_takes_over_what_it_left(world: SessionsWorld) -> None:
    a = await world.start("a")
    await ask_question(a.store, question("1"))
    await a.die()
    b = await world.start("b")
    async with asyncio.timeout(SOON):
        await b.woken.wait()
    assert len(await b.store.claim(5)) == 1


async def test_a_living_process_keeps_its_turns(world: SessionsWorld) -> None:
    """It is silent, but its session is open and its lease is long."""
    a, b = await world.start("a"), await world.start("b")
    async with nothing_is_freed(b):
        turn = await ask_question(a.store, question("1"))
    await end_turn(a.store, turn)


async def test_who_loses_its_session_keeps_its_turns_if_it_says_so_in_time(world: SessionsWorld) -> None:
    a, b = await world.start("a"), await world.start("b")
    turn = await ask_question(a.store, question("1"))
    for _ in range(3):
        earlier = await a.wait_for_key()
        async with nothing_is_freed(b):
            end_lock_holders(world.url)
        assert await a.wait_for_key(earlier) != earlier, "a lock is never taken for that of a later session"
    assert await a.lease.confirm()
    await end_turn(a.store, turn)


async def test_when_the_server_restarts_all_keep_their_turns(world: SessionsWorld) -> None:
    a, b = await world.start("a"), await world.start("b")
    turn = await ask_question(a.store, question("1"))
    async with nothing_is_freed(b):
        end_sessions(world.url)
    assert await a.lease.confirm()
    await end_turn(a.store, turn)


async def test_who_is_too_late_learns_that_its_turns_are_lost(world: SessionsWorld) -> None:
    """Its transactions hang, so it cannot say in time that it lives. Until it knows, it writes nothing."""
    b = await world.start("b")
    async with open_database(world.url) as slow:
        a = LivingProcess(slow, "a")
        world.processes.append(a)
        await a.store.open()
        a.listen()
        await a.wait_for_key()
        turn = await ask_question(a.store, question("1"))
        blocked = [asyncio.create_task(slow.tx(sleep_in_database, 2.5)) for _ in range(10)]
        await asyncio.sleep(0.3)
        end_lock_holders(world.url)
        await asyncio.sleep(0.1)
        asked = asyncio.create_task(a.lease.confirm())
        async with asyncio.timeout(SOON):
            while not (taken := await b.store.claim(5)):  # noqa: ASYNC110 - a poll is what a worker does
                await asyncio.sleep(0.05)
        assert not asked.done()
        assert not await asked
        assert taken[0].id == turn.id
        await asyncio.gather(*blocked)
        await a.die()


async def test_a_process_that_had_to_register_anew_is_seen_again(world: SessionsWorld) -> None:
    """As after it was frozen for longer than its lease: its session never ended."""
    a, b = await world.start("a"), await world.start("b")
    key = await a.wait_for_key()
    await a.store.unregister()
    await a.store.record_heartbeat(LONG)
    assert await a.wait_for_key() == key
    await ask_question(a.store, question("1"))
    await a.die()
    async with asyncio.timeout(SOON):
        while not await b.store.claim(5):  # noqa: ASYNC110 - a poll is what a worker does
            await asyncio.sleep(0.05)


async def test_behind_a_pooler_that_hides_sessions_only_the_lease_counts(
    world: SessionsWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Such a pooler loses notifications; the session notices it by its own."""
    monkeypatch.setattr(process_session, "ECHO_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(process_session, "SESSION_CHANNEL", "lost")
    a, b = await world.start("a", has_session=False), await world.start("b", has_session=False)
    await asyncio.sleep(1.0)
    assert await world.database.tx(read_key, "a") is None
    await ask_question(a.store, question("1"))
    async with nothing_is_freed(b):
        await a.die()
    await asyncio.sleep(0.1)
    await b.store.record_heartbeat(0.05)
    assert len(await b.store.claim(5)) == 1


async def test_turns_that_a_dying_transaction_locks_are_freed_after_it(world: SessionsWorld) -> None:
    a, b = await world.start("a"), await world.start("b")
    for number in range(3):
        await ask_question(a.store, question(f"{number}", where=thread(f"{number}")))
    dying = asyncio.create_task(world.database.tx(lock_turns, 2.0))
    await asyncio.sleep(0.2)
    await a.die()
    async with asyncio.timeout(SOON):
        taken = 0
        while taken < 3:
            taken += len(await b.store.claim(5))
            await asyncio.sleep(0.05)
    await dying


async def test_a_process_with_a_later_session_is_not_removed_for_its_earlier_one(world: SessionsWorld) -> None:
    a, b = await world.start("a"), await world.start("b")
    earlier = await a.wait_for_key()
    end_lock_holders(world.url)
    await a.wait_for_key(earlier)
    turn = await ask_question(a.store, question("1"))
    assert not await world.database.tx(processes.remove_dead_workers, [("a", earlier)])
    assert await b.store.claim(5) == []
    await end_turn(a.store, turn)


async def test_after_an_unforeseen_failure_there_is_a_new_session(world: SessionsWorld) -> None:
    """Otherwise each write would wait for ever until the old one is confirmed."""
    a = LivingProcess(world.database, "a")
    world.processes.append(a)
    await a.store.open()
    failures = iter([ValueError("a bug")])

    def fail_once() -> None:
        for error in failures:
            raise error

    a.listen(fail_once)
    earlier = await a.wait_for_key()
    await world.database.tx(notify_workers)
    assert await a.wait_for_key(earlier) != earlier
    assert await a.lease.confirm()


def notify_workers(connection: Connection) -> None:
    connection.execute(processes.NOTIFY_WORKERS)


def sleep_in_database(connection: Connection, seconds: float) -> None:
    connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})


def lock_turns(connection: Connection, seconds: float) -> None:
    connection.execute(text("SELECT id FROM turns FOR UPDATE"))
    sleep_in_database(connection, seconds)
