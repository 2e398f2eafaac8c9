"""Which events the bytes of an answer mean, for every kind of server."""

import json

import pytest

from bot.core.chat.stream import ChoiceFinished, ModelName, StreamEvent, TextDelta
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
from bot.core.requests import Usage
from bot.llm.protocol.answer_reader import MAX_ANSWER_CHARACTERS, AnswerReader
from bot.llm.protocol.body_decoder import PlainDecoder
from tests.llm.answers import DONE
from tests.llm.chunks import choice, outcome, sse, text

HI: list[StreamEvent] = [TextDelta("Hi"), ChoiceFinished("stop")]

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
        [TextDelta("No."), ChoiceFinished("refusal")],
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
        json.dumps({"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}).encode(),
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
        [TextDelta("a", 1), TextDelta("b"), ChoiceFinished("stop"), ChoiceFinished("length", 1)],
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
    """The text comes first, then the error, in pieces of any size."""
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
    decoder = PlainDecoder(max_bytes=10)
    with pytest.raises(ModelInterrupted):
        decoder.decode(b"{" * 11)


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("word", ["word ", "wörd "])
def test_a_model_that_never_ends_is_broken_off_before_it_fills_our_memory(word: str, index: int) -> None:
    pieces = [sse(choice(word * 20_000, index=index))] * 25
    events, error = outcome(pieces)
    assert error is ModelEndless
    assert MAX_ANSWER_CHARACTERS < len(text(events, index)) < MAX_ANSWER_CHARACTERS + 200_000
