"""The door to a chat-completions model."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.core.domain import ChatRequest
from bot.core.stream import StreamEvent


class ChatModel(Protocol):
    """A chat-completions model."""

    def stream(self, request: ChatRequest) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]:
        """Ask, and iterate over what comes; leaving the context closes the connection.

        Raises a `ModelError` from entering or from iterating. An iteration that ends without one was
        complete: the server said so, and there was text.
        """
        ...
