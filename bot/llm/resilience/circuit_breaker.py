"""A `ChatModel` that stops asking a server which cannot answer now.

Separate from `retrying`, which is about one question: this remembers between questions. A person who has to
be told no should be told at once, an account without credit should not be asked by everybody, and a server
on its knees should be left alone. Rules: a refusal about money opens the breaker, as do a few failures in a
row; while it is open the last error is raised again, unasked; after a pause one question goes through, and
its first word closes the breaker. It is told the time.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import structlog

from bot.core.chat.stream import StreamEvent, TextDelta
from bot.core.errors import ModelError, ModelOutOfCredit, ModelOverloaded, ModelUnavailable
from bot.core.requests import ChatRequest
from bot.ports import ChatModel, NeededAt, needed_at_once

MAX_FAILURES_IN_A_ROW = 5
"""Two questions with their retries, nearly: one alone may have met a bad moment."""
FAILURE_PAUSE_SECONDS = 20.0
"""Seconds after failures in a row; most restarts of a server take no longer."""
BILLING_PAUSE_SECONDS = 60.0
"""Seconds after a refusal about money, which somebody must put right."""
TRIPPING_ERRORS = (ModelOutOfCredit, ModelOverloaded, ModelUnavailable)

log = structlog.get_logger()


class CircuitBreaker:
    """Wraps the model of one server and key."""

    def __init__(self, model: ChatModel, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds."""
        self._model = model
        self._clock = clock
        self._failures = 0
        self._error: ModelError | None = None
        self._next_try = 0.0

    @asynccontextmanager
    async def stream(
        self, request: ChatRequest, *, needed_at: NeededAt = needed_at_once
    ) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        """Ask, and iterate over what comes; see `ChatModel.stream`. Asking begins with iterating."""
        async with aclosing(self._events(request, needed_at)) as events:
            yield events

    async def _events(self, request: ChatRequest, needed_at: NeededAt) -> AsyncGenerator[StreamEvent]:
        self._raise_if_open()
        spoke = False
        try:
            async with self._model.stream(request, needed_at=needed_at) as events:
                async for event in events:
                    if isinstance(event, TextDelta) and not spoke:
                        spoke = True
                        self._close()
                    yield event
        except ModelError as error:
            if not spoke:
                self._note_error(error)
            raise

    def _raise_if_open(self) -> None:
        """Raise what was last raised, unless the breaker is closed or it is time to try again."""
        if self._error is None:
            return
        now = self._clock()
        if now < self._next_try:
            refusal = type(self._error)(f"Not asked again yet: {self._error}")
            refusal.is_final = True
            raise refusal
        self._next_try = now + _choose_pause(self._error)  # the others wait for what this one finds

    def _note_error(self, error: ModelError) -> None:
        if not isinstance(error, TRIPPING_ERRORS):
            self._close()  # it refuses, so it is there
            return
        self._failures += 1
        if self._failures < MAX_FAILURES_IN_A_ROW and not isinstance(error, ModelOutOfCredit):
            return
        if self._error is None:
            log.error("A model server is not asked for a while.", action="breaker_open", error=error.code)
        self._error = error
        self._next_try = self._clock() + _choose_pause(error)

    def _close(self) -> None:
        if self._error is not None:
            log.info("A model server answers again.", action="breaker_closed")
        self._error, self._failures = None, 0


def _choose_pause(error: ModelError) -> float:
    return BILLING_PAUSE_SECONDS if isinstance(error, ModelOutOfCredit) else FAILURE_PAUSE_SECONDS
