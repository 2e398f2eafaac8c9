"""`OpenAIChat` over real sockets: requests, answers, errors, and how a connection ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from bot.core.chat.stream import ChoiceFinished, TextDelta
from bot.core.errors import (
    ModelBusy,
    ModelError,
    ModelFailed,
    ModelInterrupted,
    ModelKeyRefused,
    ModelOverloaded,
    ModelRejected,
    ModelUnavailable,
    ModelUnknown,
    SettingsError,
)
from bot.core.requests import ChatMessage, ChatRequest
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from bot.sandbox.model.server import SandboxModel
from tests.contracts import chat_model
from tests.contracts.chat_model import asking, collect
from tests.llm.answers import DONE, END, WORD, ask
from tests.llm.raw_server import OK, Step, raw_server


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxModel]:
    async with SandboxModel(rate=2_000) as model:
        yield model


@pytest.mark.parametrize("clause", chat_model.CLAUSES)
async def test_the_contract(clause: chat_model.Clause, sandbox: SandboxModel) -> None:
    async with open_client(sandbox.base_url) as client:
        await clause(OpenAIChat(client))


async def test_the_request_holds_what_is_set_and_nothing_else(sandbox: SandboxModel) -> None:
    """Servers refuse fields they do not know, and empty ones; few take names."""
    message = ChatMessage(role="user", content="hello", name="Ada")
    async with open_client(sandbox.base_url) as client:
        model = OpenAIChat(client)
        await collect(model, ChatRequest(model="m", messages=(message,)))
        await collect(
            model, ChatRequest(model="m", messages=(message,), user="u" * 64, parameters={"temperature": 0.5})
        )
    plain = {
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert sandbox.requests == [plain, {**plain, "user": "u" * 64, "temperature": 0.5}]


async def test_headers() -> None:
    """The key and the organisation are sent when they are set, and no empty ones."""
    async with raw_server([OK + WORD + DONE]) as server:
        await ask(server.base_url)
        async with open_client(f"{server.base_url}/", "k-1", "org-1") as client:
            await collect(OpenAIChat(client), asking("hello"))
    bare, full = (request.lower() for request in server.requests)
    assert bare.startswith(b"post /v1/chat/completions http/1.1\r\n")
    assert b"authorization" not in bare
    assert b"organization" not in bare
    assert b"post /v1/chat/completions" in full
    assert b"authorization: bearer k-1\r\n" in full
    assert b"openai-organization: org-1\r\n" in full


@pytest.mark.parametrize("url", ["", "api.openai.com/v1", "ftp://host/v1", "http://", "http://[::1", "\x00"])
def test_a_wrong_address_names_the_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL"):
        open_client(url)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "clé", "tab\t"])
def test_a_wrong_key_names_the_setting_and_not_the_key(key: str) -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY") as caught:
        open_client("http://127.0.0.1/v1", key)
    assert key not in str(caught.value)


async def test_errors_of_the_sandbox(sandbox: SandboxModel) -> None:
    """A status becomes its error, with the pause that the server asked for."""
    expected: list[tuple[str, type[ModelError]]] = [
        ("429", ModelBusy),
        ("500", ModelFailed),
        ("503", ModelOverloaded),
    ]
    for fault, error in expected:
        with pytest.raises(error) as caught:
            await ask(sandbox.base_url, f"[[fault={fault}]]")
        assert fault in str(caught.value)
        if fault == "429":
            assert getattr(caught.value, "retry_after", None) == 1.0


async def test_a_wrong_key_and_an_unknown_model() -> None:
    async with SandboxModel(api_key="right", strict_models=True) as model:
        with pytest.raises(ModelKeyRefused):
            await ask(model.base_url, key="wrong")
        async with open_client(model.base_url, "right") as client:
            chat = OpenAIChat(client)
            await collect(chat, asking("hello"))
            unknown = ChatRequest(model="gpt-3", messages=(ChatMessage(role="user", content="hello"),))
            with pytest.raises(ModelUnknown):
                await collect(chat, unknown)


async def test_a_long_answer_loses_nothing(sandbox: SandboxModel) -> None:
    async with open_client(sandbox.base_url) as client:
        builder = await collect(OpenAIChat(client), asking("[[tokens=3000]] [[rate=1000000]]"))
    answer = builder.answer()
    assert answer.text.endswith("Sentence 56.5 looks")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3000


async def test_many_at_once_use_a_server_fairly(sandbox: SandboxModel) -> None:
    """Answers run side by side, more than a pool's usual hundred."""
    async with open_client(sandbox.base_url) as client:
        model = OpenAIChat(client)
        texts = await asyncio.gather(
            *(collect(model, asking(f"[[say=number {number}]] [[delay=0.5]]")) for number in range(120))
        )
    assert [builder.answer().text for builder in texts] == [f"number {number}" for number in range(120)]


async def test_the_log_line_names_the_request() -> None:
    head = b"HTTP/1.1 200 OK\r\nx-request-id: req_9\r\n\r\n"
    async with raw_server([b"HTTP/1.1 500 x\r\nx-request-id: req_8\r\n\r\n"], [head, WORD]) as server:
        with pytest.raises(ModelUnavailable, match="req_8"):
            await ask(server.base_url)
        with pytest.raises(ModelInterrupted, match="req_9"):
            await ask(server.base_url)


async def test_leaving_closes_the_connection() -> None:
    """That is how a server learns that it can stop."""
    async with raw_server([OK, WORD, None]) as server, open_client(server.base_url) as client:
        async with OpenAIChat(client).stream(asking("hello")) as events:
            assert await anext(events) == TextDelta("Hi")
        await asyncio.wait_for(server.left.wait(), 2)


@pytest.mark.parametrize("script", [[None], [OK, None], [OK, WORD, None]])
async def test_cancelling_closes_the_connection(script: Sequence[Step]) -> None:
    async with raw_server(script) as server, open_client(server.base_url) as client:
        task = asyncio.create_task(collect(OpenAIChat(client), asking("hello")))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.left.wait(), 2)


async def test_many_cancelled_answers_leave_the_pool_whole(sandbox: SandboxModel) -> None:
    """Plain httpx would starve here: https://github.com/encode/httpcore/issues/1093."""
    async with open_client(sandbox.base_url) as client:
        model = OpenAIChat(client)
        for _ in range(20):
            tasks = [asyncio.create_task(collect(model, asking("[[tokens=900]] [[rate=100]]"))) for _ in range(10)]
            await asyncio.sleep(0.01)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert (await collect(model, asking("[[say=fine]]"))).answer().text == "fine"
    for _ in range(100):
        await asyncio.sleep(0.01 if sandbox.open_requests else 0)
    assert sandbox.open_requests == 0


async def test_a_server_that_knows_no_stream_options_is_asked_without() -> None:
    """After the refusal the field is not sent again."""
    said = b'{"error":{"message":"no","code":"unsupported_parameter","param":"stream_options"}}'
    refusal = b"HTTP/1.1 400 x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(said), said)
    async with raw_server([refusal], [OK, WORD, END]) as server, open_client(server.base_url) as client:
        model = OpenAIChat(client)
        for _ in range(2):
            assert (await collect(model, asking("hello"))).answer().text == "Hi"
    sent = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in server.requests]
    assert ["stream_options" in body for body in sent] == [True, False, False]


async def test_questions_asked_together_all_learn_that() -> None:
    """The one that is refused second is asked again too, although the fact is already known."""
    refusal: list[Step] = [0.2, b"HTTP/1.1 400 x\r\nconnection: close\r\n\r\nstream_options"]
    async with (
        raw_server(refusal, refusal, [OK, WORD, END]) as server,
        open_client(server.base_url) as client,
    ):
        model = OpenAIChat(client)
        builders = await asyncio.gather(*(collect(model, asking("hello")) for _ in range(2)))
    assert [builder.answer().text for builder in builders] == ["Hi", "Hi"]
    assert len(server.requests) == 4


async def test_a_server_that_refuses_every_time_is_not_asked_for_ever() -> None:
    async with raw_server([b"HTTP/1.1 400 x\r\n\r\nstream_options"]) as server:
        with pytest.raises(ModelRejected):
            await ask(server.base_url)
    assert len(server.requests) == 2


async def test_this_machine_is_not_reached_by_a_proxy(monkeypatch: pytest.MonkeyPatch, sandbox: SandboxModel) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await ask(sandbox.base_url)


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with raw_server([OK, WORD, END]) as proxy:
        monkeypatch.setenv("http_proxy", proxy.base_url.removesuffix("/v1"))
        assert TextDelta("Hi") in await ask("http://model.invalid/v1")
    assert proxy.requests[0].startswith(b"POST http://model.invalid/v1/chat/completions ")


async def test_a_slow_reader_is_not_timed_out() -> None:
    """The timeout limits the server's silence, not our own work between two pieces."""
    async with raw_server([OK, WORD, END + DONE]) as server, open_client(server.base_url) as client:
        said = []
        async with OpenAIChat(client, idle_timeout=0.2).stream(asking("hello")) as events:
            async for event in events:
                said.append(event)
                await asyncio.sleep(0.4)
    assert said == [TextDelta("Hi"), ChoiceFinished("stop")]


async def test_the_client_is_httpx_over_aiohttp() -> None:
    async with open_client("http://127.0.0.1/v1") as client:
        assert isinstance(client, httpx.AsyncClient)
        assert "aiohttp" in type(client).__module__
