"""The model as the bot opens it: all servers, with retries and circuit breakers."""

from dataclasses import replace

import pytest

from bot.core.errors import ModelError, ModelFailed, ModelKeyRefused, ModelUnknown, SettingsError
from bot.llm.open_model import ModelServer, ModelSettings, open_model
from bot.llm.resilience.circuit_breaker import MAX_FAILED_CONVERSATIONS
from bot.sandbox.model.server import SandboxModel
from tests.contracts import chat_model
from tests.contracts.chat_model import asking, collect


@pytest.mark.parametrize("clause", chat_model.CLAUSES)
async def test_the_contract(clause: chat_model.Clause) -> None:
    async with (
        SandboxModel(rate=2_000) as sandbox,
        open_model(ModelSettings(servers=(ModelServer(base_url=sandbox.base_url),))) as model,
    ):
        await clause(model)


async def test_several_keys_are_tried_in_order() -> None:
    async with SandboxModel(rate=2_000, api_key="right") as sandbox:
        keys = (ModelServer(base_url=sandbox.base_url, api_key=key) for key in ("wrong", "right", "other"))
        async with open_model(ModelSettings(servers=tuple(keys))) as model:
            assert (await collect(model, asking("[[say=fine]]"))).answer().text == "fine"
        async with open_model(ModelSettings(servers=(ModelServer(base_url=sandbox.base_url),))) as model:
            with pytest.raises(ModelKeyRefused):
                await collect(model, asking("hello"))


async def test_a_server_may_have_its_own_name_for_the_model() -> None:
    async with SandboxModel(rate=2_000, strict_models=True) as sandbox:
        servers = (
            ModelServer(base_url=sandbox.base_url, model="gone"),
            ModelServer(base_url=sandbox.base_url, model="sandbox-large"),
        )
        async with open_model(ModelSettings(servers=servers)) as model:
            assert (await collect(model, asking("hello"))).answer().model == "sandbox-large"
        async with open_model(ModelSettings(servers=servers[:1])) as model:
            with pytest.raises(ModelUnknown):
                await collect(model, asking("hello"))


async def test_a_server_that_fails_is_asked_three_times_a_question_until_it_is_left_alone() -> None:
    async with (
        SandboxModel(rate=2_000) as sandbox,
        open_model(ModelSettings(servers=(ModelServer(base_url=sandbox.base_url),))) as model,
    ):
        for number in range(4):
            with pytest.raises(ModelFailed):
                await collect(model, replace(asking("[[fault=500]]"), conversation=f"{number}"))
    assert len(sandbox.requests) == 3 * (MAX_FAILED_CONVERSATIONS - 1) + 1


@pytest.mark.parametrize("fault", ["500", "503"])
async def test_what_fails_in_one_conversation_leaves_all_others_alone(fault: str) -> None:
    """As with two questions that are longer than the server can take, each asked three times."""
    async with (
        SandboxModel(rate=2_000) as sandbox,
        open_model(ModelSettings(servers=(ModelServer(base_url=sandbox.base_url),))) as model,
    ):
        for _ in range(2):
            with pytest.raises(ModelError):
                await collect(model, replace(asking(f"[[fault={fault}]]"), conversation="overlong"))
        fine = replace(asking("[[say=fine]]"), conversation="another")
        assert (await collect(model, fine)).answer().text == "fine"
    assert len(sandbox.requests) == 2 * 3 + 1


async def test_admins_can_ask_what_there_is_and_what_has_no_effect() -> None:
    async with (
        SandboxModel(rate=2_000) as sandbox,
        open_model(ModelSettings(servers=(ModelServer(base_url=sandbox.base_url),))) as model,
    ):
        name = (await model.fetch_models())[-1].id
        request = asking("hello", stop=["END"])
        assert model.adaptations(name) == {}
        await collect(model, type(request)(model=name, messages=request.messages, parameters={"stop": ["x"]}))
        assert model.adaptations(name) == {"stop": "has no effect: this model does not accept it"}


@pytest.mark.parametrize(
    ("server", "sends"),
    [
        (ModelServer(base_url="https://api.openai.com/v1"), True),
        (ModelServer(base_url="https://our.openai.azure.com"), True),
        (ModelServer(base_url="https://gateway.example/v1"), False),
        (ModelServer(base_url="https://gateway.example/v1", kind="openai"), True),
        (ModelServer(base_url="https://gateway.example/v1", names=True), True),
        (ModelServer(base_url="https://api.openai.com/v1", names=False), False),
    ],
)
async def test_names_are_sent_where_the_preferred_service_takes_them(server: ModelServer, *, sends: bool) -> None:
    others = (
        ModelServer(base_url="https://api.openai.com/v1"),
        ModelServer(base_url="https://gateway.example/v1"),
    )
    async with open_model(ModelSettings(servers=(server, *others))) as model:
        assert model.sends_names is sends


async def test_keys_are_in_no_repr_and_in_no_error() -> None:
    server = ModelServer(
        base_url="http://127.0.0.1:1/v1?key=k-secret",
        api_key="k-secret",
        headers={"X-Key": "k-secret"},
        query={"key": "k-secret"},
    )
    settings = ModelSettings(servers=(server,))
    assert "secret" not in repr(settings)
    async with open_model(settings) as model:
        assert "secret" not in repr(model)
        with pytest.raises(ModelError) as caught:
            await collect(model, asking("hello"))
    assert "secret" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_a_wrong_setting_stops_before_anything_is_sent() -> None:
    async with SandboxModel() as sandbox:
        servers = (
            ModelServer(base_url=sandbox.base_url),
            ModelServer(base_url=sandbox.base_url, kind="grok"),
        )
        with pytest.raises(SettingsError, match="grok"):
            async with open_model(ModelSettings(servers=servers)):
                pass
    assert sandbox.requests == []


async def test_facts_are_stored_for_each_server_without_its_keys() -> None:
    """Neither a key in the address nor one in its query is stored."""
    secret = ModelServer(base_url="http://me:hunter2@127.0.0.1:9/v1/?key=hunter2")
    async with open_model(ModelSettings(servers=(secret,))) as model:
        assert model.facts.server == "http://127.0.0.1:9/v1"
