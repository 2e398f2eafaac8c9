"""An event that one task awaits until it is set or a time has passed, as `threading.Event` can.

`asyncio.wait_for(event.wait(), seconds)` does the same with a task, a timer and an exception, and takes three
times as long; an answer waits like this after each of its writes.

    await event.wait(2.5)     returns when another task calls set(), after 2.5 s at the latest
"""

import asyncio
from math import inf


class TimedEvent:
    """Any task sets it; one task at a time waits for it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_set = False
        self._waiter: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        """Return whether it is set."""
        return self._is_set

    def set(self) -> None:
        """Wake the waiting task; later calls of `wait` return at once."""
        self._is_set = True
        if self._waiter:
            _complete(self._waiter)

    def clear(self) -> None:
        """Let later calls of `wait` wait again."""
        self._is_set = False

    async def wait(self, seconds: float = inf) -> None:
        """Return once it is set, or after `seconds`."""
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
