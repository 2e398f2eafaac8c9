"""Whether a person wants a running turn stopped, and what that cuts short right now.

Separate from `answering`, which is stopped, because who stops it knows only the turn's number. Rule: what is
wanted is never forgotten, whatever the turn is busy with at that moment.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from bot.core.domain import Turn


class Stopped(Exception):
    """A person wanted the turn stopped."""


class Halt:
    """The wish that one turn be stopped, as long as it runs."""

    def __init__(self, *, is_wanted: bool) -> None:
        self._is_wanted = is_wanted
        self._react: Callable[[], object] | None = None

    def want(self) -> None:
        """Stop it; a second time changes nothing."""
        if not self._is_wanted:
            self._is_wanted = True
            if self._react:
                self._react()

    def then(self, react: Callable[[], object]) -> None:
        """From now on call `react` once it is wanted; at once, if it is."""
        self._react = react
        if self._is_wanted:
            react()

    @asynccontextmanager
    async def ending(self) -> AsyncIterator[None]:
        """Cut short what runs in the context once it is wanted. Raises `Stopped`."""
        if self._is_wanted:
            raise Stopped
        try:
            async with asyncio.timeout(None) as scope:
                now = asyncio.get_running_loop().time
                self._react = lambda: scope.reschedule(now())
                yield
        except TimeoutError:
            if not scope.expired():
                raise
            raise Stopped from None
        finally:
            self._react = None


class Halts:
    """The wishes for all turns that run in this process."""

    def __init__(self) -> None:
        self._running: dict[int, Halt] = {}

    @contextmanager
    def of(self, turn: Turn) -> Iterator[Halt]:
        """Give a turn's wish, while it runs; there may be one from before this process took it over."""
        halt = self._running[turn.id] = Halt(is_wanted=bool(turn.stopped_by))
        try:
            yield halt
        finally:
            if self._running[turn.id] is halt:
                del self._running[turn.id]

    def want(self, turn: int) -> None:
        """Stop a turn, if it runs here."""
        if turn in self._running:
            self._running[turn].want()
