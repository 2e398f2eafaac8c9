"""One call is one transaction; no error or log contains a password, a value or half a transaction."""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, select, text
from sqlalchemy.exc import IntegrityError

from bot.core.errors import SettingsError, StoreUnavailable
from bot.store import migrate
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database, parse_database_url
from bot.store.schema import metadata, now, secrets, workers
from tests.contracts.questions import question
from tests.databases import KINDS, empty_database, migrated_database, open_database

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    with migrated_database(request.param, tmp_path) as address:
        yield address


@pytest.fixture
async def database(url: URL) -> AsyncIterator[Database]:
    async with open_database(url) as database:
        yield database


def write(connection: Connection, name: str) -> None:
    connection.execute(secrets.insert(), {"name": name, "value": "x"})


def scalar(connection: Connection, query: str) -> object:
    return connection.execute(text(query)).scalar_one()


def names(connection: Connection) -> set[str]:
    return set(connection.scalars(select(secrets.c.name)))


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("sqlite:///threadkeeper.db", "sqlite"),
        ("sqlite:////var/lib/threadkeeper.db", "sqlite"),
        ("postgres://u:p@db.example:5432/name", "postgresql+psycopg"),
        ("postgresql://u:p@db.example/name?sslmode=require", "postgresql+psycopg"),
        ("postgresql+psycopg:///name", "postgresql+psycopg"),
    ],
)
def test_addresses_that_are_understood(written: str, driver: str) -> None:
    assert parse_database_url(written).drivername == driver


@pytest.mark.parametrize(
    "written",
    [
        "",
        "threadkeeper.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://root:hunter2@localhost/x",
        "postgresql+asyncpg://me:hunter2@localhost/x",
        "postgresql://me:hunter2@localhost:port/x",
        "hunter2",
        "postgresql://me:p@hunter2@localhost/x",
        "postgresql://me@localhost/x?p@hunter2=1",
        "postgresql://me:hunter2@localhost:70000/x",
        "postgresql://me:hunter2@localhost:0/x",
        "postgresql://me:hunter2@..localhost/x",
        "postgresql://me:hunter2@localhost/x%00y",
        "postgresql://me:hunter2@localhost/x?port=abc",
        "postgresql://me:hunter2@/x?host=a&host=b:c",
        "postgresql://me:hunter2@localhost/x?sslmode=require&sslmode=prefer",
        "sqlite://tmp/x.db",
        "sqlite://localhost:80/x.db",
        "sqlite:///file:x.db",
        "sqlite:///file::memory:?cache=shared&uri=true",
        "sqlite:///",
    ],
)
def test_addresses_that_are_not_are_refused_by_name_and_not_repeated(written: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL") as caught:
        parse_database_url(written)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("pgbouncer=true", "the option pgbouncer, which PostgreSQL does not know; remove it, since the bot works"),
        ("ssl=true", "the option ssl, which PostgreSQL does not know; for TLS write sslmode=require."),
        ("sslmod=require", "did you mean sslmode?"),
        ("schema=bot", "the option schema, which PostgreSQL does not know; remove it."),
        ("connection_limit=5", "the option connection_limit"),
        (
            "autocommit=true",
            "the option autocommit",
        ),  # an argument of the driver only
        ("prepare_threshold=0", "the option prepare_threshold"),
        ("client_encoding=SQL_ASCII", "client_encoding=SQL_ASCII; the bot needs UTF8, so remove it."),
        ("replication=database", "the option replication, with which the bot does not work; remove it."),
    ],
)
def test_an_option_of_another_driver_is_named(option: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_database_url(f"postgresql://me@localhost/x?sslmode=prefer&{option}")
    assert said in str(caught.value)


async def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    def fail(connection: Connection) -> None:
        write(connection, "lost")
        raise LookupError

    await database.tx(write, "kept")
    with pytest.raises(LookupError):
        await database.tx(fail)
    assert await database.tx(names) == {"kept"}


async def test_cancelling_the_caller_does_not_cut_the_transaction(database: Database) -> None:
    """The caller waits for the transaction, then learns that it was cancelled."""
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: Connection) -> None:
        write(connection, "first half")
        loop.call_soon_threadsafe(begun.set)
        if connection.dialect.name == "sqlite":
            go_on.wait(5)
        else:
            connection.execute(text("SELECT pg_sleep(0.2)"))
        write(connection, "second half")

    caller = asyncio.create_task(database.tx(slow))
    await begun.wait()
    caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await database.tx(names) == {"first half", "second half"}


async def test_closing_waits_for_a_transaction_whose_caller_is_gone(url: URL) -> None:
    """Even if the caller stopped waiting, because it was cancelled a second time."""
    async with open_database(url) as database:
        caller = asyncio.create_task(database.tx(write, "late"))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
    async with open_database(url) as database:
        assert await database.tx(names) == {"late"}


async def test_the_clock_is_the_databases_own_in_seconds_since_1970(database: Database) -> None:
    """In tests it runs on the same machine, so it agrees with our clock; and it advances."""

    def read(connection: Connection) -> float:
        return connection.execute(select(now())).scalar_one()

    first = await database.tx(read)
    assert first == pytest.approx(time.time(), abs=5)
    await asyncio.sleep(0.01)
    assert await database.tx(read) > first


async def test_database_errors_contain_no_values(url: URL, caplog: pytest.LogCaptureFixture) -> None:
    """A dropped table stands for every database error; the question is in no message and no log."""
    caplog.set_level(logging.DEBUG)
    async with open_database(url) as database:
        store = SqlStore(database, "me")
        await store.open()
        await database.tx(metadata.drop_all)
        with pytest.raises(Exception, match=r".") as caught:
            await store.accept(question("1.0", "my dark secret"), claim=True)
    assert "my dark secret" not in f"{caught.value!r} {caught.value} {caplog.text}"


@pytest.mark.postgres
async def test_a_server_that_goes_away_is_unavailable_and_may_come_back(tmp_path: Path) -> None:
    """Connections that the server has closed cost one error at most, and no restart of the bot."""
    with empty_database("postgres", tmp_path) as url:
        async with open_database(url) as database:
            with pytest.raises(StoreUnavailable, match="DATABASE_URL"):
                await database.tx(scalar, "SELECT pg_terminate_backend(pg_backend_pid())")
            assert await database.tx(scalar, "SELECT 1") == 1


async def test_an_unreachable_server_is_named_without_its_password() -> None:
    database = Database(parse_database_url("postgresql://someone:hunter2@127.0.0.1:1/none"))
    with pytest.raises(StoreUnavailable) as caught:
        await database.open()
    assert "PostgreSQL at 127.0.0.1, port 1 (DATABASE_URL)" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.postgres
async def test_an_option_that_postgresql_does_not_know_is_a_wrong_setting(tmp_path: Path) -> None:
    with empty_database("postgres", tmp_path) as url:
        database = Database(url.update_query_dict({"pgbouncer": "true"}))
        with pytest.raises(SettingsError, match="pgbouncer"):
            await database.open()


async def test_a_file_that_is_no_database_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be looked at " * 50)
    database = Database(parse_database_url(f"sqlite:///{tmp_path / 'notes.txt'}"))
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        await database.open()


async def test_a_file_that_is_damaged_while_in_use_is_no_bug_of_ours(tmp_path: Path) -> None:
    """The worker retries, and people read that nothing could be saved; a constraint error stays what it is."""
    file = tmp_path / "x.db"
    url = parse_database_url(f"sqlite:///{file}")
    migrate.upgrade_database(url)
    async with open_database(url) as database:
        await database.tx(write, "there")
        with pytest.raises(IntegrityError):
            await database.tx(write, "there")
        root = await database.tx(scalar, "SELECT rootpage FROM sqlite_master WHERE name = 'secrets'")
    with file.open("r+b") as damaged:
        damaged.seek((int(str(root)) - 1) * 4096)
        damaged.write(b"\xff" * 4096)
    async with open_database(url) as database:
        with pytest.raises(StoreUnavailable, match="is damaged: database disk image is malformed"):
            await database.tx(scalar, "SELECT max(value) FROM secrets")


async def test_a_folder_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    database = Database(parse_database_url(f"sqlite:///{tmp_path / 'no' / 'where.db'}"))
    with pytest.raises(SettingsError, match="No such file or directory"):
        await database.open()


async def test_sqlite_is_durable_checks_keys_and_lets_others_read(tmp_path: Path) -> None:
    async with open_database(parse_database_url(f"sqlite:///{tmp_path / 'x.db'}")) as database:
        pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
        for pragma, value in pragmas.items():
            assert await database.tx(scalar, f"PRAGMA {pragma}") == value


async def test_a_second_process_cannot_use_the_file(tmp_path: Path) -> None:
    """Its error says what to do. Once the first process is gone, even if killed, the file is free."""
    address = f"sqlite:///{tmp_path / 'x.db'}"
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, address, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert holder.stdout
        assert await holder.stdout.readline() == b"open\n"
        with pytest.raises(SettingsError, match=r"Another process uses .* PostgreSQL"):
            await Database(parse_database_url(address)).open()
    finally:
        holder.kill()
        await holder.wait()
    async with open_database(parse_database_url(address)):
        pass


HOLD = """
import asyncio, sys
from bot.store import migrate
from bot.store.database import Database, parse_database_url
async def hold():
    database = Database(parse_database_url(sys.argv[1]))
    await database.open()
    print("open", flush=True)
    await asyncio.sleep(60)
asyncio.run(hold())
"""


async def test_a_restart_on_sqlite_takes_up_its_own_turns_at_once(tmp_path: Path) -> None:
    """However long the lease is, since no other process can own them. The first process never unregisters."""
    with migrated_database("sqlite", tmp_path) as url:
        async with open_database(url) as database:
            before = SqlStore(database, "before")
            await before.open()
            assert await before.accept(question("1.0"), claim=True)
            after = SqlStore(database, "after")
            await after.open()
            await after.record_heartbeat(lease=1e9)
            assert [turn.message_id for turn in await after.claim(5)] == ["1.0"]
            assert await database.tx(lambda c: list(c.scalars(select(workers.c.id)))) == ["after"]
