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

If the question is deleted, nobody wants to see anything: then all that `until_discarded` contains is cancelled.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from bot.core.errors import ClaimLost
from bot.core.turns import Turn


class TurnStopped(Exception):
    """A person stopped the turn."""


MAX_EARLY_DISCARDS = 100
"""How many deleted questions are remembered that do not run here; one of them may be about to begin."""


class Cancellation:
    """Whether one running turn is to stop, and what that does at present."""

    def __init__(self, *, is_requested: bool, is_discarded: bool = False) -> None:
        self._is_requested = is_requested
        self._is_discarded = is_discarded
        self._callback: Callable[[], object] | None = None
        self._whole: asyncio.Timeout | None = None

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

    def discard(self) -> None:
        """End the turn, whatever it does, because its question was deleted."""
        self._is_discarded = True
        if self._whole:
            self._whole.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def until_discarded(self) -> AsyncIterator[None]:
        """Cancel what runs in the context when the question is deleted. Raises `ClaimLost` then."""
        if self._is_discarded:
            raise ClaimLost
        try:
            async with asyncio.timeout(None) as self._whole:
                yield
        except TimeoutError:
            if not self._is_discarded:
                raise
            raise ClaimLost from None
        finally:
            self._whole = None

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
        self._early_discards: deque[int] = deque(maxlen=MAX_EARLY_DISCARDS)

    @contextmanager
    def track(self, turn: Turn) -> Iterator[Cancellation]:
        """Give a turn's cancellation while it runs; the turn may have been stopped under its last owner."""
        cancellation = self._running[turn.id] = Cancellation(
            is_requested=bool(turn.stopped_by), is_discarded=turn.id in self._early_discards
        )
        try:
            yield cancellation
        finally:
            if self._running[turn.id] is cancellation:
                del self._running[turn.id]

    def request(self, turn: int) -> None:
        """Stop a turn, if it runs here."""
        if turn in self._running:
            self._running[turn].request()

    def discard(self, turn: int) -> None:
        """End a turn whose question was deleted, if it runs here, or is about to."""
        if turn in self._running:
            self._running[turn].discard()
        else:
            self._early_discards.append(turn)
