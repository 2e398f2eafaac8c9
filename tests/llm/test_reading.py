"""What the bytes of an answer mean, for every kind of server in facts/model-api.md 3."""

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain import Usage
from bot.core.errors import (
    ContentFiltered,
    ContextTooLong,
    ModelBusy,
    ModelEndless,
    ModelError,
    ModelExhausted,
    ModelFailed,
    ModelGarbled,
    ModelInterrupted,
    ModelSilent,
    ModelUnreadable,
)
from bot.core.stream import AnswerBuilder, Finished, ModelName, StreamEvent, TextDelta
from bot.llm.framing import PlainDecoder
from bot.llm.reading import LONGEST_ANSWER, AnswerReader

DONE = b"data: [DONE]\n\n"


def sse(*chunks: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)


def choice(content: Any = None, reason: Any = None, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": {"content": content, **more}, "finish_reason": reason}]}


def outcome(pieces: Sequence[bytes]) -> tuple[list[StreamEvent], type[ModelError] | None]:
    """Read an answer; return its events, and the error that ended it."""
    reader, events = AnswerReader(), list[StreamEvent]()
    try:
        events.extend(chain.from_iterable(chain(map(reader.feed, pieces), [reader.finish()])))
    except ModelError as error:
        return joined(events), type(error)
    return joined(events), None


def joined(events: Sequence[StreamEvent]) -> list[StreamEvent]:
    """Return events with texts of one choice that follow each other as one: they may come together."""
    whole: list[StreamEvent] = []
    for event in events:
        last = whole[-1] if whole else None
        if isinstance(event, TextDelta) and isinstance(last, TextDelta) and event.index == last.index:
            whole[-1] = TextDelta(last.text + event.text, event.index)
        else:
            whole.append(event)
    return whole


def text(events: Sequence[StreamEvent], index: int = 0) -> str:
    builder = AnswerBuilder()
    for event in events:
        builder.feed(event)
    return builder.answer(index).text


def said(events: Sequence[StreamEvent]) -> str:
    """Return the text that is the answer."""
    builder = AnswerBuilder()
    for event in events:
        builder.feed(event)
    return builder.answer(builder.first).text


HI: list[StreamEvent] = [TextDelta("Hi"), Finished("stop")]

COMPLETE: dict[str, tuple[bytes, list[StreamEvent]]] = {
    "OpenAI": (
        sse(
            {"model": "m-1", **choice("", role="assistant"), "usage": None},
            {"model": "m-1", **choice("Hi"), "usage": None, "obfuscation": "x7"},
            {"model": "m-1", **choice(None, "stop"), "usage": None},
            {
                "choices": [],
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 1,
                    "prompt_tokens_details": {"cached_tokens": 4},
                },
            },
        )
        + DONE,
        [
            ModelName("m-1"),
            *HI,
            Usage(prompt_tokens=9, completion_tokens=1, cached_tokens=4),
        ],
    ),
    "Azure: no delta, empty first chunk": (
        sse(
            {"choices": [], "model": "", "id": "", "prompt_filter_results": []},
            choice("Hi"),
            {"choices": [{"index": 0, "finish_reason": None, "content_filter_offsets": {}}]},
            {"choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]},
        )
        + DONE,
        HI,
    ),
    "LiteLLM: usage beside a choice, no finish reason elsewhere": (
        sse(
            {"choices": [{"index": 0, "delta": {"content": "Hi"}}]},
            choice(None, "stop"),
            {"choices": [{"delta": {}}], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
        )
        + DONE,
        [*HI, Usage(prompt_tokens=1, completion_tokens=2)],
    ),
    "OpenRouter: comments": (
        b": OPENROUTER PROCESSING\n\n" + sse(choice("Hi"), choice("", "stop")) + DONE,
        HI,
    ),
    "Ollama: an empty finish reason is none": (sse(choice("Hi"), choice("", "")) + DONE, [TextDelta("Hi")]),
    "no [DONE]": (sse(choice("Hi"), choice(None, "stop")), HI),
    "no finish reason": (sse(choice("Hi")) + DONE, [TextDelta("Hi")]),
    "no blank line at the end": (sse(choice("Hi", "stop")).rstrip(), HI),
    "a refusal is text, and named": (
        sse(choice(None, refusal="No."), choice(None, "stop")),
        [TextDelta("No."), Finished("refusal")],
    ),
    "reasoning is not": (
        sse(choice(None, reasoning_content="hm"), choice(None, reasoning="hm"), choice("Hi", "stop")),
        HI,
    ),
    "content in parts": (
        sse(
            choice([{"type": "thinking", "thinking": []}, {"type": "text", "text": "Hi"}]),
            choice(None, "stop"),
        ),
        HI,
    ),
    "a plain completion": (
        json.dumps(
            {"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
        ).encode(),
        HI,
    ),
    "a plain completion, indented, without finish reason": (
        b"\r\n" + json.dumps({"choices": [{"message": {"content": "Hi"}}]}, indent=2).encode() + b"\n",
        [TextDelta("Hi")],
    ),
    "a plain completion with a BOM": (
        b"\xef\xbb\xbf" + json.dumps({"choices": [{"message": {"content": "Hi"}}]}).encode(),
        [TextDelta("Hi")],
    ),
    "tool calls are ignored": (sse(choice("Hi", tool_calls=[{"index": 0}]), choice(None, "stop")), HI),
    "two choices in turns": (
        sse(choice("a", index=1), choice("b"), choice(None, "stop"), choice(None, "length", index=1)),
        [TextDelta("a", 1), TextDelta("b"), Finished("stop"), Finished("length", 1)],
    ),
    "rubbish after [DONE]": (sse(choice("Hi", "stop")) + DONE + b'data: {"error": 1}\n\n\xff{', HI),
    "rubbish after the finish reason": (sse(choice("Hi", "stop")) + b"data: {\n\ndata: cut", HI),
    "events that are no object": (
        b"data: null\n\ndata:\n\n" + sse(choice("Hi", "stop")) + b"data: 7\n\n",
        HI,
    ),
    "keep-alive events": (b"event: ping\ndata: {}\n\n" + sse(choice("Hi", "stop")), HI),
    "numbers that are none": (
        sse({**choice("Hi", "stop"), "usage": {"prompt_tokens": "9", "completion_tokens": -1}}),
        [Usage(), *HI],
    ),
}


@pytest.mark.parametrize(("stream", "events"), COMPLETE.values(), ids=COMPLETE)
def test_a_complete_answer(stream: bytes, events: list[StreamEvent]) -> None:
    """Read the same, whole, byte by byte, and cut in two anywhere."""
    assert outcome([stream]) == (events, None)
    assert outcome([stream[at : at + 1] for at in range(len(stream))]) == (events, None)
    for at in range(len(stream)):
        assert outcome([stream[:at], stream[at:]]) == (events, None)


BROKEN: dict[str, tuple[bytes, str, type[ModelError]]] = {
    "cut before the first word": (b"", "", ModelFailed),
    "cut after the role": (sse(choice("", role="assistant")), "", ModelFailed),
    "cut after a word": (sse(choice("Hi")), "Hi", ModelInterrupted),
    "cut in an event": (sse(choice("Hi"), choice("!"))[:-20], "Hi", ModelInterrupted),
    "one of two choices is cut": (
        sse(choice("Hi"), choice("a", index=1), choice(None, "stop")),
        "Hi",
        ModelInterrupted,
    ),
    "no word": (sse(choice("", role="assistant"), choice(None, "stop")) + DONE, "", ModelSilent),
    "only blanks": (sse(choice(" \n"), choice(None, "stop")) + DONE, " \n", ModelSilent),
    "only [DONE]": (DONE, "", ModelSilent),
    "thought until the limit": (
        sse(choice(None, reasoning="hm"), choice(None, "length")),
        "",
        ModelExhausted,
    ),
    "too long, with status 200": (
        sse(choice(None, "model_context_window_exceeded")) + DONE,
        "",
        ContextTooLong,
    ),
    "filtered without a word": (sse(choice(None, "content_filter")) + DONE, "", ContentFiltered),
    "error at once": (sse({"error": {"message": "no", "code": "500"}}), "", ModelFailed),
    "error after a word": (sse(choice("Hi"), {"error": {"message": "no"}}) + DONE, "Hi", ModelInterrupted),
    "vLLM's error": (
        sse(choice("Hi"), {"object": "error", "message": "no", "code": 500}),
        "Hi",
        ModelInterrupted,
    ),
    "busy in mid-answer": (sse(choice("Hi"), {"error": {"message": "no", "code": 429}}), "Hi", ModelBusy),
    "error event": (sse(choice("Hi")) + b"event: error\ndata: oh no\n\n", "Hi", ModelInterrupted),
    "error beside text": (
        sse({"choices": [{"delta": {"content": "Hi"}, "finish_reason": "error"}]}),
        "Hi",
        ModelInterrupted,
    ),
    "error after the end": (sse(choice("Hi", "stop"), {"error": "no"}), "Hi", ModelInterrupted),
    "no JSON": (sse(choice("Hi")) + b"data: {\n\n", "Hi", ModelGarbled),
    "no JSON at once": (b"data: oops\n\n", "", ModelUnreadable),
    "a web page": (b"<html>\n<body>\nHello\n</body></html>", "", ModelUnreadable),
    "a plain error": (b'{"error": {"message": "no", "code": 429}}', "", ModelBusy),
    "a plain error in a list": (b'[{"error": {"message": "no", "code": 500}}]', "", ModelFailed),
    "half a plain completion": (b'{"choices": [{"message": {"content": "Hi', "", ModelFailed),
    "brackets without end": (b"data: " + b"[" * 100_000 + b"\n\n", "", ModelUnreadable),
}


@pytest.mark.parametrize(("stream", "said", "error"), BROKEN.values(), ids=BROKEN)
def test_a_broken_answer(stream: bytes, said: str, error: type[ModelError]) -> None:
    """What was said is there, and then the error, however the bytes arrive."""
    for size in (len(stream) + 1, 16_384, 1 if len(stream) < 10_000 else 1_000):
        events, raised = outcome([stream[at : at + size] for at in range(0, len(stream), size)])
        assert (text(events), raised) == (said, error)


def test_characters_cut_between_deltas_are_joined() -> None:
    """Some servers cut text between the two halves of a surrogate pair; a half alone becomes U+FFFD."""
    stream = sse(choice("\ud83e"), choice("\uddf5!"), choice("\ude00 \ud83e"), choice(None, "stop"))
    events, error = outcome([stream])
    assert error is None
    assert text(events) == "🧵!\ufffd "


def test_the_request_id_is_in_the_text_of_an_error() -> None:
    reader = AnswerReader(request="req_7")
    with pytest.raises(ModelFailed, match="req_7"):
        list(reader.finish())


def test_a_plain_body_without_end_is_refused() -> None:
    decoder = PlainDecoder(largest=10)
    with pytest.raises(ModelInterrupted):
        decoder.decode(b"{" * 11)


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("word", ["word ", "wörd "])
def test_a_model_that_never_ends_is_broken_off_before_it_fills_our_memory(word: str, index: int) -> None:
    pieces = [sse(choice(word * 20_000, index=index))] * 25
    events, error = outcome(pieces)
    assert error is ModelEndless
    assert LONGEST_ANSWER < len(text(events, index)) < LONGEST_ANSWER + 200_000


wild = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries(
            {},
            optional={
                "choices": st.lists(inner, max_size=3),
                "delta": inner,
                "message": inner,
                "content": inner,
                "finish_reason": inner,
                "index": inner,
                "usage": inner,
                "prompt_tokens": inner,
                "prompt_tokens_details": inner,
                "model": inner,
                "error": inner,
            },
        )
    ),
)
lines = st.sampled_from(
    [b"data: ", b"data:", b"\n", b"\r", b"event: error\n", b"[DONE]", b"{", b"\xef\xbb\xbf", DONE]
)
streams = st.lists(lines | st.binary(max_size=8) | wild.map(sse), max_size=12)


@given(streams)
def test_any_bytes_are_a_text_or_one_of_our_errors(pieces: list[bytes]) -> None:
    """Nor does it matter how they are cut."""
    whole = b"".join(pieces)
    events, error = outcome([whole])
    assert outcome(pieces) == (events, error)
    assert outcome([whole[at : at + 1] for at in range(len(whole))]) == (events, error)
    text(events).encode()
    assert error or said(events).strip()


class Thorough(AnswerReader):
    """Takes every chunk apart."""

    def _more(self, chunk: Any) -> str:
        return ""


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", 0, 1, True, [], {}, "x", "stop", "error", {"message": "m"}]
)
SAID = st.sampled_from(["a", " ", "", "é", "\ud83d", "\ude00", None, [{"type": "text", "text": "t"}]])
DELTAS = st.fixed_dictionaries({"content": SAID}, optional={"refusal": ODD, "role": ODD})
CHOICES = st.fixed_dictionaries(
    {"delta": DELTAS | ODD}, optional={"index": ODD, "finish_reason": ODD, "error": ODD, "object": ODD}
)
PLAIN = (st.just("more") | SAID).map(lambda said: choice(said) | {"model": ""})
CHUNKS = PLAIN | st.fixed_dictionaries(
    {"choices": st.lists(CHOICES | ODD, max_size=2) | ODD},
    optional={"model": ODD, "usage": ODD, "error": ODD, "object": ODD},
)


@given(st.lists(CHUNKS, max_size=12))
def test_the_short_way_through_a_chunk_leads_to_the_same(chunks: list[dict[str, Any]]) -> None:
    """To the same events, and the same error after them."""
    body = b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks)
    outcomes: list[Any] = []
    for reader in (AnswerReader(), Thorough()):
        events, error = [], ""
        try:
            for event in chain(reader.feed(body), reader.finish()):
                events.append(event)  # noqa: PERF402 - what came before an error counts
        except ModelError as raised:
            error = repr(raised)
        outcomes.append((joined(events), error, reader.complete, reader.spoke))
    assert outcomes[0] == outcomes[1]
