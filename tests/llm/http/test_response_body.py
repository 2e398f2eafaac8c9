"""An answer that is read only when it is needed, over real sockets."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest
from aiohttp import StreamReader

from bot.core.chat.stream import TextDelta
from bot.core.errors import ModelInterrupted
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http import response_body
from bot.llm.http.client import open_client
from tests.contracts.chat_model import asking
from tests.llm.raw_server import OK, Step, raw_server

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
END = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

Heard = list[tuple[float, str]]
"""Seconds since the first text, and the text."""


def word(text: str) -> bytes:
    return b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % text.encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def listen(script: Sequence[Step], heard: Heard, *, needed_in: float) -> None:
    """Ask; each text is needed so many seconds after the one before."""
    clock, started = asyncio.get_running_loop().time, 0.0

    def needed_at() -> float:
        return started + heard[-1][0] + needed_in

    async with (
        raw_server(script) as server,
        open_client(server.base_url) as client,
        OpenAIChat(client).stream(asking("hello"), needed_at=needed_at) as events,
    ):
        async for event in events:
            started = started or clock()
            heard.append((clock() - started, event.text if isinstance(event, TextDelta) else "."))


def all_of(heard: Heard) -> str:
    return "".join(text for _, text in heard)


def slowly(*words: str) -> list[Step]:
    return [step for each in words for step in (word(each), 0.05)]


async def test_text_that_is_needed_later_comes_together() -> None:
    heard: Heard = []
    await listen([OK, *slowly(*"abcdefghij"), END], heard, needed_in=0.3)
    assert all_of(heard) == "abcdefghij."
    assert len(heard) <= 6, heard
    assert heard[2][0] >= 0.3


async def test_the_end_comes_at_once_however_late_it_is_needed() -> None:
    heard: Heard = []
    await listen([OK, *slowly(*"abcdefghij"), END], heard, needed_in=60.0)
    assert all_of(heard) == "abcdefghij."
    assert heard[-1][0] < response_body.MAX_WAIT_SECONDS / 2


async def test_a_body_that_stays_open_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_body, "MAX_WAIT_SECONDS", 0.2)
    heard: Heard = []
    await listen([OK, *slowly("a", "b", "c"), END, None], heard, needed_in=60.0)
    assert all_of(heard) == "abc."
    assert heard[-1][0] < 1.0


async def test_bytes_that_came_before_the_connection_broke_are_not_lost() -> None:
    """The bytes had come, although they had not been read."""
    heard: Heard = []
    words = [step for each in "abcdefghij" for step in (chunk(word(each)), 0.02)]
    with pytest.raises(ModelInterrupted):
        await listen([CHUNKED, *words], heard, needed_in=60.0)
    assert all_of(heard) == "abcdefghij"


async def test_a_fast_service_is_not_made_to_wait() -> None:
    """With a full buffer, the client would stop reading from the socket."""
    heard: Heard = []
    long = "x" * 2_000
    await listen([OK, word("a"), 0.05, *[word(long)] * 500, END], heard, needed_in=60.0)
    assert all_of(heard) == "a" + 500 * long + "."
    assert heard[-1][0] < response_body.MAX_WAIT_SECONDS / 2


async def test_the_private_names_of_other_libraries_are_still_there() -> None:
    """Without them the body is read as it comes, and no other test would notice."""
    async with (
        raw_server([OK, word("a"), 0.1]) as server,
        open_client(server.base_url) as client,
        client.stream("GET", "models") as response,
    ):
        assert isinstance(response.stream, httpx.AsyncByteStream)
        reader = response_body._find_aiohttp_reader(response.stream)
        assert isinstance(reader, StreamReader), "`_stream`, `_aiohttp_response` or `content`"
        await asyncio.sleep(0.05)
        assert response_body._read_buffered(reader) == word("a"), "`_buffer`"
        assert await reader.read(4) == word("a")[:4]
        assert response_body._read_buffered(reader) == word("a")[4:], "`_buffer_offset`"
