"""A circuit breaker: stops asking a server that cannot answer at the moment.

    closed   every question is passed on
      |      failures in 3 conversations, with no answer in between, or a refusal about money
      v
    open     the last error is raised at once, without asking
      |      after a pause (20 s, or 60 s if it is about money) one question is passed on: its
      |      first word, or a refusal that shows the server runs, closes the breaker;
      v      any other failure opens it again

So people are told at once that there is no answer, an account without credit is not asked by everybody, and
an overloaded server gets a rest. Attempts and questions of one conversation count once: what it asks may be what the
server cannot take, and others must not pay for that. The caller passes the clock.
"""

import time
from collections.abc import AsyncGenerator, Callable

import structlog

from bot.core.chat.stream import StreamEvent, TextDelta
from bot.core.errors import ModelError, ModelOutOfCredit, ModelOverloaded, ModelUnavailable
from bot.core.requests import ChatRequest
from bot.llm.resilience.model_wrapper import ModelWrapper
from bot.ports import ChatModel, NeededAt

MAX_FAILED_CONVERSATIONS = 3
"""Two may have met a bad moment, or ask the same that no server can take."""
FAILURE_PAUSE_SECONDS = 20.0
"""Most servers need no longer to restart."""
BILLING_PAUSE_SECONDS = 60.0
"""The pause after a refusal about money, which a person has to put right."""
TRIPPING_ERRORS = (ModelOutOfCredit, ModelOverloaded, ModelUnavailable)

log = structlog.get_logger()


class CircuitBreaker(ModelWrapper):
    """Wraps the model of one server and key."""

    def __init__(self, model: ChatModel, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds."""
        self._model = model
        self._clock = clock
        self._failed_conversations: set[str] = set()
        self._error: ModelError | None = None
        self._next_try = 0.0

    async def _events(self, request: ChatRequest, needed_at: NeededAt) -> AsyncGenerator[StreamEvent]:
        self._raise_if_open()
        has_text = False
        try:
            async with self._model.stream(request, needed_at=needed_at) as events:
                async for event in events:
                    if isinstance(event, TextDelta) and not has_text:
                        has_text = True
                        self._close()
                    yield event
        except ModelError as error:
            if not has_text:
                self._note_error(error, request.conversation)
            raise

    def _raise_if_open(self) -> None:
        """Raise the last error again, unless the breaker is closed or it is time for a try."""
        if self._error is None:
            return
        now = self._clock()
        if now < self._next_try:
            refusal = type(self._error)(f"Not asked again yet: {self._error}")
            refusal.is_final = True
            raise refusal
        self._next_try = now + _choose_pause(self._error)  # other questions wait for the result of this one

    def _note_error(self, error: ModelError, conversation: str) -> None:
        if not isinstance(error, TRIPPING_ERRORS):
            self._close()  # a server that refuses is running
            return
        self._failed_conversations.add(conversation)
        is_outage = len(self._failed_conversations) >= MAX_FAILED_CONVERSATIONS
        if not is_outage and not isinstance(error, ModelOutOfCredit):
            return
        if self._error is None:
            log.error("A model server is not asked for a while.", action="breaker_open", error=error.code)
        self._error = error
        self._next_try = self._clock() + _choose_pause(error)

    def _close(self) -> None:
        if self._error is not None:
            log.info("A model server answers again.", action="breaker_closed")
        self._error, self._failed_conversations = None, set()


def _choose_pause(error: ModelError) -> float:
    return BILLING_PAUSE_SECONDS if isinstance(error, ModelOutOfCredit) else FAILURE_PAUSE_SECONDS
