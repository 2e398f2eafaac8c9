"""Knows since when no event of the platform can have been missed.

Events that happen while the bot is disconnected may never be delivered. So a thread that was read from the
platform before the last gap is read again before its next question is answered:

    10:00  start                                       complete_since = 10:00
    10:30  the connection is lost, back at 10:32       complete_since = 10:32
    10:40  a question in a thread read at 10:05        older than 10:32: the thread is read again
    10:41  the next question there                     read at 10:40: what is stored is complete

The connection is looked at once a second. A shorter gap is bridged by the platform, which delivers again what
was not acknowledged.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

CONNECTION_CHECK_SECONDS = 1.0
"""How often the connection is looked at."""


class ConnectionGaps:
    """Remembers the end of the last gap in the connection."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970."""
        self._clock = clock
        self._complete_since = clock()

    def complete_since(self) -> float:
        """Return from when on no event was missed, in seconds since 1970."""
        return self._complete_since

    @asynccontextmanager
    async def watch_connection(self, is_connected: Callable[[], bool]) -> AsyncIterator[None]:
        """Look at the connection each second while the context lasts."""
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
