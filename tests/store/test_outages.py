"""A database that goes away, fills up or is slow: one error, nothing half done, and no restart of the bot."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Connection, text

from bot.core.errors import StoreUnavailable
from bot.core.turns import TurnStatus
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from tests.contracts.questions import question, thread
from tests.databases import KINDS, Kind, migrated_database


@asynccontextmanager
async def open_store(kind: Kind, folder: Path) -> AsyncIterator[tuple[Database, SqlStore]]:
    with migrated_database(kind, folder) as url:
        database = Database(url)
        await database.open()
        store = SqlStore(database, "me")
        try:
            await store.open()
            yield database, store
        finally:
            await database.close()


def end_sessions(url: URL) -> int:
    """End all other sessions of a database, as a restart of the server does; return how many there were."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    query = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(address, autocommit=True) as server:
        (count,) = server.execute(query).fetchone() or (0,)
    time.sleep(0.1)  # until the server has closed them
    return int(count)


def sleep_in_database(connection: Connection, seconds: float) -> None:
    connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})


def is_recorded(connection: Connection, message_id: str) -> bool:
    query = text("SELECT count(*) FROM turns WHERE message_id = :id")
    return bool(connection.execute(query, {"id": message_id}).scalar_one())


@pytest.mark.postgres
async def test_a_server_restart_between_transactions_is_not_noticed(tmp_path: Path) -> None:
    """No connection in the pool costs a transaction."""
    async with open_store("postgres", tmp_path) as (database, store):
        await asyncio.gather(*(database.tx(sleep_in_database, 0.1) for _ in range(4)))
        assert end_sessions(database.url) >= 4
        turns = [await store.accept(question(f"{n}", where=thread(f"{n}")), claim=True) for n in range(4)]
        assert all(turns)


@pytest.mark.postgres
async def test_a_connection_lost_amid_a_transaction_is_one_error(tmp_path: Path) -> None:
    """It is not retried: only the caller knows whether that is right."""
    async with open_store("postgres", tmp_path) as (database, store):
        slow = asyncio.create_task(database.tx(sleep_in_database, 5))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(end_sessions, database.url)
        with pytest.raises(StoreUnavailable):
            await slow
        assert await store.accept(question("1"), claim=True)


@pytest.mark.postgres
async def test_a_process_that_freezes_amid_a_transaction_cannot_lock_others_out_for_long(
    tmp_path: Path,
) -> None:
    def limit(connection: Connection) -> object:
        return connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()

    async with open_store("postgres", tmp_path) as (database, _store):
        assert await database.tx(limit) == "10s"


@contextmanager
def full_disk(file: str) -> Iterator[None]:
    """Let no file grow beyond the length that this one has now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(file).stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_one_error_and_is_got_over(tmp_path: Path) -> None:
    """Recorded messages stay, nothing is half recorded, and it works again once there is room."""
    async with open_store("sqlite", tmp_path) as (database, store):
        assert await store.accept(question("before"), claim=True)
        with (
            full_disk(f"{database.url.database}-wal"),
            pytest.raises(StoreUnavailable, match="DATABASE_URL"),
        ):
            await store.accept(question("amid", "x" * 20_000), claim=True)
        assert not await database.tx(is_recorded, "amid")
        assert await database.tx(is_recorded, "before")
        assert await store.accept(question("amid"), claim=True)


async def test_a_read_only_database_is_one_error(tmp_path: Path) -> None:
    """`query_only` raises the same error as a read-only file system."""
    async with open_store("sqlite", tmp_path) as (database, store):
        await database.tx(lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="readonly"):
                await store.accept(question("1"), claim=True)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_caller_cancelled_while_claiming_owns_nothing(kind: Kind, tmp_path: Path) -> None:
    """The platform gets no answer in time and delivers again; the turn is recorded, and free to be claimed."""
    async with open_store(kind, tmp_path) as (database, store):
        for cancelled_after in range(6):
            message = question(f"{cancelled_after}", where=thread(f"{cancelled_after}"))
            caller = asyncio.create_task(store.accept(message, claim=True))
            for _ in range(cancelled_after):
                await asyncio.sleep(0)
            if not caller.cancel():
                break  # it was faster, and owns its turn
            with pytest.raises(asyncio.CancelledError):
                await caller
            if await database.tx(is_recorded, f"{cancelled_after}"):
                assert await store.accept(message, claim=True) is None
                (turn,) = await store.claim(9)
                assert turn.status is TurnStatus.ANSWERING


async def test_a_transaction_that_fails_after_its_caller_is_gone_fails_in_silence(tmp_path: Path) -> None:
    """An exception that was never retrieved would be reported by asyncio, and fail the test running then."""

    def fail(_connection: Connection) -> None:
        raise LookupError

    async with open_store("sqlite", tmp_path) as (database, _store):
        for _ in range(2):
            caller = asyncio.create_task(database.tx(fail))
            await asyncio.sleep(0)
            caller.cancel()
            await asyncio.sleep(0)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
