"""The client through a LiteLLM proxy, which rewrites the requests and answers of many services."""

import pytest

from bot.core.chat.stream import StreamEvent, TextDelta
from bot.core.errors import (
    ContentFiltered,
    ContextTooLong,
    ModelBusy,
    ModelError,
    ModelFailed,
    ModelInterrupted,
    ModelKeyRefused,
    ModelOutOfCredit,
    ModelOverloaded,
    ModelSilent,
    ModelUnknown,
)
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from bot.llm.models import fetch_models
from bot.llm.protocol.profiles import PROFILES
from bot.llm.protocol.request_body import Dialect
from bot.sandbox.model.server import SandboxModel
from tests.contracts import chat_model
from tests.contracts.chat_model import asking, collect
from tests.servers.conftest import PROXY_KEY, RunningProxy

LITELLM = Dialect(profile=PROFILES["litellm"])


async def ask(proxy: RunningProxy, text: str, *, key: str = PROXY_KEY) -> list[StreamEvent]:
    events: list[StreamEvent] = []
    async with open_client(proxy.base_url, key) as client:
        await collect(OpenAIChat(client, dialect=LITELLM), asking(text), events)
    return events


@pytest.mark.parametrize(
    "clause",
    [chat_model.arrives_whole, chat_model.arrives_as_it_is_said, chat_model.can_be_left],
)
async def test_the_contract(proxy: RunningProxy, upstream: SandboxModel, clause: chat_model.Clause) -> None:
    """The contract, as far as LiteLLM passes it through; errors have their own table below."""
    async with open_client(proxy.base_url, PROXY_KEY) as client:
        await clause(OpenAIChat(client, dialect=LITELLM))
    assert upstream.requests


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", ModelKeyRefused),
        ("404", ModelUnknown),
        ("429", ModelBusy),
        ("500", ModelFailed),
        ("503", ModelOverloaded),
        ("quota", ModelOutOfCredit),
        ("too_long", ContextTooLong),
        ("filtered", ContentFiltered),
        ("empty", ModelSilent),
    ],
)
async def test_an_error_survives_the_proxy(
    proxy: RunningProxy, upstream: SandboxModel, fault: str, error: type[ModelError]
) -> None:
    with pytest.raises(error) as caught:
        await ask(proxy, f"[[fault={fault}]]")
    assert type(caught.value) is error
    assert len(upstream.requests) == 1
    if isinstance(caught.value, ModelBusy) and fault == "429":
        assert caught.value.retry_after == 1.0
    if isinstance(caught.value, ContextTooLong):
        assert (caught.value.window, caught.value.tokens) == (8192, 9000)


@pytest.mark.usefixtures("upstream")
@pytest.mark.parametrize("fault", ["cut", "error"])
async def test_what_came_before_a_break_is_kept(proxy: RunningProxy, fault: str) -> None:
    events: list[StreamEvent] = []
    async with open_client(proxy.base_url, PROXY_KEY) as client:
        with pytest.raises(ModelInterrupted):
            await collect(OpenAIChat(client, dialect=LITELLM), asking(f"[[tokens=400]] [[fault={fault}]]"), events)
    assert any(isinstance(event, TextDelta) for event in events)


async def test_a_model_that_is_gone_is_not_there(proxy: RunningProxy) -> None:
    with pytest.raises(ModelFailed):
        await ask(proxy, "hello")


@pytest.mark.usefixtures("upstream")
async def test_a_wrong_key(proxy: RunningProxy) -> None:
    with pytest.raises(ModelKeyRefused):
        await ask(proxy, "hello", key="sk-wrong")


async def test_a_reasoning_model_behind_the_proxy(proxy: RunningProxy, upstream: SandboxModel) -> None:
    """The refusals arrive without their codes, and the request is still adapted."""
    parameters = {"temperature": 0.2, "max_tokens": 50, "stop": ["END"], "presence_penalty": 1}
    request = asking("[[say=fine]]", **parameters)
    request = type(request)(model="sandbox-reasoning", messages=request.messages, user="u" * 64, parameters=parameters)
    async with open_client(proxy.base_url, PROXY_KEY) as client:
        model = OpenAIChat(client, dialect=LITELLM)
        for _ in range(2):
            assert (await collect(model, request)).answer().text == "fine"
        assert model.adaptations("sandbox-reasoning").keys() == parameters.keys()
    assert "temperature" not in upstream.requests[-1]


async def test_variants_are_complete(proxy: RunningProxy, upstream: SandboxModel) -> None:
    """LiteLLM loses the second choice of a stream, so the bot asks for whole answers."""
    async with open_client(proxy.base_url, PROXY_KEY) as client:
        builder = await collect(OpenAIChat(client, dialect=LITELLM), asking("Tell me about cats", n=2))
    assert builder.answer(0).text
    assert builder.answer(1).text
    assert upstream.requests[-1]["n"] == 2


@pytest.mark.usefixtures("upstream")
async def test_the_list_of_models_is_read(proxy: RunningProxy) -> None:
    async with open_client(proxy.base_url, PROXY_KEY) as client:
        assert await fetch_models(client)
    async with open_client(proxy.base_url, "sk-wrong") as client:
        with pytest.raises(ModelKeyRefused):
            await fetch_models(client)
