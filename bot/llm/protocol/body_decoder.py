"""Decodes the body of an answer into events, whether it is an event stream or one JSON object.

Some servers and proxies answer `stream: true` with a plain completion, and content types are unreliable: some
servers stream as `text/plain`. So the first byte decides: `{` or `[` begins a plain completion, `<` a proxy's
web page, which is an error, and everything else is an event stream, whose lines never begin with a bracket.
"""

from bot.core.errors import ModelGarbled
from bot.llm.protocol.sse import BOM, SseDecoder, SseEvent

DONE_MARK = "[DONE]"
MAX_BODY_BYTES = 8 * 1024 * 1024
"""No plain completion is longer."""


class PlainDecoder:
    """Decodes a whole body as one event, followed by `[DONE]`."""

    def __init__(self, *, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._max_bytes = max_bytes
        self._body = bytearray()

    def decode(self, data: bytes) -> list[SseEvent]:
        """Collect `data`. Raises `ModelGarbled` if the body grows too large."""
        self._body += data
        if len(self._body) > self._max_bytes:
            raise ModelGarbled(f"The body is larger than {self._max_bytes} bytes.")
        return []

    def flush(self) -> list[SseEvent]:
        """Return the body, which has ended."""
        return [SseEvent(self._body.decode("utf-8-sig", errors="replace")), SseEvent(DONE_MARK)]


class BodyDecoder:
    """Decodes a body of either kind, with the same methods as `SseDecoder`."""

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
