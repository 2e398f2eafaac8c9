"""Stops a running turn because a person asked for it.

A stop names a turn by its number only, and may come at any moment: while the question is prepared, while the
model writes, or while the saved answer is shown. So each running turn has a `Cancellation`, which remembers
the request until the turn looks:

    with cancellations.track(turn) as cancellation:
        try:
            async with cancellation.scope():        # a request cancels what runs in here ...
                question = await prepare(turn)
        except TurnStopped:                         # ... and raises this
            ...
        cancellation.on_request(writer.stop)        # from here on a request calls this instead

A request that comes between two scopes takes effect at the beginning of the next one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from bot.core.turns import Turn


class TurnStopped(Exception):
    """A person stopped the turn."""


class Cancellation:
    """Whether one running turn is to stop, and what that does at present."""

    def __init__(self, *, is_requested: bool) -> None:
        self._is_requested = is_requested
        self._callback: Callable[[], object] | None = None

    def request(self) -> None:
        """Stop the turn; a second request changes nothing."""
        if not self._is_requested:
            self._is_requested = True
            if self._callback:
                self._callback()

    def on_request(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the stop is requested, or now if it was already."""
        self._callback = callback
        if self._is_requested:
            callback()

    @asynccontextmanager
    async def scope(self) -> AsyncIterator[None]:
        """Cancel what runs in the context when the stop is requested. Raises `TurnStopped` then."""
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
    """The cancellations of all turns that run in this process."""

    def __init__(self) -> None:
        self._running: dict[int, Cancellation] = {}

    @contextmanager
    def track(self, turn: Turn) -> Iterator[Cancellation]:
        """Give a turn's cancellation while it runs; the turn may have been stopped under its last owner."""
        cancellation = self._running[turn.id] = Cancellation(is_requested=bool(turn.stopped_by))
        try:
            yield cancellation
        finally:
            if self._running[turn.id] is cancellation:
                del self._running[turn.id]

    def request(self, turn: int) -> None:
        """Stop a turn, if it runs here."""
        if turn in self._running:
            self._running[turn].request()
