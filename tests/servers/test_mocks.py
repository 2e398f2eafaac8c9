"""The client against two mock servers from npm."""

import pytest

from bot.core.chat.stream import StreamEvent, TextDelta
from bot.core.errors import (
    ModelBusy,
    ModelError,
    ModelFailed,
    ModelInterrupted,
    ModelKeyRefused,
    ModelOutOfCredit,
    ModelOverloaded,
    ModelRejected,
    ModelUnavailable,
    ModelUnknown,
)
from bot.core.requests import ChatMessage, ChatRequest
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from bot.llm.models import fetch_models
from tests.contracts.chat_model import asking, collect
from tests.servers.conftest import MOCK_KEY

HELLO = "Hello, 世界 and 🧵!"


async def test_openai_mock_api_streams_as_plain_text(openai_mock: str) -> None:
    async with open_client(openai_mock, MOCK_KEY) as client:
        events: list[StreamEvent] = []
        answer = (await collect(OpenAIChat(client), asking("hello"), events)).answer()
        assert answer.text.split() == HELLO.split()
        assert answer.finish_reason == "stop"
        assert sum(isinstance(event, TextDelta) for event in events) > 1
        assert "gpt-4" in {info.id for info in await fetch_models(client)}


async def test_openai_mock_api_refuses_what_we_heal(openai_mock: str) -> None:
    """It refuses the role developer, and a temperature of 9."""
    messages = (ChatMessage(role="user", content="hello"),)
    request = ChatRequest(model="gpt-4", messages=messages, parameters={"temperature": 9})
    async with open_client(openai_mock, MOCK_KEY) as client:
        model = OpenAIChat(client)
        assert (await collect(model, request)).answer().text
        assert model.adaptations("gpt-4") == {"temperature": "has no effect: this model does not accept the value 9"}
        instructed = (ChatMessage(role="system", content="Be kind."), *messages)
        request = ChatRequest(model="gpt-4", messages=instructed, parameters={"system_role": "developer"})
        with pytest.raises(ModelRejected, match="No matching response"):  # it has no such conversation
            await collect(model, request)
        assert model.adaptations("gpt-4")["system_role"] == "sent as `system`"


async def test_openai_mock_api_tells_errors_apart(openai_mock: str) -> None:
    async with open_client(openai_mock, "sk-wrong") as client:
        with pytest.raises(ModelKeyRefused):
            await collect(OpenAIChat(client), asking("hello"))
    async with open_client(openai_mock, MOCK_KEY) as client:
        with pytest.raises(ModelRejected):
            await collect(OpenAIChat(client), asking("nobody taught it this"))
    async with open_client(openai_mock.removesuffix("/v1"), MOCK_KEY) as client:
        with pytest.raises(ModelUnknown):
            await collect(OpenAIChat(client), asking("hello"))


@pytest.mark.parametrize(("question", "text"), [("hello", HELLO), ("think", "Four."), ("router", "Routed.")])
async def test_aimock_answers(aimock: str, question: str, text: str) -> None:
    """Reasoning is not mixed with the answer; OpenRouter's comment lines are ignored."""
    for path in ("/v1", "/api/v1"):
        async with open_client(aimock + path) as client:
            answer = (await collect(OpenAIChat(client), asking(question))).answer()
            assert (answer.text, answer.finish_reason) == (text, "stop")
            assert answer.usage is not None


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ("cut", ModelInterrupted),
        ("vanish", ModelUnavailable),
        ("garble", ModelError),
        ("drop", ModelFailed),
        ("limit", ModelBusy),
        ("quota", ModelOutOfCredit),
        ("overload", ModelOverloaded),
    ],
)
async def test_aimock_injects_faults(aimock: str, question: str, error: type[ModelError]) -> None:
    for path in ("/v1", "/api/v1"):
        async with open_client(aimock + path) as client:
            with pytest.raises(error):
                await collect(OpenAIChat(client), asking(question))


async def test_aimock_lists_models(aimock: str) -> None:
    async with open_client(f"{aimock}/v1") as client:
        assert await fetch_models(client)
