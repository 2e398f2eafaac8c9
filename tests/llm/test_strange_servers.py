"""`OpenAIChat` over real sockets, against servers that send anything: an answer, or an error of ours."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.chat.stream import ChoiceFinished, TextDelta
from bot.core.errors import (
    ModelEndless,
    ModelError,
    ModelFailed,
    ModelInterrupted,
    ModelKeyRefused,
    ModelRejected,
    ModelSlow,
    ModelStalled,
    ModelUnavailable,
    ModelUnknown,
)
from bot.core.requests import Usage
from tests.llm.answers import DONE, END, WORD, ask
from tests.llm.raw_server import OK, Step, raw_server

COMPLETE: dict[str, Sequence[Step]] = {
    "no content type, no length": [OK, WORD, END, DONE],
    "slowly": [OK, *(bytes([byte]) for byte in WORD + END + DONE)],
    "the server stays silent after [DONE]": [OK, WORD + END + DONE, None],
    "plain text type": [b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n", WORD, END],
    "chunked": [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"%x\r\n%s\r\n" % (len(WORD + END), WORD + END),
        b"0\r\n\r\n",
    ],
    "cut after the finish reason": [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"%x\r\n%s\r\n" % (len(WORD + END), WORD + END),
    ],
    "a plain completion": [
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n",
        b'{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}',
    ],
    "status 201": [b"HTTP/1.1 201 Created\r\n\r\n", WORD, END],
}


@pytest.mark.parametrize("script", COMPLETE.values(), ids=COMPLETE)
async def test_a_complete_answer_from_a_strange_server(script: Sequence[Step]) -> None:
    async with raw_server(script) as server:
        assert TextDelta("Hi") in await ask(server.base_url)


async def test_a_finished_answer_does_not_wait_for_a_server_that_says_no_more() -> None:
    """Usage may follow a moment after the finish reason; a missing [DONE] must not hold the answer up."""
    clock = asyncio.get_running_loop().time
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":3}}\n\n'
    async with raw_server([OK, WORD + END, 0.2, usage, None]) as server:
        started = clock()
        events = await ask(server.base_url, idle=60, total=60)
    assert events == [TextDelta("Hi"), ChoiceFinished("stop"), Usage(prompt_tokens=3)]
    assert clock() - started < 4


PINGS: list[Step] = [b": ping\n\n", 0.1] * 50
WORDS: list[Step] = [WORD, 0.1] * 50

BROKEN: dict[str, tuple[Sequence[Step], type[ModelError]]] = {
    "closes at once": ([], ModelUnavailable),
    "no HTTP": ([b"hello\r\n\r\n"], ModelUnavailable),
    "half a head": ([b"HTTP/1.1 200 OK\r\ncontent-"], ModelUnavailable),
    "headers without end": ([b"HTTP/1.1 200 OK\r\nx: " + b"x" * 100_000], ModelUnavailable),
    "an empty body": ([OK], ModelFailed),
    "cut in mid-answer": ([OK, WORD], ModelInterrupted),
    "less than promised": ([b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n", WORD], ModelInterrupted),
    "broken chunks": (
        [
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            b"%x\r\n%s\r\n" % (len(WORD), WORD),
            0.1,
            b"zz\r\n",
        ],
        ModelStalled,
    ),
    "not the compression it says": (
        [b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n", WORD],
        ModelFailed,
    ),
    "silent from the start": ([None], ModelSlow),
    "silent after the head": ([OK, None], ModelSlow),
    "pings for ever": ([OK, *PINGS], ModelSlow),
    "silent in mid-answer": ([OK, WORD, None], ModelStalled),
    "talks without end": ([OK, *WORDS], ModelEndless),
    "redirects": ([b"HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\n\r\n"], ModelUnknown),
    "switches protocols": ([b"HTTP/1.1 101 x\r\nupgrade: y\r\n\r\n"], ModelFailed),
    "an error whose body is cut": ([b"HTTP/1.1 401 x\r\ncontent-length: 99\r\n\r\n{"], ModelKeyRefused),
    "an error that stays silent": ([b"HTTP/1.1 401 x\r\ncontent-length: 99\r\n\r\n{", None], ModelKeyRefused),
}


@pytest.mark.parametrize(("script", "error"), BROKEN.values(), ids=BROKEN)
async def test_a_broken_answer_is_the_error_it_means(script: Sequence[Step], error: type[ModelError]) -> None:
    async with raw_server(script) as server:
        with pytest.raises(error) as caught:
            await ask(server.base_url, first_word=1.0, idle=0.5, total=2.0)
    assert type(caught.value) is error


async def test_pings_are_no_words() -> None:
    """They keep a connection open, but the timeout for the first word still applies."""
    async with raw_server([OK, *PINGS]) as server:
        with pytest.raises(ModelSlow):
            await ask(server.base_url, first_word=0.5, idle=60, total=60)


async def test_an_error_without_end_is_not_read_to_its_end() -> None:
    async with raw_server([b"HTTP/1.1 400 x\r\n\r\n", *([b"x" * 65_536] * 1000), None]) as server:
        with pytest.raises(ModelRejected):
            await ask(server.base_url)


async def test_an_address_without_a_server_is_unavailable() -> None:
    async with raw_server([]) as server:
        url = server.base_url
    with pytest.raises(ModelUnavailable, match="Cannot connect"):
        await ask(url)


pieces = st.lists(
    st.binary(max_size=40) | st.sampled_from([OK, WORD, END, DONE, b"HTTP/1.1 ", b"\r\n\r\n", b"data: {}\n\n"]),
    max_size=6,
)


@given(pieces, st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_bytes_of_a_server_are_an_answer_or_one_of_our_errors(script: list[bytes], proper: bool) -> None:
    async def play() -> None:
        async with raw_server([OK, *script] if proper else script) as server:
            with suppress(ModelError):
                await ask(server.base_url, first_word=1, idle=1, total=2)

    asyncio.run(play())
