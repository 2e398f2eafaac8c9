"""A `ChatModel` over `POST {base_url}/chat/completions`, OpenAI's or a compatible server's.

Separate because it is where a model is waited for: `asking` decides what is sent, `adapting` what is sent
instead, `reading` what the bytes mean. Rules: every failure leaves as a `ModelError`; leaving the context
closes the connection, which is how a server learns to stop.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import NamedTuple

import httpx
import structlog

from bot.core.attachments import PictureRefused
from bot.core.domain import ChatRequest
from bot.core.errors import ModelError, ModelRejected, ModelSlow, ModelUnavailable
from bot.core.stream import PicturesLeftOut, StreamEvent
from bot.llm.adapting import MOST_ROUNDS, Adaptations
from bot.llm.asking import Dialect, Fields, fields, has_pictures
from bot.llm.blame import is_about_pictures
from bot.llm.body import Body
from bot.llm.client import COMPLETIONS, FAILURES
from bot.llm.complaint import Complaint, for_log, from_body, request_id
from bot.llm.errors import model_error
from bot.llm.patience import Patience
from bot.llm.profiles import profile
from bot.llm.reading import ENDLESS, STALLED, AnswerReader
from bot.notebook import Page
from bot.ports import NeededAt, at_once

LARGEST_ERROR = 64 * 1024
"""Bytes of an error's body that are read."""
LINGER = 2.0
"""Seconds to wait for what is not needed: usage and `[DONE]` after the end, the body of an error."""

log = structlog.get_logger()


class Limits(NamedTuple):
    """Times by which something must have come, by the clock of the loop."""

    first_word: float
    end: float


class OpenAIChat:
    """Asks a server with OpenAI's chat-completions API, by streams where the model may be streamed."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        first_word: float = 120.0,
        idle: float = 90.0,
        total: float = 600.0,
        dialect: Dialect | None = None,
        page: Page | None = None,
    ) -> None:
        """Limits in seconds: until the first word, between two pieces after it, and for the whole answer.

        Comments that a server sends to keep the line open count as pieces, not as words. Unless
        a dialect is given, the address tells it. On the `page` is what this server has taught us.
        """
        self._client = client
        self._first_word = first_word
        self._idle = idle
        self._total = total
        self._dialect = dialect or Dialect(profile=profile(client.base_url))
        self._adaptations = Adaptations(page)

    @property
    def sends_names(self) -> bool:
        """Whether messages keep their `name`."""
        return self._dialect.sends_names

    def adaptations(self, model: str) -> Mapping[str, str]:
        """Return what is done about which parameter of a model, in words for people."""
        refused = dict.fromkeys(self._dialect.profile.refused, "has no effect: this service does not take it")
        return {**refused, **self._adaptations.told(self._dialect.model or model)}

    @asynccontextmanager
    async def stream(
        self, request: ChatRequest, *, needed_at: NeededAt = at_once
    ) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        """Ask, and iterate over what comes; see `ChatModel.stream`."""
        started = asyncio.get_running_loop().time()
        response, sent = await self._open(request, started)
        try:
            first_word = started + (self._first_word if sent["stream"] else self._total)
            is_blind = any(message.images for message in request.messages) and not has_pictures(sent)
            first = (PicturesLeftOut(),) if is_blind else ()
            limits = Limits(first_word, started + self._total)
            async with aclosing(self._events(response, limits, first, needed_at)) as events:
                yield events
        finally:
            await _close(response)

    async def _open(self, request: ChatRequest, started: float) -> tuple[httpx.Response, Fields]:
        """Return an answer with a status of success, its body unread, and the fields that brought it."""
        wanted = fields(request, self._dialect)
        body = self._adaptations.apply(wanted)
        for left in reversed(range(MOST_ROUNDS + 1)):
            response = await self._send(body, started)
            if response.is_success:
                break
            complaint = from_body(response.status_code, await _read_error(response))
            error = model_error(complaint, response.headers, now=time.time())
            sent, body = body, self._adapted(error, complaint, wanted, body)
            if not left or body == sent:
                raise _of_pictures(error, complaint, sent)
        return response, body

    async def _send(self, body: Fields, started: float) -> httpx.Response:
        post = self._client.build_request("POST", COMPLETIONS, json=body)
        patience = self._first_word if body["stream"] else self._total
        try:
            async with asyncio.timeout_at(started + min(patience, self._total)) as limit:
                return await self._client.send(post, stream=True)
        except FAILURES as error:
            if limit.expired():
                raise ModelSlow("No answer has begun in time.") from error
            raise ModelUnavailable(_reason(error)) from error

    def _adapted(self, error: ModelError, complaint: Complaint, wanted: Fields, sent: Fields) -> Fields:
        """Return what to send now, which is the same as before if the refusal teaches nothing."""
        blamed = self._adaptations.learn(error, complaint, sent)
        if not blamed:
            return sent
        log.info(
            "A model does not take a parameter; going on without.", action="model_adapted", fields=blamed
        )
        return self._adaptations.apply(wanted)

    async def _events(
        self, response: httpx.Response, limits: Limits, first: Iterable[StreamEvent], needed_at: NeededAt
    ) -> AsyncGenerator[StreamEvent]:
        for event in first:
            yield event
        reader, body = AnswerReader(request=request_id(response.headers)), Body(response)
        clock, patience = asyncio.get_running_loop().time, Patience()
        try:
            with patience:
                patience.until(self._due(reader, limits, clock()))
                async for piece in body:
                    patience.came()
                    for event in reader.feed(piece):
                        yield event
                    if reader.done:
                        break
                    if reader.spoke and not reader.complete and (needed := needed_at()) > clock():
                        await body.rest(min(needed, limits.end))
                    patience.until(self._due(reader, limits, clock()))
        except FAILURES as error:
            if not reader.complete:
                raise _broken(
                    reader, error, is_late=patience.is_over, is_end=clock() >= limits.end
                ) from error
        for event in reader.finish():
            yield event

    def _due(self, reader: AnswerReader, limits: Limits, now: float) -> float:
        """Return when the next bytes are due."""
        if reader.complete:
            return min(now + LINGER, limits.end)
        return min(now + self._idle if reader.spoke else limits.first_word, limits.end)


def _broken(reader: AnswerReader, error: Exception, *, is_late: bool, is_end: bool) -> ModelError:
    """Return what to raise for an answer that a failure ends."""
    if not is_late:
        return reader.broken(_reason(error))
    if is_end:
        return reader.broken("The answer takes too long.", ENDLESS)
    return reader.broken("The service has fallen silent.", STALLED)


def _of_pictures(error: ModelError, complaint: Complaint, sent: Fields) -> ModelError:
    """Return the error for a refusal, which may be one of a picture that was sent."""
    is_theirs = type(error) is ModelRejected and has_pictures(sent) and is_about_pictures(complaint)
    return PictureRefused(str(error)) if is_theirs else error


async def _read_error(response: httpx.Response) -> bytes:
    """Read the beginning of an error's body, and close the response; the status says enough without one."""
    body = b""
    try:
        with suppress(*FAILURES):
            async with asyncio.timeout(LINGER):
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > LARGEST_ERROR:
                        break
    finally:
        await _close(response)
    return body


async def _close(response: httpx.Response) -> None:
    with suppress(*FAILURES):  # it is over either way
        await response.aclose()


def _reason(error: Exception) -> str:
    """Return what happened; the name only where there are no words: httpx-aiohttp renames freely."""
    return for_log(str(error) or type(error).__name__)
