"""The door to a chat-completions model."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.core.chat.stream import StreamEvent
from bot.core.requests import ChatRequest

NeededAt = Callable[[], float]
"""Returns when what comes next is needed, by the clock of the loop, as far as that is known by now."""


def needed_at_once() -> float:
    """Return that whatever comes is needed at once."""
    return 0.0


class ChatModel(Protocol):
    """A chat-completions model."""

    def stream(
        self, request: ChatRequest, *, needed_at: NeededAt = needed_at_once
    ) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]:
        """Ask, and iterate over what comes; leaving the context closes the connection.

        What is not needed yet may come later than it could, and more of it at once; the end comes at once.
        Raises a `ModelError` from entering or from iterating. An iteration that ends without one was
        complete: the server said so, and there was text.
        """
        ...
