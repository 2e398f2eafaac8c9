"""An event that is waited for until it is set or a time has passed, as `threading.Event` knows it.

Separate because an answer waits so after each of its writes: `asyncio.wait_for` makes a task, a timer and an
exception of that, and takes three times as long.
"""

import asyncio
from math import inf


class TimedEvent:
    """Anybody sets it; one task at a time waits for it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_set = False
        self._waiter: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        """Return whether it is set."""
        return self._is_set

    def set(self) -> None:
        """Let go who waits, and whoever will."""
        self._is_set = True
        if self._waiter:
            _complete(self._waiter)

    def clear(self) -> None:
        """Let whoever comes wait again."""
        self._is_set = False

    async def wait(self, seconds: float = inf) -> None:
        """Return when it is set, at once where it is; after so many seconds at the latest."""
        if self._is_set:
            return
        waiter = self._waiter = self._loop.create_future()
        timer = self._loop.call_later(seconds, _complete, waiter) if seconds < inf else None
        try:
            await waiter
        finally:
            self._waiter = None
            if timer:
                timer.cancel()


def _complete(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
