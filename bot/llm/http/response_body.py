"""The body of a response, in pieces as they come, or only when they are needed.

Separate from `chat`, which reads them, because only here is it known that aiohttp brings them. A token read
when it comes wakes ten coroutines, and ten more come before the screen can show it. Rules: whoever rests
is woken by the end of the body; what came before a connection broke is not lost with it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from math import inf

import httpx
from aiohttp import StreamReader

from bot.llm.http.client import TRANSPORT_ERRORS

MAX_WAIT_SECONDS = 2.0
"""Seconds for which nothing is read at most: some servers say that they are done, and leave the body open."""
MAX_BUFFERED_BYTES = 64 * 1024
"""Bytes that may come meanwhile; aiohttp gathers twice as many before it lets the server wait."""


class ResponseBody:
    """The bytes of one response; an iterable that raises `FAILURES`."""

    def __init__(self, response: httpx.Response) -> None:
        self._pieces = response.aiter_bytes()
        self._content: StreamReader | None = None
        is_plain = response.headers.get("content-encoding", "identity") == "identity"
        if is_plain and isinstance(response.stream, httpx.AsyncByteStream):
            self._pieces = aiter(response.stream)  # httpx's own way is long, and needed to decompress
            self._content = _find_aiohttp_reader(response.stream)
        self._clock = asyncio.get_running_loop().time
        self._size = 0
        self._noted = (inf, 0)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they come."""
        try:
            async for piece in self._pieces:
                self._size += len(piece)
                yield piece
        except TRANSPORT_ERRORS:
            if self._content and (left := _read_buffered(self._content)):
                yield left
            raise

    async def wait_for_more(self, until: float) -> None:
        """Let more come before it is read: until then, by the clock of the loop, or all has come, or much."""
        if self._content is None or self._content.total_bytes > self._size:
            return  # there is something to read
        now, (before, size) = self._clock(), self._noted
        self._noted = (now, self._size)
        full = now + MAX_BUFFERED_BYTES * (now - before) / max(
            self._size - size, 1
        )  # if it goes on at this rate
        until = min(until, full, now + MAX_WAIT_SECONDS)
        if until > now:
            with suppress(*TRANSPORT_ERRORS):  # of time, or one that comes again where the body is read
                async with asyncio.timeout_at(until):
                    await self._content.wait_eof()


def _find_aiohttp_reader(stream: httpx.AsyncByteStream) -> StreamReader | None:
    """Return where aiohttp gathers a body, if it does. Neither library has a public way to it."""
    response = getattr(getattr(stream, "_stream", None), "_aiohttp_response", None)
    content = getattr(response, "content", None)
    return content if isinstance(content, StreamReader) else None


def _read_buffered(content: StreamReader) -> bytes:
    """Return what has come and was not read; aiohttp itself gives no more of it once the connection broke."""
    return b"".join(getattr(content, "_buffer", ()))[getattr(content, "_buffer_offset", 0) :]
