"""A `ChatModel` that plays a script, for tests without a server.

    model = ScriptedModel(["Hello", 0.5, " Ada"], [ModelBusy()])

The first request is answered "Hello", after half a second " Ada", and ends with the finish reason `stop`. The second
request, and every one after it, raises `ModelBusy`. The requests are kept in `model.requests`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bot.core.chat.stream import ChoiceFinished, StreamEvent, TextDelta
from bot.core.errors import BotError
from bot.core.requests import ChatRequest

ModelScript = Sequence[str | float | BotError | StreamEvent]
"""The steps of one answer: a text is sent, a number waits so many seconds, an error is raised, an event is sent."""


class ScriptedModel:
    """A `ChatModel` that answers each request with the next script; the last script is used for all further ones."""

    def __init__(self, *scripts: ModelScript) -> None:
        """Without a script, every answer is "fine"."""
        self.scripts = list(scripts) or [["fine"]]
        self.requests: list[ChatRequest] = []
        """All requests, oldest first."""
        self.open = 0
        """How many answers are being read now."""

    @asynccontextmanager
    async def stream(self, request: ChatRequest, **_: object) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        """Answer a request with its script."""
        self.requests.append(request)
        script = self.scripts[min(len(self.requests), len(self.scripts)) - 1]
        self.open += 1
        try:
            yield _play_script(script)
        finally:
            self.open -= 1


async def _play_script(script: ModelScript) -> AsyncIterator[StreamEvent]:
    for step in script:
        match step:
            case str():
                yield TextDelta(step)
            case int() | float():
                await asyncio.sleep(step)
            case BotError():
                raise step
            case _:
                yield step
    if not any(isinstance(step, ChoiceFinished) for step in script):
        yield ChoiceFinished("stop")
