"""A `ChatModel` made of several: they are asked in order until one answers.

It never waits: if one key or server fails, the next is asked at once. It falls back only from errors that
another server may not have; an error in the question itself is raised. Once text has come, people have seen
it, and no other server is asked. If all fail, the error with the shortest wait is raised.
"""

import math
from collections.abc import AsyncGenerator, Sequence

from bot.core.chat.stream import StreamEvent, TextDelta
from bot.core.errors import (
    ContextTooLong,
    ModelBusy,
    ModelError,
    ModelKeyRefused,
    ModelOutOfCredit,
    ModelUnavailable,
    ModelUnknown,
)
from bot.core.requests import ChatRequest
from bot.llm.resilience.model_wrapper import ModelWrapper
from bot.ports import ChatModel, NeededAt

FALLBACK_ERRORS = (ModelBusy, ModelUnavailable, ModelKeyRefused, ModelOutOfCredit, ModelUnknown)
"""Errors of one server or key, not of the question."""


class FallbackModel(ModelWrapper):
    """Asks its models in order."""

    def __init__(self, models: Sequence[ChatModel]) -> None:
        """`models` holds at least one; the first is preferred."""
        self._models = models

    async def _events(self, request: ChatRequest, needed_at: NeededAt) -> AsyncGenerator[StreamEvent]:
        errors: list[ModelError] = []
        for model in self._models:
            has_text = False
            try:
                async with model.stream(request, needed_at=needed_at) as events:
                    async for event in events:
                        has_text = has_text or isinstance(event, TextDelta)
                        yield event
                    return
            except ContextTooLong as error:
                error.is_from_fallback = bool(errors)
                raise
            except FALLBACK_ERRORS as error:
                if has_text:
                    raise
                errors.append(error)
        raise min(errors, key=_seconds_until_retry)


def _seconds_until_retry(error: ModelError) -> float:
    """Return in how many seconds asking again may help."""
    if error.is_final or not isinstance(error, ModelBusy | ModelUnavailable):
        return math.inf
    return (error.retry_after if isinstance(error, ModelBusy) else None) or 0.0
