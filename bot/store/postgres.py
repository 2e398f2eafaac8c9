"""A PostgreSQL database, shared with other processes, through a pool of connections.

Separate from `sqlite` because nothing is alike: here transactions run side by side, and rows are locked.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

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
        self._engine = create_async_engine(
            url,
            hide_parameters=True,
            pool_size=CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            pool_timeout=PATIENCE,
            connect_args=CONNECT_ARGS | {"autocommit": True},
        )

        @event.listens_for(self._engine.sync_engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql(BEGIN)

    async def open(self) -> None:
        """Do nothing: a pool connects when it is used."""

    async def run(self, f: Callable[[Connection], T]) -> T:
        """Run `f` in a transaction of its own."""
        async with self._transaction() as connection:
            return await connection.run_sync(f)

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        """Begin, on a new connection if the server has closed the one of the pool: so its restart is not met.

        Only the beginning is tried again. What was begun may have been committed.
        """
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self._engine.begin())
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                connection = await stack.enter_async_context(self._engine.begin())
            yield connection
