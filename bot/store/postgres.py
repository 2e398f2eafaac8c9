"""Runs transactions on a PostgreSQL database that several processes share, through a pool of connections.

Up to ten transactions run side by side, each in a thread of its own. They lock what they change: functions in
`store.conversations` lock a conversation before its turns, so that two processes do not answer the same turn.
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
"""Connections that one process keeps open. Each serves hundreds of short transactions a second."""

MAX_POOL_OVERFLOW = 5
"""Connections that one process opens besides, for a burst."""

WAIT_TIMEOUT_SECONDS = 10
"""How long to wait for the server to accept a connection, and for a connection of the pool to be free."""

CONNECT_ARGS: Final[dict[str, Any]] = {
    "connect_timeout": WAIT_TIMEOUT_SECONDS,
    # Prepared statements fail behind a pgbouncer that pools by transaction, as many hosting services do.
    "prepare_threshold": None,
    # A server that vanished without closing its connections is noticed within a minute, not after two hours.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}

# Without the limit, a process that freezes in a transaction would keep its conversation locked for all others.
BEGIN_SQL: Final = f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = '{WAIT_TIMEOUT_SECONDS}s'"


class _PostgresDialect(PGDialect_psycopg):
    """Begins each transaction explicitly, since the driver in autocommit mode begins none by itself.

    An event listener for "begin" would do the same, but with one SQLAlchemy looks for listeners at each statement.
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
            pool_reset_on_return=None,  # every transaction has ended by then
            connect_args=CONNECT_ARGS | {"autocommit": True},
        )
        self._threads = ThreadPoolExecutor(POOL_SIZE + MAX_POOL_OVERFLOW, thread_name_prefix="postgres")

    async def open(self) -> None:
        """Do nothing: the pool connects when it is first used."""

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
        """Begin a transaction; if the server has closed the pooled connection, as a restart does, on a new one.

        Only the beginning is retried. A transaction that fails later may have been committed.
        """
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._engine.begin())
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                connection = stack.enter_context(self._engine.begin())
            yield connection
