"""Waiting for something until a time, many times in a row, with hardly any timers.

Separate from `chat` because it knows nothing of models. `asyncio.timeout` sets a timer for each wait and
takes it back; a stream waits for every token, and with a thousand streams that is a good part of all work.
Here one timer stays set until it fires, and then looks whether somebody waits for too long. Otherwise it is
as with `asyncio.timeout`: who waits is cancelled, and the block ends with a `TimeoutError` unless others
cancelled it too.
"""

import asyncio
from math import inf
from types import TracebackType
from typing import Any, Self


class ReadDeadline:
    """Looks at how long a block of code waits, each time it does; a context manager.

    Before each wait say `until` when, and afterwards `came`. At the end no timer is left.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = inf
        self._due = inf
        self._waiting: asyncio.Task[Any] | None = None
        self._cancelling = 0  # how often others had cancelled who waited too long
        self.is_expired = False
        """Whether a wait ended because it was due."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer:
            self._timer.cancel()
        task, self._waiting = self._waiting, None
        is_cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        if is_cancelled and self.is_expired and task and task.uncancel() <= self._cancelling:
            raise TimeoutError from None

    def start(self, due: float) -> None:
        """Let the task that runs wait until `due`, by the clock of the loop."""
        self._due = due
        if due < self._fires_at:
            self._set_timer(due)
        self._waiting = asyncio.current_task()

    def stop(self) -> None:
        """Note that nobody waits: whoever takes long over what came is not cancelled for it."""
        self._waiting = None

    def _set_timer(self, due: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer, self._fires_at = self._loop.call_at(due, self._check), due

    def _check(self) -> None:
        self._timer, self._fires_at = None, inf
        if self._waiting is None:
            return  # the next wait sets a timer
        if self._loop.time() < self._due:
            self._set_timer(self._due)
        else:
            self.is_expired = True
            self._cancelling = self._waiting.cancelling()
            self._waiting.cancel()
