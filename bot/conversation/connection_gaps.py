"""Since when no event of the platform can have been missed.

Separate because three parts meet in this one number: the connection decides it, answers ask for it before
they trust what is stored of a thread. Time spent disconnected may hold messages that nobody delivered.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

CONNECTION_CHECK_SECONDS = 1.0
"""Seconds between looks at the connection; a shorter gap is bridged by the platform's own redelivery."""


class ConnectionGaps:
    """The beginning of the present stretch of time in which deliveries reached us."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970."""
        self._clock = clock
        self._complete_since = clock()

    def complete_since(self) -> float:
        """Return the beginning, in seconds since 1970."""
        return self._complete_since

    @asynccontextmanager
    async def watch_connection(self, is_connected: Callable[[], bool]) -> AsyncIterator[None]:
        """Look at the connection while the context lasts."""
        watch = asyncio.create_task(self._watch(is_connected), name="continuity")
        try:
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _watch(self, is_connected: Callable[[], bool]) -> None:
        while True:
            if not is_connected():
                self._complete_since = self._clock()
            await asyncio.sleep(CONNECTION_CHECK_SECONDS)
