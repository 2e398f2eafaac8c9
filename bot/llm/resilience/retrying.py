"""A `ChatModel` that asks again if an attempt failed before the first word.

There are at most two retries, since a repeated request may be billed twice, each after a random pause or the
pause that the service asks for. Once text has come, people have seen it, and nothing is asked again. A retry
that would begin more than a minute after the question, or after a pause of more than 30 seconds, is not made.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable

from bot.core.chat.stream import StreamEvent, TextDelta
from bot.core.errors import ModelBusy, ModelUnavailable
from bot.core.requests import ChatRequest
from bot.llm.resilience.model_wrapper import ModelWrapper
from bot.ports import ChatModel, NeededAt

RETRY_PAUSES_SECONDS = (0.5, 1.0)
"""Upper bounds of the random pause before each retry."""
MAX_PAUSE_SECONDS = 30.0
"""If a service asks for a longer pause, the question fails at once."""
MAX_RETRY_SECONDS = 60.0
"""No retry begins after this time: each attempt may take minutes."""


class RetryingModel(ModelWrapper):
    """Wraps a model; asks again if it is busy or unavailable."""

    def __init__(self, model: ChatModel, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._model = model
        self._sleep = sleep

    async def _events(self, request: ChatRequest, needed_at: NeededAt) -> AsyncGenerator[StreamEvent]:
        clock = asyncio.get_running_loop().time
        give_up = clock() + MAX_RETRY_SECONDS
        has_text = False
        for bound in (*RETRY_PAUSES_SECONDS, None):
            try:
                async with self._model.stream(request, needed_at=needed_at) as events:
                    async for event in events:
                        has_text = has_text or isinstance(event, TextDelta)
                        yield event
                    return
            except (ModelBusy, ModelUnavailable) as error:
                if has_text or bound is None or error.is_final:
                    raise
                pause = _choose_pause(error, bound)
                if pause > MAX_PAUSE_SECONDS or clock() + pause > give_up:
                    raise
            await self._sleep(pause)


def _choose_pause(error: ModelBusy | ModelUnavailable, bound: float) -> float:
    """Return the seconds to wait, with full jitter: many that failed together return one by one."""
    jitter = random.uniform(0, bound)  # noqa: S311 - a pause is no secret
    asked = error.retry_after if isinstance(error, ModelBusy) else None
    return max(jitter, asked or 0.0)
