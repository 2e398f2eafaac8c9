"""Whether a person wants a running turn stopped, and what that cuts short right now.

Separate from `answering`, which is stopped, because who stops it knows only the turn's number. Rule: what is
wanted is never forgotten, whatever the turn is busy with at that moment.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from bot.core.turns import Turn


class TurnStopped(Exception):
    """A person wanted the turn stopped."""


class Cancellation:
    """The wish that one turn be stopped, as long as it runs."""

    def __init__(self, *, is_requested: bool) -> None:
        self._is_requested = is_requested
        self._callback: Callable[[], object] | None = None

    def request(self) -> None:
        """Stop it; a second time changes nothing."""
        if not self._is_requested:
            self._is_requested = True
            if self._callback:
                self._callback()

    def on_request(self, callback: Callable[[], object]) -> None:
        """From now on call `react` once it is wanted; at once, if it is."""
        self._callback = callback
        if self._is_requested:
            callback()

    @asynccontextmanager
    async def scope(self) -> AsyncIterator[None]:
        """Cut short what runs in the context once it is wanted. Raises `Stopped`."""
        if self._is_requested:
            raise TurnStopped
        try:
            async with asyncio.timeout(None) as scope:
                now = asyncio.get_running_loop().time
                self._callback = lambda: scope.reschedule(now())
                yield
        except TimeoutError:
            if not scope.expired():
                raise
            raise TurnStopped from None
        finally:
            self._callback = None


class Cancellations:
    """The wishes for all turns that run in this process."""

    def __init__(self) -> None:
        self._running: dict[int, Cancellation] = {}

    @contextmanager
    def track(self, turn: Turn) -> Iterator[Cancellation]:
        """Give a turn's wish, while it runs; there may be one from before this process took it over."""
        halt = self._running[turn.id] = Cancellation(is_requested=bool(turn.stopped_by))
        try:
            yield halt
        finally:
            if self._running[turn.id] is halt:
                del self._running[turn.id]

    def request(self, turn: int) -> None:
        """Stop a turn, if it runs here."""
        if turn in self._running:
            self._running[turn].request()
