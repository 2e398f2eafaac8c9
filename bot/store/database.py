"""Runs plain functions of a connection as transactions, on SQLite and on PostgreSQL alike.

    def read(connection, turn_id): ...            # plain, synchronous code: statements and their rows
    turn = await database.tx(read, 7)             # one transaction, in a thread of its own

- A transaction is committed if the function returns, and rolled back if it raises.
- Cancelling the task that called `tx` does not interrupt its transaction.
- Errors of the driver become `StoreUnavailable` or `SettingsError`, without parameters and without the password.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.core.errors import SettingsError, StoreUnavailable
from bot.store.postgres import PostgresPool
from bot.store.sqlite import SqliteFile

T = TypeVar("T")
P = ParamSpec("P")

DRIVER_NAMES: Final = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",  # as hosting services write it
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def parse_database_url(text: str) -> URL:
    """Return the address in the setting `DATABASE_URL`. Raises `SettingsError`, whose text never contains it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        url = None
    if url is None or url.drivername not in DRIVER_NAMES:
        raise SettingsError(
            "DATABASE_URL is not understood; "
            "write sqlite:///path/to/file.db or postgresql://user:password@host:5432/name."
        ) from None
    if url.drivername == "sqlite" and url.database in {None, "", ":memory:"}:
        raise SettingsError("DATABASE_URL names no file; write sqlite:///path/to/file.db.")
    return url.set(drivername=DRIVER_NAMES[url.drivername])


def describe_database(url: URL) -> str:
    """Return where the database is, for people to read, without user and password."""
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database}"
    return f"PostgreSQL at {url.host or 'the local socket'}, port {url.port or 5432}"


@contextmanager
def translate_errors(url: URL) -> Iterator[None]:
    """Turn driver errors about the database as a whole, not about a statement, into `StoreUnavailable`."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeoutError) as error:
        raise StoreUnavailable(
            f"{describe_database(url)} (DATABASE_URL) cannot be used: {_first_line(error)}"
        ) from None


@contextmanager
def translate_damage(url: URL) -> Iterator[None]:
    """Turn SQLite's error about a damaged file, which has no class of its own, into `StoreUnavailable`."""
    try:
        yield
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        raise StoreUnavailable(f"{describe_database(url)} (DATABASE_URL) is damaged: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    """Return the first line of a driver's error; later lines may quote values."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return (str(cause).splitlines() or [type(cause).__name__])[0]


class _TransactionRunner(Protocol):
    """Runs a function of a connection as one transaction: `PostgresPool` or `SqliteFile`."""

    async def open(self) -> None: ...
    def run(self, f: Callable[[Connection], T]) -> asyncio.Future[T]: ...
    async def close(self) -> None: ...


class Database:
    """The database behind `DATABASE_URL`; use between `open` and `close`."""

    def __init__(self, url: URL, *, exclusive: bool = True) -> None:
        """`url` comes from `parse_database_url`.

        With `exclusive` other processes cannot open the same SQLite file. Without it a running bot may be using the
        file: transactions must be few and short, and must not change rows that the bot expects to change alone.
        """
        self.url = url
        self.is_shared = url.get_backend_name() != "sqlite"
        """Whether other processes may use the database at the same time."""
        self.notification_callbacks: dict[str, Callable[[], None]] = {}
        """What to call on a notification, by the name of its channel; read when `SqlStore.listen` begins."""
        self._engine: _TransactionRunner = PostgresPool(url) if self.is_shared else SqliteFile(url, exclusive=exclusive)
        self._running: set[asyncio.Future[Any]] = set()

    async def open(self) -> None:
        """Connect once, so that a wrong address fails at the start.

        Raises `StoreUnavailable` if no server answers, and `SettingsError` if the address leads to no database, or
        to an SQLite file that another process uses.
        """
        try:
            with translate_errors(self.url):
                await self._engine.open()
                await self._engine.run(_select_one)
        except (StoreUnavailable, SettingsError):
            await self._engine.close()
            raise
        except DBAPIError as error:
            await self._engine.close()
            raise SettingsError(f"DATABASE_URL leads to no usable database: {_first_line(error)}") from None

    async def close(self) -> None:
        """Wait for running transactions, and disconnect."""
        if self._running:
            await asyncio.wait(self._running)
        await self._engine.close()

    async def tx(self, f: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `f(connection, ...)` as one transaction: committed if it returns, rolled back if it raises.

        A cancelled caller waits until the transaction is complete, so that its next transaction comes after this
        one. If it is cancelled again, it stops waiting and the transaction runs on. Raises `StoreUnavailable`.
        """
        running = self._engine.run(lambda connection: f(connection, *args, **kwargs))
        self._running.add(running)
        running.add_done_callback(self._forget_completed)
        try:
            await asyncio.wait({running})  # awaiting the future itself would cancel it with us
        except asyncio.CancelledError:
            await asyncio.wait({running})
            raise
        with translate_errors(self.url), translate_damage(self.url):
            return running.result()

    def _forget_completed(self, running: asyncio.Future[Any]) -> None:
        self._running.discard(running)
        running.exception()  # read it, or asyncio reports the exception if a cancelled caller never does


def _select_one(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT 1")
