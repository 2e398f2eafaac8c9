"""A PostgreSQL database, shared with other processes, through a pool of connections.

Separate from `sqlite` because nothing is alike: here transactions run side by side, and rows are locked.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

T = TypeVar("T")

CONNECTIONS = 5
"""Kept open by one process. Each serves hundreds of short transactions a second."""

MORE_CONNECTIONS = 5
"""Opened on top for a burst."""

PATIENCE = 10
"""Seconds to wait for the server to accept a connection, and for one of ours to be free."""

CONNECT_ARGS: Final[dict[str, Any]] = {
    "connect_timeout": PATIENCE,
    # Prepared statements fail behind a pgbouncer that pools by transaction, as many hosting services do.
    "prepare_threshold": None,
    # A server that vanished without a word is noticed within a minute, not after two hours.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}

# A process that is frozen or cut off amid a transaction would lock its conversation for everybody.
BEGIN: Final = f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = '{PATIENCE}s'"


class PostgresPool:
    """Transactions on one PostgreSQL database, at most ten at a time."""

    def __init__(self, url: URL) -> None:
        # With autocommit the driver begins nothing by itself. We do, so that we know when nothing has begun.
        self._engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            pool_timeout=PATIENCE,
            connect_args=CONNECT_ARGS | {"autocommit": True},
        )
        self._threads = ThreadPoolExecutor(CONNECTIONS + MORE_CONNECTIONS, thread_name_prefix="postgres")

        @event.listens_for(self._engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql(BEGIN)

    async def open(self) -> None:
        """Do nothing: a pool connects when it is used."""

    async def run(self, f: Callable[[Connection], T]) -> T:
        """Run `f` in a transaction of its own."""
        asked = time.monotonic()
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._transact, f, asked)

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._engine.dispose)
        self._threads.shutdown()

    def _transact(self, f: Callable[[Connection], T], asked: float) -> T:
        if time.monotonic() - asked > PATIENCE:
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
