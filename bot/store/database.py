"""Runs plain functions of a connection as transactions, on SQLite and on PostgreSQL alike.

    def read(connection, turn_id): ...            # plain, synchronous code: statements and their rows
    turn = await database.tx(read, 7)             # one transaction, in a thread of its own

- A transaction is committed if the function returns, and rolled back if it raises.
- Cancelling the task that called `tx` does not interrupt its transaction.
- Errors of the driver become `StoreUnavailable` or `SettingsError`, without parameters and without the password.
- What is wrong with `DATABASE_URL` itself is a `SettingsError`: when it is parsed, or when the first connection is made
  (`translate_start_errors`). What may pass by itself, such as a server that is down, is a `StoreUnavailable`.
"""

import asyncio
import difflib
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
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


MAX_PORT: Final = 65_535
PASSING_ERRORS: Final = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)
"""The driver's errors about the database as a whole."""

NOT_UNDERSTOOD: Final = (
    "DATABASE_URL is not understood; write sqlite:///path/to/file.db or postgresql://user:password@host:5432/name."
)
OPTION_HINTS: Final = {
    "ssl": "for TLS write sslmode=require",
    "pgbouncer": "remove it, since the bot works behind pgbouncer without it",
}
"""What to write instead of options that other programs' drivers take."""
OPTIONS_OF_OTHER_PROGRAMS: Final = {"replication"}
"""PostgreSQL's options with which the bot's statements do not work."""

REFUSED_BY_POSTGRES: Final = re.compile(
    r"does not exist|authentication failed|no password supplied|no pg_hba\.conf entry"
    r"|unrecognized configuration parameter|connection is bad: (?!connection to server)|invalid integer value"
    r"|invalid value for parameter|server does not support SSL|channel binding required"
)
"""Reasons of a failed connection that lie in `DATABASE_URL`; libpq gives no code for them, only a text."""


def parse_database_url(text: str) -> URL:
    """Return the address in the setting `DATABASE_URL`. Raises `SettingsError`, whose text never contains it."""
    try:
        url = make_url(text)
        (url.host or "").encode("idna")
    except (ArgumentError, ValueError):  # ValueError: a port that is no number, a host that is no name
        raise SettingsError(NOT_UNDERSTOOD) from None
    if url.drivername not in DRIVER_NAMES or "%00" in text:
        raise SettingsError(NOT_UNDERSTOOD)
    url = url.set(drivername=DRIVER_NAMES[url.drivername])
    if url.get_backend_name() == "sqlite":
        _check_sqlite_url(url)
    else:
        _check_postgres_url(url)
    return url


def _check_sqlite_url(url: URL) -> None:
    if url.host:
        raise SettingsError(
            "DATABASE_URL names a server, and SQLite has none; "
            "write sqlite:///path/to/file.db, with three slashes, or with four if the path begins with one."
        )
    path = url.database or ""
    if path in {"", ":memory:"} or path.startswith("file:"):
        raise SettingsError("DATABASE_URL names no file; write sqlite:///path/to/file.db.")
    _check_options(url, "SQLite", [])


def _check_postgres_url(url: URL) -> None:
    from psycopg import pq  # noqa: PLC0415 - SQLite needs no libpq

    if "@" in (url.host or ""):
        raise SettingsError("DATABASE_URL has two @; write one that belongs to the user or password as %40.")
    if url.port is not None and not 0 < url.port <= MAX_PORT:
        raise SettingsError(f"DATABASE_URL names the port {url.port}; ports are from 1 to {MAX_PORT:,}.")
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    _check_options(url, "PostgreSQL", sorted(known - OPTIONS_OF_OTHER_PROGRAMS))
    encoding = str(url.query.get("client_encoding", "UTF8"))
    if encoding.upper().replace("-", "") not in {"UTF8", "UNICODE", "AUTO"}:
        raise SettingsError(f"DATABASE_URL has client_encoding={encoding}; the bot needs UTF8, so remove it.")
    try:
        url.get_dialect()().create_connect_args(url)
    except ArgumentError:  # a host or port behind the ? that is none
        raise SettingsError(NOT_UNDERSTOOD) from None


def _check_options(url: URL, product: str, known: Sequence[str]) -> None:
    """Raise `SettingsError` for the first option behind the `?` that is unknown, or there twice."""
    for name, value in url.query.items():
        if name in known and isinstance(value, str):
            continue
        if not name.isidentifier():  # perhaps a part of the password
            raise SettingsError(NOT_UNDERSTOOD)
        if name in known:
            raise SettingsError(f"DATABASE_URL has the option {name} more than once.")
        if name in OPTIONS_OF_OTHER_PROGRAMS:
            raise SettingsError(f"DATABASE_URL has the option {name}, with which the bot does not work; remove it.")
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
        hint = f"did you mean {close[0]}?" if close else f"{OPTION_HINTS.get(name, 'remove it')}."
        raise SettingsError(f"DATABASE_URL has the option {name}, which {product} does not know; {hint}")


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
    except PASSING_ERRORS as error:
        raise StoreUnavailable(
            f"{describe_database(url)} (DATABASE_URL) cannot be used: {_first_line(error)}"
        ) from None


@contextmanager
def translate_start_errors(url: URL) -> Iterator[None]:
    """Turn driver errors of the first connection into `SettingsError` if the address is wrong, else as above."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        if reason := _find_wrong_address(url, error):
            raise SettingsError(f"DATABASE_URL leads to no usable database: {reason}.") from None
        with translate_errors(url):
            raise


def _find_wrong_address(url: URL, error: DBAPIError | PoolTimeoutError) -> str:
    """Return what is wrong with the address; empty if the error may pass by itself."""
    cause, said = getattr(error, "orig", None), _first_line(error)
    if isinstance(cause, sqlite3.Error):
        file = Path(url.database or "")
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # without the detail in the higher bits
        if code == sqlite3.SQLITE_IOERR and not os.path.isfile(file):  # noqa: PTH113 - Path's may raise
            code = sqlite3.SQLITE_CANTOPEN  # of a pipe or a device
        match code:
            case sqlite3.SQLITE_CANTOPEN if not os.path.isdir(file.parent):  # noqa: PTH112 - Path's may raise
                return f"there is no folder {file.parent}, or it must not be entered"
            case sqlite3.SQLITE_CANTOPEN:
                return f"{file} is a folder, a pipe or a device, or must not be opened or created"
            case sqlite3.SQLITE_READONLY:
                return f"{file} or its folder is read-only"
            case sqlite3.SQLITE_NOTADB:
                return f"{file} is not an SQLite database"
            case _:
                pass
    if isinstance(error, PASSING_ERRORS) and not REFUSED_BY_POSTGRES.search(said):
        return ""
    return said.rpartition("FATAL:")[2].strip().rstrip(".")


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
            with translate_start_errors(self.url):
                await self._engine.open()
                await self._engine.run(_select_one)
        except BaseException:
            await self._engine.close()
            raise

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
