"""Reads the body of a response piece by piece, or lets bytes gather until their text is needed.

A token that is read as soon as it comes wakes ten coroutines, and ten more tokens come before the screen can
show it. So the reader may wait with `wait_for_more`: aiohttp goes on buffering, and the next read returns
many tokens at once. The wait ends early when the body has ended or much has come. Bytes that had come before
the connection broke are still delivered.

Private names are needed for this: httpx's `_stream`, httpx-aiohttp's `_aiohttp_response`, and the buffer of
aiohttp's `StreamReader`. `tests/llm/http/test_response_body.py` fails if a new version renames one of them;
without them the body is read as it comes, only with more work.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from math import inf

import httpx
from aiohttp import StreamReader

from bot.llm.http.client import TRANSPORT_ERRORS

MAX_WAIT_SECONDS = 2.0
"""Nothing is left unread longer than this: some servers announce the end but keep the body open."""
MAX_BUFFERED_BYTES = 64 * 1024
"""Bytes that may gather meanwhile; aiohttp buffers twice as many before it makes the server wait."""


class ResponseBody:
    """The bytes of one response: an asynchronous iterable that raises `TRANSPORT_ERRORS`."""

    def __init__(self, response: httpx.Response) -> None:
        self._pieces = response.aiter_bytes()
        self._content: StreamReader | None = None
        is_plain = response.headers.get("content-encoding", "identity") == "identity"
        if is_plain and isinstance(response.stream, httpx.AsyncByteStream):
            self._pieces = aiter(response.stream)  # httpx's own iterator is slower
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
        """Wait until that time, by the clock of the loop, or until the body has ended or much has come."""
        if self._content is None or self._content.total_bytes > self._size:
            return  # there are bytes to read
        now, (before, size) = self._clock(), self._noted
        self._noted = (now, self._size)
        full = now + MAX_BUFFERED_BYTES * (now - before) / max(self._size - size, 1)  # at the present rate
        until = min(until, full, now + MAX_WAIT_SECONDS)
        if until > now:
            with suppress(*TRANSPORT_ERRORS):  # a timeout; others are raised again by reading
                async with asyncio.timeout_at(until):
                    await self._content.wait_eof()


def _find_aiohttp_reader(stream: httpx.AsyncByteStream) -> StreamReader | None:
    """Return aiohttp's reader of the body, if there is one; neither library makes it public."""
    response = getattr(getattr(stream, "_stream", None), "_aiohttp_response", None)
    content = getattr(response, "content", None)
    return content if isinstance(content, StreamReader) else None


def _read_buffered(content: StreamReader) -> bytes:
    """Return the buffered bytes, which aiohttp withholds once the connection is broken."""
    return b"".join(getattr(content, "_buffer", ()))[getattr(content, "_buffer_offset", 0) :]
