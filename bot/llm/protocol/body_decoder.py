"""The body of an answer -> events, whether the server streamed it or sent one JSON object.

Separate from `sse` because that is the standard, and this is for servers and proxies that answer
`stream: true` with a plain completion. Content types are no guide (facts/model-api.md 3), so the first
byte decides: no line of an event stream that means anything begins with a bracket. A proxy's web page
begins with one too, and is no answer.
"""

from bot.core.errors import ModelGarbled
from bot.llm.protocol.sse import BOM, SseDecoder, SseEvent

DONE_MARK = "[DONE]"
MAX_BODY_BYTES = 8 * 1024 * 1024
"""Bytes; a plain completion longer than this is none."""


class PlainDecoder:
    """Decodes a whole body as one event, with `[DONE]` after it."""

    def __init__(self, *, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._max_bytes = max_bytes
        self._body = bytearray()

    def decode(self, data: bytes) -> list[SseEvent]:
        """Keep `data`. Raises `ModelGarbled` if the body grows too large."""
        self._body += data
        if len(self._body) > self._max_bytes:
            raise ModelGarbled(f"The body is larger than {self._max_bytes} bytes.")
        return []

    def flush(self) -> list[SseEvent]:
        """Return the body, now that it has ended."""
        return [SseEvent(self._body.decode("utf-8-sig", errors="replace")), SseEvent(DONE_MARK)]


class BodyDecoder:
    """Decodes a body of either kind, with the methods of `SseDecoder`."""

    def __init__(self) -> None:
        self._head = b""
        self._decoder: SseDecoder | PlainDecoder | None = None

    def decode(self, data: bytes) -> list[SseEvent]:
        """Return the events that `data` completes.

        Raises `ModelGarbled` if one grows too large, or if the body is a web page.
        """
        if self._decoder is None:
            self._head = data = (self._head + data).lstrip()
            if BOM.startswith(data):  # too early to tell
                return []
            first = data.removeprefix(BOM)[:1]
            if first == b"<":
                raise ModelGarbled("The body is a web page.")
            self._decoder = PlainDecoder() if first in {b"{", b"["} else SseDecoder()
        return self._decoder.decode(data)

    def flush(self) -> list[SseEvent]:
        """Return what is left when the body has ended."""
        return self._decoder.flush() if self._decoder else []
