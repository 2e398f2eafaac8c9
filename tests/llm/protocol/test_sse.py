"""Which events a stream means, in pieces of any size."""

from collections.abc import Iterator

import pytest

from bot.core.errors import ModelInterrupted
from bot.llm.protocol.sse import MAX_EVENT_BYTES, SseDecoder, SseEvent

AWKWARD: dict[str, tuple[bytes, list[SseEvent]]] = {
    "plain": (b"data: a\n\ndata: b\n\n", [SseEvent("a"), SseEvent("b")]),
    "CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [SseEvent("a"), SseEvent("b")]),
    "CR": (b"data: a\r\rdata: b\r\r", [SseEvent("a"), SseEvent("b")]),
    "mixed ends of line": (b"data: a\r\n\ndata: b\n\r\ndata: c\r\n\r\n", [SseEvent(c) for c in "abc"]),
    "no space after the colon": (b"data:a\n\n", [SseEvent("a")]),
    "only one space is removed": (b"data:  a\n\n", [SseEvent(" a")]),
    "several lines of data": (b'data: {"a":\ndata: 1}\n\n', [SseEvent('{"a":\n1}')]),
    "several lines of data, CRLF": (b"data: a\r\ndata: b\r\n\r\n", [SseEvent("a\nb")]),
    "an empty line of data": (b"data: a\ndata:\ndata: b\n\n", [SseEvent("a\n\nb")]),
    "BOM first": (b"\xef\xbb\xbfdata: a\n\n", [SseEvent("a")]),
    "BOM later is no field": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [SseEvent("a")]),
    "line separators inside JSON": (
        'data: "\u2028\u2029\u0085\x0b\x0c"\n\n'.encode(),
        [SseEvent('"\u2028\u2029\u0085\x0b\x0c"')],
    ),
    "characters of two to four bytes": ("data: é猫🧵\n\n".encode(), [SseEvent("é猫🧵")]),
    "invalid UTF-8 is replaced": (b"data: a\xff\xc3b\n\n", [SseEvent("a\ufffd\ufffdb")]),
    "comments": (b": PROCESSING\n\n:\n\ndata: a\n: ping\ndata: b\n\n", [SseEvent("a\nb")]),
    "unknown fields": (b"id: 7\nretry: 10\nnonsense\ndata: a\nfoo: bar\n\n", [SseEvent("a")]),
    "named event": (b"event: error\ndata: a\n\ndata: b\n\n", [SseEvent("a", "error"), SseEvent("b")]),
    "a name without data is no event": (b"event: ping\n\ndata: a\n\n", [SseEvent("a")]),
    "last event without blank line": (b"data: a\n\ndata: b\n", [SseEvent("a"), SseEvent("b")]),
    "last event without end of line": (b"data: a\n\ndata: b", [SseEvent("a"), SseEvent("b")]),
    "a field without colon": (b"data\n\n", [SseEvent("")]),
    "nothing": (b"", []),
    "blank lines": (b"\n\r\n\r\n\n", []),
}

cases = pytest.mark.parametrize(("stream", "events"), AWKWARD.values(), ids=AWKWARD)


def decoded(pieces: list[bytes], *, largest: int = MAX_EVENT_BYTES) -> list[SseEvent]:
    decoder = SseDecoder(max_bytes=largest)
    return [event for piece in pieces for event in decoder.decode(piece)] + decoder.flush()


def halves(stream: bytes) -> Iterator[list[bytes]]:
    for at in range(len(stream) + 1):
        yield [stream[:at], stream[at:]]


@cases
def test_whole(stream: bytes, events: list[SseEvent]) -> None:
    assert decoded([stream]) == events


@cases
def test_byte_by_byte(stream: bytes, events: list[SseEvent]) -> None:
    assert decoded([stream[at : at + 1] for at in range(len(stream))]) == events


@cases
def test_split_at_every_point(stream: bytes, events: list[SseEvent]) -> None:
    assert all(decoded(pieces) == events for pieces in halves(stream))


@cases
def test_empty_pieces_change_nothing(stream: bytes, events: list[SseEvent]) -> None:
    for first, second in halves(stream):
        assert decoded([b"", first, b"", b"", second, b""]) == events


@cases
def test_rubbish_after_it_does_not_change_what_came_before(stream: bytes, events: list[SseEvent]) -> None:
    rubbish = b"\n\n\x00\xff<html>: \r\r{]\n"
    assert decoded([stream + rubbish])[: len(events)] == events


def test_events_come_with_the_bytes_that_complete_them() -> None:
    """A delta is not held back until the next one arrives."""
    decoder = SseDecoder()
    assert decoder.decode(b"data: a\n") == []
    assert decoder.decode(b"\n") == [SseEvent("a")]
    assert decoder.decode(b"data: b\r\n\r") == [SseEvent("b")]
    assert decoder.decode(b"\ndata: c\n\n") == [SseEvent("c")]


@pytest.mark.parametrize("stream", [b"data: " + b"x" * 100, b"data: x\n" * 20, b":" + b"x" * 100])
def test_an_event_that_never_ends_is_refused(stream: bytes) -> None:
    """One endless line, endless lines, an endless comment: each ends with an error."""
    with pytest.raises(ModelInterrupted):
        decoded([stream[at : at + 1] for at in range(len(stream))], largest=64)


def test_many_small_events_are_not_a_large_one() -> None:
    decoder = SseDecoder(max_bytes=64)
    assert sum(len(decoder.decode(b"data: x\n\n: ping\n\n")) for _ in range(100)) == 100
