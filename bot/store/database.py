"""One call is one transaction, on SQLite and on PostgreSQL alike.

Separate from the store so that statements know nothing of loops, threads and pools: they are plain functions
of a Connection. Rules: a transaction is never cut by the cancellation of the task that asked for it; what a
driver raises leaves here as an error of ours, without parameters and without the password.
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
    "postgres": "postgresql+psycopg",  # the form of hosting services
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def parse_database_url(text: str) -> URL:
    """Return the address that `DATABASE_URL` means. Raises `SettingsError`, which never repeats it."""
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
    """Return where the database is, for people; no user, no password."""
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database}"
    return f"PostgreSQL at {url.host or 'the local socket'}, port {url.port or 5432}"


@contextmanager
def translate_errors(url: URL) -> Iterator[None]:
    """Turn a driver's complaint about the database, not about a statement, into `StoreUnavailable`."""
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeoutError) as error:
        raise StoreUnavailable(
            f"{describe_database(url)} (DATABASE_URL) does not answer: {_first_line(error)}"
        ) from None


@contextmanager
def translate_damage(url: URL) -> Iterator[None]:
    """Turn SQLite's complaint that its file is damaged, which has no class of its own, likewise."""
    try:
        yield
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        raise StoreUnavailable(f"{describe_database(url)} (DATABASE_URL) is damaged: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    """Return a driver's first line; the others may quote values."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return (str(cause).splitlines() or [type(cause).__name__])[0]


class _TransactionRunner(Protocol):
    """Somewhere a function of a Connection runs as one transaction."""

    async def open(self) -> None: ...
    def run(self, f: Callable[[Connection], T]) -> asyncio.Future[T]: ...
    async def close(self) -> None: ...


class Database:
    """The database behind `DATABASE_URL`; use between `open` and `close`."""

    def __init__(self, url: URL, *, is_ours: bool = True) -> None:
        """`url` comes from `database_url`.

        An SQLite file is kept from other processes if `is_ours`; else a running bot may be using it, so
        transactions must be few and short, and must not touch what it believes to be its own alone.
        """
        self.url = url
        self.is_shared = url.get_backend_name() != "sqlite"
        """Whether other processes may use it at the same time."""
        self.notification_callbacks: dict[str, Callable[[], None]] = {}
        """What to call at notifications on channels, by their names; whoever listens next begins to."""
        self._engine: _TransactionRunner = PostgresPool(url) if self.is_shared else SqliteFile(url, is_ours=is_ours)
        self._running: set[asyncio.Future[Any]] = set()

    async def open(self) -> None:
        """Connect once, to fail early.

        Raises `StoreUnavailable` where nothing answers, and `SettingsError` where the address leads to no
        database, or to an SQLite file that another process uses.
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
        """Wait for the transactions that run, and disconnect."""
        if self._running:
            await asyncio.wait(self._running)
        await self._engine.close()

    async def tx(self, f: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `f(connection, ...)` as one transaction: committed if it returns, rolled back if it raises.

        A caller that is cancelled waits until the transaction is complete, so that what it does next comes
        next; cancelled again, it leaves the transaction to run alone. Raises `StoreUnavailable`.
        """
        running = self._engine.run(lambda connection: f(connection, *args, **kwargs))
        self._running.add(running)
        running.add_done_callback(self._forget_completed)
        try:
            await asyncio.wait({running})  # to await the future itself would hand our cancellation on to it
        except asyncio.CancelledError:
            await asyncio.wait({running})
            raise
        with translate_errors(self.url), translate_damage(self.url):
            return running.result()

    def _forget_completed(self, running: asyncio.Future[Any]) -> None:
        self._running.discard(running)
        running.exception()  # looked at, so that asyncio reports none that a cancelled caller left behind


def _select_one(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT 1")
