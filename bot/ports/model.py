"""The port to a chat-completions model: one request in, a stream of events out.

async with model.stream(request) as events:
    async for event in events:
        builder.feed(event)
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bot.core.chat.stream import StreamEvent
from bot.core.requests import ChatRequest

NeededAt = Callable[[], float]
"""Returns when the next event is needed, by the clock of the event loop, as far as that is known now."""


def needed_at_once() -> float:
    """Return a time in the past: every event is needed as soon as it comes."""
    return 0.0


class ChatModel(Protocol):
    """A chat-completions model."""

    def stream(
        self, request: ChatRequest, *, needed_at: NeededAt = needed_at_once
    ) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]:
        """Send a request and iterate over the events of the answer; leaving the context closes the connection.

        Events that are not needed yet may be delayed until `needed_at()`, and then come together. The last event
        is never delayed. Entering and iterating raise a `ModelError`. If the iteration ends without one, the answer
        is complete: the server said so, and there was text.
        """
        ...
