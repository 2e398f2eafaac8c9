"""What every `ChatModel` promises; an adapter is tested with each of `CLAUSES`.

The model under test must understand the directives of `bot.sandbox.model.directives` in its last message, as
is so for any adapter that talks to the sandbox's model, and easy for a fake.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from bot.core.chat.stream import AnswerBuilder, StreamEvent, TextDelta
from bot.core.errors import ModelError, ModelInterrupted, ModelKeyRefused, ModelSilent, ModelUnknown
from bot.core.requests import ChatMessage, ChatRequest
from bot.ports import ChatModel

Clause = Callable[[ChatModel], Awaitable[None]]


def asking(text: str, **parameters: object) -> ChatRequest:
    """Return a request with one question."""
    message = ChatMessage(role="user", content=text)
    return ChatRequest(model="sandbox-small", messages=(message,), parameters=parameters)


async def collect(model: ChatModel, request: ChatRequest, into: list[StreamEvent] | None = None) -> AnswerBuilder:
    """Read a whole answer; with `into` the events before an error are kept as well."""
    builder = AnswerBuilder()
    async with model.stream(request) as events:
        async for event in events:
            builder.feed(event)
            if into is not None:
                into.append(event)
    return builder


async def arrives_whole(model: ChatModel) -> None:
    """Require the whole text in several pieces, then how it ended, which model wrote it, and its usage."""
    text = "Grüße, 世界! 👩‍👩‍👧‍👦 `code`\n\n* a\n* b"
    events: list[StreamEvent] = []
    answer = (await collect(model, asking(f"[[say={text}]]"), events)).answer()
    assert answer.text == text
    assert (answer.model, answer.finish_reason) == ("sandbox-small", "stop")
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 0
    assert sum(isinstance(event, TextDelta) for event in events) > 1


async def arrives_as_it_is_said(model: ChatModel) -> None:
    """Require the first pieces before the answer has ended."""
    clock = asyncio.get_running_loop().time
    async with model.stream(asking("[[tokens=20]] [[rate=40]]")) as events:
        times = [clock() async for event in events if isinstance(event, TextDelta)]
    assert times[-1] - times[0] > 0.3


async def keeps_what_came_before_a_break(model: ChatModel) -> None:
    """Require the text of a stream that breaks, and then the error for it."""
    for fault in ("cut", "malformed", "error"):
        events: list[StreamEvent] = []
        with pytest.raises(ModelInterrupted):
            await collect(model, asking(f"[[say=one two three four]] [[fault={fault}]]"), events)
        assert [event.text for event in events if isinstance(event, TextDelta)] == ["one", " two"]


async def tells_errors_apart(model: ChatModel) -> None:
    """Require different errors for a refused key, an unknown model and an empty answer."""
    expected: Sequence[tuple[str, type[ModelError]]] = (
        ("401", ModelKeyRefused),
        ("404", ModelUnknown),
        ("empty", ModelSilent),
    )
    for fault, error in expected:
        with pytest.raises(error):
            await collect(model, asking(f"[[fault={fault}]]"))


async def can_be_left(model: ChatModel) -> None:
    """Require that leaving or cancelling an answer midway does not harm later questions."""
    async with model.stream(asking("[[tokens=500]] [[rate=100]]")) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    stalled = asyncio.create_task(collect(model, asking("[[fault=stall]]")))
    await asyncio.sleep(0.2)
    stalled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stalled
    assert (await collect(model, asking("[[say=fine]]"))).answer().text == "fine"


CLAUSES: Sequence[Clause] = (
    arrives_whole,
    arrives_as_it_is_said,
    keeps_what_came_before_a_break,
    tells_errors_apart,
    can_be_left,
)
"""Each clause takes the model; parametrise a test with them."""
