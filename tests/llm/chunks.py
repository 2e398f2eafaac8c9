"""Helpers that build the chunks of an answer and read them."""

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

from bot.core.chat.stream import AnswerBuilder, StreamEvent, TextDelta
from bot.core.errors import ModelError
from bot.llm.protocol.answer_reader import AnswerReader


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
    """Return the events with adjacent texts of a choice joined: they may come together or apart."""
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
