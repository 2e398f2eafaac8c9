"""A deadline for many short waits in a row that needs hardly any timers.

`asyncio.timeout` sets a timer for each wait and cancels it again. A stream waits for every token, and with a
thousand streams that would be a good part of all work. Here one timer stays set until it fires, unless a wait is due
before the timer. When it fires, it looks whether the present wait is overdue, and if not, it is set again.

    with ReadDeadline() as deadline:
        deadline.start(loop.time() + 90)
        piece = await anext(body)          # cancelled after 90 s
        deadline.stop()

Otherwise it behaves like `asyncio.timeout`: the waiting task is cancelled, and the block ends with a
`TimeoutError`, unless somebody else cancelled the task too.
"""

import asyncio
from math import inf
from types import TracebackType
from typing import Any, Self


class ReadDeadline:
    """A context manager that cancels a wait in its block when the wait's deadline has passed.

    Call `start` before each wait and `stop` after it. When the block ends, no timer is left.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = inf
        self._due = inf
        self._waiting: asyncio.Task[Any] | None = None
        self._cancelling = 0  # how often others had already cancelled the waiting task
        self.is_expired = False
        """Whether a wait was cancelled because of its deadline."""

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
        """Let the current task wait until `due`, by the clock of the loop."""
        self._due = due
        if due < self._fires_at:
            self._set_timer(due)
        self._waiting = asyncio.current_task()

    def stop(self) -> None:
        """Note that the wait is over: the time spent on what came does not count."""
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
