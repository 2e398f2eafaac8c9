"""A PostgreSQL database, shared with other processes, through a pool of connections.

Separate from `sqlite` because nothing is alike: here transactions run side by side, and rows are locked.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, PoolProxiedConnection, create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

T = TypeVar("T")

POOL_SIZE = 5
"""Kept open by one process. Each serves hundreds of short transactions a second."""

MAX_POOL_OVERFLOW = 5
"""Opened on top for a burst."""

WAIT_TIMEOUT_SECONDS = 10
"""Seconds to wait for the server to accept a connection, and for one of ours to be free."""

CONNECT_ARGS: Final[dict[str, Any]] = {
    "connect_timeout": WAIT_TIMEOUT_SECONDS,
    # Prepared statements fail behind a pgbouncer that pools by transaction, as many hosting services do.
    "prepare_threshold": None,
    # A server that vanished without a word is noticed within a minute, not after two hours.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}

# A process that is frozen or cut off amid a transaction would lock its conversation for everybody.
BEGIN_SQL: Final = f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = '{WAIT_TIMEOUT_SECONDS}s'"


class _PostgresDialect(PGDialect_psycopg):
    """With autocommit the driver begins nothing by itself; so we know when nothing has begun.

    Not a listener to "begin": with any such, SQLAlchemy looks for more of them at each statement.
    """

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        dbapi_connection.cursor().execute(BEGIN_SQL)


registry.register("postgresql.begun", __name__, _PostgresDialect.__name__)


class PostgresPool:
    """Transactions on one PostgreSQL database, at most ten at a time."""

    def __init__(self, url: URL) -> None:
        self._engine = create_engine(
            url.set(drivername="postgresql+begun"),
            hide_parameters=True,
            pool_size=POOL_SIZE,
            max_overflow=MAX_POOL_OVERFLOW,
            pool_timeout=WAIT_TIMEOUT_SECONDS,
            pool_reset_on_return=None,  # each transaction is ended by then
            connect_args=CONNECT_ARGS | {"autocommit": True},
        )
        self._threads = ThreadPoolExecutor(POOL_SIZE + MAX_POOL_OVERFLOW, thread_name_prefix="postgres")

    async def open(self) -> None:
        """Do nothing: a pool connects when it is used."""

    def run(self, f: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Run `f` in a transaction of its own."""
        asked = time.monotonic()
        return asyncio.get_running_loop().run_in_executor(self._threads, self._transact, f, asked)

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._engine.dispose)
        self._threads.shutdown()

    def _transact(self, f: Callable[[Connection], T], asked: float) -> T:
        if time.monotonic() - asked > WAIT_TIMEOUT_SECONDS:
            raise PoolTimeoutError("No connection was free in time.")
        with self._transaction() as connection:
            return f(connection)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Begin, on a new connection if the server has closed the one of the pool: so its restart is not met.

        Only the beginning is tried again. What was begun may have been committed.
        """
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._engine.begin())
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                connection = stack.enter_context(self._engine.begin())
            yield connection
