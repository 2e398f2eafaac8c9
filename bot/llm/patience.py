"""Waiting for something until a time, many times in a row, with hardly any timers.

Separate from `chat` because it knows nothing of models. `asyncio.timeout` sets a timer for each wait and
takes it back; a stream waits for every token, and with a thousand streams that is a good part of all work.
Here one timer stays set until it fires, and then looks whether somebody waits for too long. Otherwise it is
as with `asyncio.timeout`: who waits is cancelled, and gets a `TimeoutError` unless others cancelled it too.
"""

import asyncio
from collections.abc import Awaitable
from math import inf
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Patience:
    """Waits for one thing at a time; a context manager, at whose end no timer is left."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = inf
        self._due = inf
        self._waiting: asyncio.Task[Any] | None = None
        self.is_over = False
        """Whether a wait ended because it was due."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer:
            self._timer.cancel()

    async def wait(self, awaitable: Awaitable[T], due: float) -> T:
        """Return what comes. Raises `TimeoutError` at `due`, by the clock of the loop."""
        self._due = due
        if due < self._fires_at:
            self._set(due)
        self._waiting = task = asyncio.current_task()
        cancelling = task.cancelling() if task else 0
        try:
            return await awaitable
        except asyncio.CancelledError:
            if self.is_over and task and task.uncancel() <= cancelling:
                raise TimeoutError from None
            raise
        finally:
            self._waiting = None

    def _set(self, due: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer, self._fires_at = self._loop.call_at(due, self._look), due

    def _look(self) -> None:
        self._timer, self._fires_at = None, inf
        if self._waiting is None:
            return  # the next wait sets a timer
        if self._loop.time() < self._due:
            self._set(self._due)
        else:
            self.is_over = True
            self._waiting.cancel()
