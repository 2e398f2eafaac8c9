"""Runs transactions on an SQLite file that this process owns, all in one thread.

Transactions run one after the other, so they never meet SQLITE_BUSY among themselves, and a statement costs no
change of thread. The process holds a lock on `<file>.lock`, so that no other bot opens the same file. Turns that an
earlier process left unfinished can therefore be claimed at once.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from bot.core.errors import SettingsError

try:
    import fcntl
except ImportError:  # Windows has none; a second process is not kept out there
    fcntl = None  # type: ignore[assignment]  # the one way to say "not here"

T = TypeVar("T")

BUSY_TIMEOUT_SECONDS = 10.0
"""How long to wait for another writer: a migration, a backup, an `sqlite3` shell."""


class _SqliteDialect(SQLiteDialect_pysqlite):
    """Takes the write lock when a transaction begins; SQLite may refuse it to one that asks later.

    An event listener for "begin" would do the same, but with one SQLAlchemy looks for listeners at each statement.
    """

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        dbapi_connection.cursor().execute("BEGIN IMMEDIATE")


registry.register("sqlite.immediate", __name__, _SqliteDialect.__name__)


def create_sqlite_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """Return an engine with the pragmas that durability needs, whose transactions begin with the write lock.

    `foreign_keys` is off for migrations: SQLite alters a table by copying and dropping it, and the drop would
    cascade. See https://www.sqlite.org/lang_altertable.html#otheralter
    """
    engine = create_engine(
        url.set(drivername="sqlite+immediate"), hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; the dialect does
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # an acknowledged question survives a power cut
        connection.execute(f"PRAGMA foreign_keys = {int(foreign_keys)}")

    return engine


class SqliteFile:
    """Runs transactions on one SQLite file, in the order of the calls."""

    def __init__(self, url: URL, *, exclusive: bool) -> None:
        """Without `exclusive` the file is not locked: for a few short transactions beside a running bot."""
        self._path = Path(url.database or "")
        self._exclusive = exclusive
        self._engine = create_sqlite_engine(url)
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._lock: IO[str] | None = None

    async def open(self) -> None:
        """Lock the file, if `exclusive`. Raises `SettingsError` if it is in use, or cannot be written to."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._lock_file)

    def run(self, f: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Run `f` in a transaction of its own."""
        return asyncio.get_running_loop().run_in_executor(self._thread, self._transact, f)

    async def close(self) -> None:
        """Close the file, unlock it, and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close_file)
        self._thread.shutdown()

    def _transact(self, f: Callable[[Connection], T]) -> T:
        if self._connection is None:  # one for all: taking one from the pool costs as much as a query
            self._connection = self._engine.connect()
        with self._connection.begin():
            return f(self._connection)

    def _lock_file(self) -> None:
        if not self._exclusive:
            return
        try:
            self._lock = self._path.with_name(self._path.name + ".lock").open("w")
            # SQLite itself opens a read-only file without a word; a pipe would let its opener wait for a reader
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
            os.close(os.open(self._path, flags, 0o666))
        except OSError as error:
            raise SettingsError(
                f"DATABASE_URL names the file {self._path}, which cannot be used: {error.strerror}."
            ) from error
        if fcntl is None:
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(
                f"Another process uses the database file {self._path}; "
                "stop it, or let DATABASE_URL name a PostgreSQL database, which many processes can share."
            ) from error

    def _close_file(self) -> None:
        if self._connection:
            self._connection.close()
        self._engine.dispose()
        if self._lock:
            self._lock.close()  # which unlocks; the lock file stays, since removing it would race with another process
