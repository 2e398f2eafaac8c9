"""An event loop on which sleeping takes no time. Not for tests with real sockets or threads."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands still while tasks run, and jumps to the next timer when all of them wait."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self.now


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.now += max(timeout or 0.0, 0.0)
        return super().select(timeout and 0)


def run(body: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on virtual time, and check that no task is left."""

    async def checked() -> T:
        result = await body
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(checked())


def on_virtual_time(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Make a test from a coroutine function without fixtures."""

    def body() -> None:
        run(test())

    body.__name__, body.__doc__ = test.__name__, test.__doc__
    return body
