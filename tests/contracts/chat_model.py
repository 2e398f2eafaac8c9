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
    """Read a whole answer; `into` also keeps what came before an error."""
    builder = AnswerBuilder()
    async with model.stream(request) as events:
        async for event in events:
            builder.feed(event)
            if into is not None:
                into.append(event)
    return builder


async def arrives_whole(model: ChatModel) -> None:
    """Require the text as it was said, in several pieces, with how it ended, by whom, at what cost."""
    text = "Grüße, 世界! 👩‍👩‍👧‍👦 `code`\n\n* a\n* b"
    events: list[StreamEvent] = []
    answer = (await collect(model, asking(f"[[say={text}]]"), events)).answer()
    assert answer.text == text
    assert (answer.model, answer.finish_reason) == ("sandbox-small", "stop")
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 0
    assert sum(isinstance(event, TextDelta) for event in events) > 1


async def arrives_as_it_is_said(model: ChatModel) -> None:
    """Require pieces before the answer has ended."""
    clock = asyncio.get_running_loop().time
    async with model.stream(asking("[[tokens=20]] [[rate=40]]")) as events:
        times = [clock() async for event in events if isinstance(event, TextDelta)]
    assert times[-1] - times[0] > 0.3


async def keeps_what_came_before_a_break(model: ChatModel) -> None:
    """Require of a stream that breaks its text first, and then the error that says so."""
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
    """Require that leaving in mid-answer, or being cancelled there, harms no later question."""
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
"""Each takes the model; parametrise a test with them."""
