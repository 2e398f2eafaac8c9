"""Any bytes, cut anywhere, give a text or one of our errors."""

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat.stream import AnswerBuilder, StreamEvent
from bot.core.errors import ModelError
from bot.llm.protocol.answer_reader import AnswerReader
from tests.llm.answers import DONE
from tests.llm.chunks import choice, joined, outcome, sse, text


def said(events: Sequence[StreamEvent]) -> str:
    """Return the text that is the answer."""
    builder = AnswerBuilder()
    for event in events:
        builder.feed(event)
    return builder.answer(builder.first_choice).text


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
lines = st.sampled_from([b"data: ", b"data:", b"\n", b"\r", b"event: error\n", b"[DONE]", b"{", b"\xef\xbb\xbf", DONE])
streams = st.lists(lines | st.binary(max_size=8) | wild.map(sse), max_size=12)


@given(streams)
def test_any_bytes_are_a_text_or_one_of_our_errors(pieces: list[bytes]) -> None:
    """In pieces of any size."""
    whole = b"".join(pieces)
    events, error = outcome([whole])
    assert outcome(pieces) == (events, error)
    assert outcome([whole[at : at + 1] for at in range(len(whole))]) == (events, error)
    text(events).encode()
    assert error or said(events).strip()


class Thorough(AnswerReader):
    """A reader without the fast path: it takes every chunk apart."""

    def _read_plain_text(self, chunk: Any) -> str:
        return ""


ODD: st.SearchStrategy[Any] = st.sampled_from([None, "", 0, 1, True, [], {}, "x", "stop", "error", {"message": "m"}])
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
def test_the_fast_path_through_a_chunk_gives_the_same_events(chunks: list[dict[str, Any]]) -> None:
    """Both give the same events, and the same error after them."""
    body = b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks)
    outcomes: list[Any] = []
    for reader in (AnswerReader(), Thorough()):
        events, error = [], ""
        try:
            for event in chain(reader.feed(body), reader.finish()):
                events.append(event)  # noqa: PERF402 - what came before an error counts
        except ModelError as raised:
            error = repr(raised)
        outcomes.append((joined(events), error, reader.is_complete, reader.has_text))
    assert outcomes[0] == outcomes[1]
