"""The part that all wrappers around a `ChatModel` share: a stream that is closed when its reader leaves."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from bot.core.chat.stream import StreamEvent
from bot.core.requests import ChatRequest
from bot.ports import NeededAt, needed_at_once


class ModelWrapper(ABC):
    """A `ChatModel` that a subclass implements as one asynchronous generator."""

    @asynccontextmanager
    async def stream(
        self, request: ChatRequest, *, needed_at: NeededAt = needed_at_once
    ) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        """Ask, and iterate over the events; see `ChatModel.stream`. The model is asked at the first step."""
        async with aclosing(self._events(request, needed_at)) as events:
            yield events

    @abstractmethod
    def _events(self, request: ChatRequest, needed_at: NeededAt) -> AsyncGenerator[StreamEvent]:
        """Yield the events of the answer. Raises a `ModelError`."""
