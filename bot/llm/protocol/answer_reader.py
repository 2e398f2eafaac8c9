r"""Turns the bytes of an answer into stream events, and knows whether the answer is complete.

    reader = AnswerReader()
    reader.feed(b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n')    TextDelta("Hi")
    reader.feed(b'data: {"choices":[{"finish_reason":"stop"}]}\n\n')      ChoiceFinished("stop")
    reader.finish()                                                        nothing: it was complete

Everything that compatible servers do differently is handled here: missing deltas, empty finish reasons, error
objects in the middle of a stream, a plain completion in place of a stream, no `[DONE]`. An answer is complete
when its choices are finished or `[DONE]` came. Text is yielded before the error that follows it. Whatever the
bytes are, the result is events or a `ModelError`.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from bot import json_codec
from bot.core.chat.stream import ChoiceFinished, ModelName, StreamEvent, TextDelta
from bot.core.errors import (
    ContentFiltered,
    ContextTooLong,
    ModelEndless,
    ModelError,
    ModelExhausted,
    ModelFailed,
    ModelGarbled,
    ModelInterrupted,
    ModelSilent,
    ModelSlow,
    ModelStalled,
    ModelUnavailable,
    ModelUnreadable,
)
from bot.core.requests import Usage
from bot.llm.protocol.body_decoder import DONE_MARK, BodyDecoder
from bot.llm.protocol.error_translation import make_stream_error
from bot.llm.protocol.sse import SseEvent

MAX_ANSWER_CHARACTERS = 2_000_000
"""Of all choices together; the longest answers of today's models have half a million."""
MAX_NAME_CHARACTERS = 200
"""Of a model's name or a finish reason."""
MAX_TOKEN_COUNT = 2**31 - 1
"""Tokens; the largest value of an INTEGER column."""
ERRORS_BY_FINISH_REASON = {
    "content_filter": ContentFiltered,
    "length": ModelExhausted,
    "model_context_window_exceeded": ContextTooLong,  # z.ai refuses a prompt so, with status 200
}
"""The error that an answer without any text means, by its finish reason."""


class BreakErrors(NamedTuple):
    """The errors for a stream that fails: before the first word, when asking again may help, and after it."""

    before: type[ModelUnavailable]
    after: type[ModelInterrupted]


CUT = BreakErrors(ModelFailed, ModelInterrupted)
GARBLED = BreakErrors(ModelUnreadable, ModelGarbled)
STALLED = BreakErrors(ModelSlow, ModelStalled)
ENDLESS = BreakErrors(ModelSlow, ModelEndless)


class AnswerReader:
    """Reads one answer: `feed` it all bytes, then call `finish`."""

    def __init__(self, *, request: str = "") -> None:
        """`request` is the service's id of the request, for the texts of errors."""
        self.has_text = False
        """Whether a word of the answer has come."""
        self.is_done = False
        """Whether `[DONE]` has come; what follows is not part of the answer."""
        self._ended = False
        self._request = request
        self._decoder = BodyDecoder()
        self._surrogate_halves: dict[int, str] = {}
        self._reasons: dict[int, str] = {}
        self._open: set[int] = set()
        self._refusing: set[int] = set()
        self._model = ""
        self._length = 0

    @property
    def is_complete(self) -> bool:
        """Whether the answer would be complete if no more bytes came."""
        return self.is_done or (bool(self._reasons) and not self._open)

    def feed(self, data: bytes) -> Iterator[StreamEvent]:
        """Return what `data` adds. Raises a `ModelError` if the service reports one or sends nonsense."""
        if self._length > MAX_ANSWER_CHARACTERS:
            raise self.make_error("The answer is too long.", ENDLESS)
        try:
            events = self._decoder.decode(data)
        except ModelGarbled as error:
            raise self.make_error(str(error), GARBLED) from None
        return self._read_all(events)

    def finish(self) -> Iterator[StreamEvent]:
        """Yield what is left when the body has ended.

        Raises the error for an incomplete answer, or, if there was no text, `ModelSilent` or the error that
        the finish reason means.
        """
        self._ended = True
        yield from self._read_all(self._decoder.flush())
        if not self.is_complete:
            raise self.make_error("The stream ended before the answer did.")
        if not self.has_text:
            reasons = set(self._reasons.values())
            silence = next(
                (ERRORS_BY_FINISH_REASON[reason] for reason in ERRORS_BY_FINISH_REASON if reason in reasons),
                ModelSilent,
            )
            raise silence(f"The answer contains no text; finish reason: {', '.join(sorted(reasons)) or 'none'}.")

    def make_error(self, why: str, how: BreakErrors = CUT) -> ModelError:
        """Return the error for a stream that fails now."""
        origin = f" [request {self._request}]" if self._request else ""
        return (how.after if self.has_text else how.before)(why + origin)

    def _read_all(self, events: list[SseEvent]) -> Iterator[StreamEvent]:
        text = ""  # text that came together is passed on together
        for event in events:
            if self.is_done:
                break
            chunk = _parse_json(event.data)
            if not event.event and (more := self._read_plain_text(chunk)):
                text += more
                continue
            if text:
                yield TextDelta(text)
                text = ""
            yield from self._read(event, chunk)
        if text:
            yield TextDelta(text)

    def _read(self, event: SseEvent, chunk: Any) -> Iterator[StreamEvent]:
        if event.data.startswith(DONE_MARK):
            self.is_done = True
            return
        if _is_error(chunk) or event.event == "error":
            raise self._make_reported_error(chunk)
        if isinstance(chunk, dict):
            yield from self._read_chunk(chunk)
        elif isinstance(chunk, str) and chunk.strip() and not self.is_complete:
            how = CUT if self._ended else GARBLED  # the last event of a cut stream is incomplete
            raise self.make_error("The stream holds an event that is not JSON.", how)

    def _read_plain_text(self, chunk: Any) -> str:
        """Return the text of a chunk that only continues the first choice, else an empty string.

        Nearly all chunks are like that, and reading them is most of the work of a stream. `_read_chunk` would
        yield the same.
        """
        if not self._open or self._surrogate_halves or type(chunk) is not dict:
            return ""
        choices, model = chunk.get("choices"), chunk.get("model") or self._model
        if type(choices) is not list or len(choices) != 1 or model != self._model or _has_more(chunk):
            return ""
        choice = choices[0]
        delta = choice.get("delta") if type(choice) is dict else None
        if type(delta) is not dict or delta.get("refusal") or 0 not in self._open or _has_more(choice):
            return ""
        text = delta.get("content")
        if type(text) is not str or not text or not text.isascii() or not self.has_text:
            return ""
        self._length += len(text)
        return text

    def _read_chunk(self, chunk: dict[str, Any]) -> Iterator[StreamEvent]:
        model = _clean_name(chunk.get("model"))
        if model and model != self._model:
            self._model = model
            yield ModelName(model)
        if isinstance(usage := chunk.get("usage"), dict):
            yield _parse_usage(usage)
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                yield from self._read_choice(choice)

    def _read_choice(self, choice: dict[str, Any]) -> Iterator[StreamEvent]:
        index = _clean_count(choice.get("index"))
        delta = choice.get("delta") or choice.get("message")  # `message`: a plain completion
        if isinstance(delta, dict):
            yield from self._read_delta(delta, index)
        reason = _clean_name(choice.get("finish_reason"))
        if reason == "error" or _is_error(choice):
            raise self._make_reported_error(choice)
        if reason:  # some servers send "" where they mean null
            self._reasons[index] = reason
            self._open.discard(index)
            yield ChoiceFinished("refusal" if reason == "stop" and index in self._refusing else reason, index)

    def _read_delta(self, delta: dict[str, Any], index: int) -> Iterator[StreamEvent]:
        refusal = _content_text(delta.get("refusal"))
        if refusal:
            self._refusing.add(index)
        if text := _content_text(delta.get("content")) + refusal:
            yield from self._read_text(text, index)

    def _read_text(self, text: str, index: int) -> Iterator[StreamEvent]:
        """Yield text as whole characters: some servers cut between the two halves of a surrogate pair."""
        text = self._surrogate_halves.pop(index, "") + text
        if "\ud800" <= text[-1] <= "\udbff":
            self._surrogate_halves[index] = text[-1]
            text = text[:-1]
        if text:
            self._length += len(text)
            self._open.add(index)
            self.has_text = self.has_text or not text.isspace()
            yield TextDelta(text if text.isascii() else _join_surrogates(text), index)

    def _make_reported_error(self, obj: object) -> ModelError:
        error = make_stream_error(obj, request=self._request)
        if self.has_text and isinstance(error, ModelUnavailable):
            return ModelInterrupted(str(error))
        return error


def _parse_json(data: str) -> Any:
    """Return decoded JSON; any other text unchanged."""
    try:
        return json_codec.decode(data)
    except ValueError:
        return data


def _has_more(obj: dict[str, Any]) -> bool:
    """Return whether a chunk or choice holds an end, an error or a count, or is not of the first choice."""
    return (
        obj.get("usage") is not None
        or bool(obj.get("index") or obj.get("finish_reason") or obj.get("error"))
        or obj.get("object") == "error"
    )


def _is_error(obj: object) -> bool:
    if isinstance(obj, list) and obj:
        obj = obj[0]
    return isinstance(obj, dict) and (bool(obj.get("error")) or obj.get("object") == "error")


def _content_text(content: object) -> str:
    """Return the text of a content: a string, or the text parts of a list (Mistral's reasoning models)."""
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _join_surrogates(text: str) -> str:
    """Return text in which the halves of surrogate pairs are joined, or replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _clean_name(value: object) -> str:
    return value.encode(errors="replace").decode()[:MAX_NAME_CHARACTERS] if isinstance(value, str) else ""


def _clean_count(value: object) -> int:
    return min(max(value, 0), MAX_TOKEN_COUNT) if isinstance(value, int) else 0


def _parse_usage(usage: dict[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details")
    return Usage(
        prompt_tokens=_clean_count(usage.get("prompt_tokens")),
        completion_tokens=_clean_count(usage.get("completion_tokens")),
        cached_tokens=_clean_count(details.get("cached_tokens")) if isinstance(details, dict) else 0,
    )
