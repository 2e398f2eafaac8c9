"""A PostgreSQL database, shared with other processes, through a pool of connections.

Separate from `sqlite` because nothing is alike: here transactions run side by side, and rows are locked.
"""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import create_async_engine

T = TypeVar("T")

CONNECTIONS = 5
"""Kept open by one process. Each serves hundreds of short transactions a second."""

MORE_CONNECTIONS = 5
"""Opened on top for a burst."""

PATIENCE = 10
"""Seconds to wait for the server to accept a connection, and for one of ours to be free."""

CONNECT_ARGS = {
    "connect_timeout": PATIENCE,
    # Prepared statements fail behind a pgbouncer that pools by transaction, as many hosting services do.
    "prepare_threshold": None,
}


class PostgresPool:
    """Transactions on one PostgreSQL database, at most ten at a time."""

    def __init__(self, url: URL) -> None:
        self._engine = create_async_engine(
            url,
            hide_parameters=True,
            pool_size=CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            pool_timeout=PATIENCE,
            pool_pre_ping=True,  # a server that was restarted costs nobody a transaction
            connect_args=CONNECT_ARGS,
        )

    async def open(self) -> None:
        """Do nothing: a pool connects when it is used."""

    async def run(self, f: Callable[[Connection], T]) -> T:
        """Run `f` in a transaction of its own."""
        async with self._engine.begin() as connection:
            return await connection.run_sync(f)

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()
