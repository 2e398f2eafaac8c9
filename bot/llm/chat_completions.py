"""A `ChatModel` that asks OpenAI's chat-completions API, or a compatible server's.

    stream()  ->  POST {base_url}/chat/completions
                    4xx: learn from it, change the body, ask again (adaptation)
                    2xx: bytes -> events (answer_reader), until the answer is complete

Every failure becomes a `ModelError`. Three timeouts apply: until the first word, between two pieces after it,
and for the whole answer. Leaving the context closes the connection, which tells the server to stop.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import NamedTuple

import httpx
import structlog

from bot.core.chat.stream import PicturesLeftOut, StreamEvent
from bot.core.errors import ModelError, ModelRejected, ModelSlow, ModelUnavailable, PictureRefused
from bot.core.requests import ChatRequest
from bot.llm.adaptation.adaptations import MAX_ADAPTATIONS_PER_QUESTION, Adaptations
from bot.llm.adaptation.rejected_fields import is_about_pictures
from bot.llm.http.client import COMPLETIONS_PATH, TRANSPORT_ERRORS
from bot.llm.http.read_deadline import ReadDeadline
from bot.llm.http.response_body import ResponseBody
from bot.llm.protocol.answer_reader import ENDLESS, STALLED, AnswerReader
from bot.llm.protocol.error_body import ErrorBody, parse_error_body, read_request_id, redact_for_log
from bot.llm.protocol.error_translation import make_model_error
from bot.llm.protocol.profiles import find_profile
from bot.llm.protocol.request_body import Dialect, Fields, build_body, has_pictures
from bot.ports import NO_SERVER_FACTS, NeededAt, ServerFacts, needed_at_once

MAX_ERROR_BYTES = 64 * 1024
"""Bytes of an error's body that are read."""
LINGER_SECONDS = 2.0
"""Wait for what is not essential: usage and `[DONE]` after the end, the body of an error."""

log = structlog.get_logger()


class AnswerDeadlines(NamedTuple):
    """Times, by the clock of the loop, by which something must have come."""

    first_word: float
    end: float


class OpenAIChat:
    """Asks a server with OpenAI's chat-completions API; it streams, unless the model cannot be streamed."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        first_word_timeout: float = 120.0,
        idle_timeout: float = 90.0,
        total_timeout: float = 600.0,
        dialect: Dialect | None = None,
        facts: ServerFacts = NO_SERVER_FACTS,
    ) -> None:
        """Set timeouts in seconds: until the first word, between later pieces, for the whole answer.

        Comments that a server sends to keep the connection open count as pieces, but not as words. Unless a
        dialect is given, it is derived from the address. `facts` holds what was learned about this server.
        """
        self._client = client
        self._first_word_timeout = first_word_timeout
        self._idle_timeout = idle_timeout
        self._total_timeout = total_timeout
        self._dialect = dialect or Dialect(profile=find_profile(client.base_url))
        self._adaptations = Adaptations(facts)

    @property
    def sends_names(self) -> bool:
        """Whether messages keep their `name`."""
        return self._dialect.sends_names

    def adaptations(self, model: str) -> Mapping[str, str]:
        """Return what is done about each parameter of a model, in words for people."""
        refused = dict.fromkeys(self._dialect.profile.refused, "has no effect: this service does not accept it")
        return {**refused, **self._adaptations.describe_changes(self._dialect.model or model)}

    @asynccontextmanager
    async def stream(
        self, request: ChatRequest, *, needed_at: NeededAt = needed_at_once
    ) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        """Ask, and iterate over the events; see `ChatModel.stream`."""
        started = asyncio.get_running_loop().time()
        response, sent = await self._open(request, started)
        try:
            first_word = started + (self._first_word_timeout if sent["stream"] else self._total_timeout)
            lacks_pictures = any(message.images for message in request.messages) and not has_pictures(sent)
            first = (PicturesLeftOut(),) if lacks_pictures else ()
            deadlines = AnswerDeadlines(first_word, started + self._total_timeout)
            async with aclosing(self._events(response, deadlines, first, needed_at)) as events:
                yield events
        finally:
            await _close(response)

    async def _open(self, request: ChatRequest, started: float) -> tuple[httpx.Response, Fields]:
        """Return a successful response, its body unread, and the body that was sent for it."""
        wanted = build_body(request, self._dialect)
        body = self._adaptations.apply(wanted)
        for left in reversed(range(MAX_ADAPTATIONS_PER_QUESTION + 1)):
            response = await self._send(body, started)
            if response.is_success:
                break
            error_body = parse_error_body(response.status_code, await _read_error(response))
            error = make_model_error(error_body, response.headers, now=time.time())
            sent, body = body, self._adapt_body(error, error_body, wanted, body)
            if not left or body == sent:
                raise _as_picture_error(error, error_body, sent)
        return response, body

    async def _send(self, body: Fields, started: float) -> httpx.Response:
        post = self._client.build_request("POST", COMPLETIONS_PATH, json=body)
        timeout = self._first_word_timeout if body["stream"] else self._total_timeout
        try:
            async with asyncio.timeout_at(started + min(timeout, self._total_timeout)) as limit:
                return await self._client.send(post, stream=True)
        except TRANSPORT_ERRORS as error:
            if limit.expired():
                raise ModelSlow("No answer has begun in time.") from error
            raise ModelUnavailable(_describe_failure(error)) from error

    def _adapt_body(self, error: ModelError, error_body: ErrorBody, wanted: Fields, sent: Fields) -> Fields:
        """Return the body to send next; it is the same as before if the refusal taught nothing."""
        rejected = self._adaptations.learn(error, error_body, sent)
        if not rejected:
            return sent
        log.info(
            "A model does not accept a parameter; asking again without it.", action="model_adapted", fields=rejected
        )
        return self._adaptations.apply(wanted)

    async def _events(
        self, response: httpx.Response, deadlines: AnswerDeadlines, first: Iterable[StreamEvent], needed_at: NeededAt
    ) -> AsyncGenerator[StreamEvent]:
        for event in first:
            yield event
        reader, body = AnswerReader(request=read_request_id(response.headers)), ResponseBody(response)
        clock, deadline = asyncio.get_running_loop().time, ReadDeadline()
        try:
            with deadline:
                deadline.start(self._next_deadline(reader, deadlines, clock()))
                async for piece in body:
                    deadline.stop()
                    for event in reader.feed(piece):
                        yield event
                    if reader.is_done:
                        break
                    if reader.has_text and not reader.is_complete and (needed := needed_at()) > clock():
                        await body.wait_for_more(min(needed, deadlines.end))
                    deadline.start(self._next_deadline(reader, deadlines, clock()))
        except TRANSPORT_ERRORS as error:
            if not reader.is_complete:
                raise _make_broken_error(
                    reader, error, is_late=deadline.is_expired, is_end=clock() >= deadlines.end
                ) from error
        for event in reader.finish():
            yield event

    def _next_deadline(self, reader: AnswerReader, deadlines: AnswerDeadlines, now: float) -> float:
        """Return when the next bytes are due."""
        if reader.is_complete:
            return min(now + LINGER_SECONDS, deadlines.end)
        return min(now + self._idle_timeout if reader.has_text else deadlines.first_word, deadlines.end)


def _make_broken_error(reader: AnswerReader, error: Exception, *, is_late: bool, is_end: bool) -> ModelError:
    """Return the error for an answer that was cut short by a failure."""
    if not is_late:
        return reader.make_error(_describe_failure(error))
    if is_end:
        return reader.make_error("The answer takes too long.", ENDLESS)
    return reader.make_error("The service has fallen silent.", STALLED)


def _as_picture_error(error: ModelError, error_body: ErrorBody, sent: Fields) -> ModelError:
    """Return the error for a refusal; it may be about a picture that was sent."""
    is_theirs = type(error) is ModelRejected and has_pictures(sent) and is_about_pictures(error_body)
    return PictureRefused(str(error)) if is_theirs else error


async def _read_error(response: httpx.Response) -> bytes:
    """Read the beginning of an error's body, and close the response; if that fails, the status is enough."""
    body = b""
    try:
        with suppress(*TRANSPORT_ERRORS):
            async with asyncio.timeout(LINGER_SECONDS):
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > MAX_ERROR_BYTES:
                        break
    finally:
        await _close(response)
    return body


async def _close(response: httpx.Response) -> None:
    with suppress(*TRANSPORT_ERRORS):  # the response is no longer needed
        await response.aclose()


def _describe_failure(error: Exception) -> str:
    """Return what happened; without any text, the error's name: httpx-aiohttp raises errors without one."""
    return redact_for_log(str(error) or type(error).__name__)
