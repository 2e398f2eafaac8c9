r"""Decodes the bytes of a server-sent event stream into events, in pieces of any size.

    decoder = SseDecoder()
    decoder.decode(b"data: 1\n\nda")    [SseEvent("1")]
    decoder.decode(b"ta: 2\n\n")        [SseEvent("2")]

It works on bytes, because readers of text lines also split at U+2028 and similar characters, which JSON may
contain. It follows https://html.spec.whatwg.org/multipage/server-sent-events.html with one exception: a last
event without its blank line is kept, since it has arrived, and may be all there is.
"""

from dataclasses import dataclass

from bot.core.errors import ModelGarbled

MAX_EVENT_BYTES = 1024 * 1024
"""A delta has a few hundred bytes; a server that never ends a line must not fill our memory."""

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event: its data lines, joined, and its type, or an empty string if it has none."""

    data: str
    event: str = ""


class SseDecoder:
    """Decodes one stream; `flush` ends it."""

    def __init__(self, *, max_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._line = bytearray()
        self._data: list[str] = []
        self._event = ""
        self._size = 0
        self._first = True
        self._after_cr = False

    def decode(self, data: bytes) -> list[SseEvent]:
        """Return the events that `data` completes. Raises `ModelGarbled` if one grows too large."""
        if self._is_between_events and len(data) <= self._max_bytes and (plain := _split_plain_events(data)):
            return [SseEvent(line.decode(errors="replace")) for line in plain]
        if self._after_cr and data:
            data = data.removeprefix(b"\n")  # the second half of a CRLF that was cut in two
            self._after_cr = False
        events: list[SseEvent] = []
        for piece in data.splitlines(keepends=True):
            self._line += piece
            if piece.endswith((b"\r", b"\n")):
                events += self._end_of_line()
            if self._size + len(self._line) > self._max_bytes:
                raise ModelGarbled(f"An event of the stream is larger than {self._max_bytes} bytes.")
        self._after_cr = data.endswith(b"\r") if data else self._after_cr
        return events

    @property
    def _is_between_events(self) -> bool:
        return not (self._line or self._data or self._event or self._first or self._after_cr)

    def flush(self) -> list[SseEvent]:
        """Return what is left when the stream has ended."""
        return [*self._end_of_line(), *self._dispatch()]

    def _end_of_line(self) -> list[SseEvent]:
        line = bytes(self._line).rstrip(b"\r\n")
        self._size += len(self._line)
        self._line.clear()
        if self._first:
            line = line.removeprefix(BOM)
            self._first = False
        if not line:
            return self._dispatch()
        field, _, value = line.decode(errors="replace").partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._event = value
        return []  # a comment (its field is empty), or a field that we do not use

    def _dispatch(self) -> list[SseEvent]:
        events = [SseEvent("\n".join(self._data), self._event)] if self._data else []
        self._data = []
        self._event = ""
        self._size = 0
        return events


def _split_plain_events(data: bytes) -> list[bytes]:
    """Return the data of events of one line each, as nearly all are, or nothing if there are others."""
    if not (data.startswith(b"data: ") and data.endswith(b"\n\n")) or b"\r" in data:
        return []
    lines = data.removeprefix(b"data: ").removesuffix(b"\n\n").split(b"\n\ndata: ")
    return lines if data.count(b"\n") == 2 * len(lines) else []
