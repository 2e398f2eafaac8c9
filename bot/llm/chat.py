"""A `ChatModel` over `POST {base_url}/chat/completions`, OpenAI's or a compatible server's.

Separate because it is the only module that talks to a model: it waits and translates, `reading` decides
what the bytes mean. Rules: httpx over aiohttp's transport, since plain httpx leaks its pool when a request
is cancelled (facts/model-api.md 4.1); redirects are not followed, a key must not travel; every failure
leaves as a `ModelError`; leaving the context closes the connection, which is how a server learns to stop.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress

import httpx
from aiohttp import ClientError
from httpx_aiohttp import HttpxAiohttpClient

from bot.core.domain import ChatRequest
from bot.core.errors import ModelUnavailable, SettingsError
from bot.core.stream import StreamEvent
from bot.llm.complaint import for_log, request_id
from bot.llm.errors import model_error
from bot.llm.reading import AnswerReader

LARGEST_ERROR = 64 * 1024
"""Bytes of an error's body that are read."""
LINGER = 2.0
"""Seconds to wait for what is not needed: usage and `[DONE]` after the end, the body of an error."""
TRANSPORT = httpx.Timeout(connect=5.0, write=30.0, pool=10.0, read=None)
"""Reading has no limit here: `OpenAIChat` sets its own, which know whether the model has begun to speak."""
FAILURES = (httpx.HTTPError, httpx.StreamError, ClientError, OSError)
"""What a request may raise; httpx-aiohttp lets some of aiohttp's own errors pass. OSError: timeouts too."""


def open_client(base_url: str, api_key: str = "", organization: str = "") -> httpx.AsyncClient:
    """Return a client for the API at `base_url` (with its `/v1`); its owner closes it.

    Without a key no `Authorization` is sent: local servers need none. Proxies are taken from the
    environment, except towards this machine. Raises `SettingsError`.
    """
    headers = {"Accept-Encoding": "identity"}  # a compressed stream tends to arrive in lumps
    if api_key:
        headers["Authorization"] = f"Bearer {_header('OPENAI_API_KEY', api_key)}"
    if organization:
        headers["OpenAI-Organization"] = _header("OPENAI_ORGANIZATION", organization)
    url = _url(base_url)
    return HttpxAiohttpClient(
        base_url=url,
        headers=headers,
        timeout=TRANSPORT,
        limits=httpx.Limits(max_connections=1000),  # how many answers run at once is the worker's decision
        verify=url.scheme == "https",  # certificates are slow to load, and plain HTTP has none to verify
        trust_env=url.host not in {"localhost", "127.0.0.1", "::1"},
    )


class OpenAIChat:
    """Asks a server with OpenAI's chat-completions API, by streams."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        first_word: float = 120.0,
        idle: float = 90.0,
        total: float = 600.0,
    ) -> None:
        """Limits in seconds: until the first word, between two pieces after it, and for the whole answer.

        Comments that a server sends to keep the line open count as pieces, not as words.
        """
        self._client = client
        self._first_word = first_word
        self._idle = idle
        self._total = total
        self._asks_usage = True

    @asynccontextmanager
    async def stream(self, request: ChatRequest) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        """Ask, and iterate over what comes; see `ChatModel.stream`."""
        started = asyncio.get_running_loop().time()
        response = await self._open(request, started)
        try:
            async with aclosing(self._events(response, started)) as events:
                yield events
        finally:
            await _close(response)

    async def _open(self, request: ChatRequest, started: float) -> httpx.Response:
        """Return an answer with a status of success, its body unread."""
        while True:
            fields = self._fields(request)
            post = self._client.build_request("POST", "chat/completions", json=fields)
            try:
                async with asyncio.timeout_at(started + min(self._first_word, self._total)):
                    response = await self._client.send(post, stream=True)
            except FAILURES as error:
                raise ModelUnavailable(_reason(error)) from error
            if response.is_success:
                return response
            body = await _read_error(response)
            refused = response.is_client_error and b"stream_options" in body
            if not (refused and "stream_options" in fields):
                raise model_error(response.status_code, body, response.headers, now=time.time())
            self._asks_usage = False  # this server does not know the field: go without usage from now on

    def _fields(self, request: ChatRequest) -> dict[str, object]:
        """Return the fields to send: those that are set, since servers refuse what they do not know."""
        fields: dict[str, object] = {
            **request.parameters,
            "model": request.model,
            "messages": [message.as_json() for message in request.messages],
            "stream": True,
        }
        if self._asks_usage:
            fields["stream_options"] = {"include_usage": True}
        if request.user:
            fields["user"] = request.user
        return fields

    async def _events(self, response: httpx.Response, started: float) -> AsyncGenerator[StreamEvent]:
        reader = AnswerReader(request=request_id(response.headers))
        pieces = response.aiter_bytes()
        while not reader.done and (piece := await self._next(pieces, reader, started)):
            for event in reader.feed(piece):
                yield event
        for event in reader.finish():
            yield event

    async def _next(self, pieces: AsyncIterator[bytes], reader: AnswerReader, started: float) -> bytes:
        """Return the next bytes, or none at the end."""
        try:
            async with asyncio.timeout_at(self._deadline(reader, started)):
                return await anext(pieces, b"")
        except FAILURES as error:
            if reader.complete:
                return b""
            raise reader.broken(_reason(error)) from error

    def _deadline(self, reader: AnswerReader, started: float) -> float:
        now = asyncio.get_running_loop().time()
        if reader.complete:
            due = now + LINGER
        elif reader.spoke:
            due = now + self._idle
        else:
            due = started + self._first_word
        return min(due, started + self._total)


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


def _url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise SettingsError("`OPENAI_BASE_URL` must be an address such as `https://api.openai.com/v1`.")
    return url


def _header(name: str, value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise SettingsError(f"`{name}` holds a space, a line break or a character that no key has.")
    return value
