"""A model that refuses parameters still answers, and admins see which parameters had no effect."""

from dataclasses import replace
from typing import Any

import pytest

from bot.core.errors import ContextTooLong, ModelRejected
from bot.llm.adaptation.learned_facts import ModelFacts
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from bot.llm.protocol.profiles import PROFILES
from bot.llm.protocol.request_body import Dialect
from bot.sandbox.model.server import SandboxModel
from bot.testing.records import MemoryLearnedFacts
from tests.contracts.chat_model import collect
from tests.llm.raw_server import raw_server
from tests.llm.refusals import ANSWER, bodies, refusal, request

OLD_PARAMETERS: dict[str, Any] = {
    "temperature": 0.2,
    "top_p": 0.5,
    "presence_penalty": 1,
    "frequency_penalty": 1,
    "stop": ["END"],
    "max_tokens": 50,
}


async def test_a_reasoning_model_answers_with_any_parameters(sandbox: SandboxModel) -> None:
    """Each old parameter is refused once; that is stored for this model, and for no other."""
    async with open_client(sandbox.base_url) as client:
        model = OpenAIChat(client)
        for name in ("sandbox-reasoning", "sandbox-reasoning", "sandbox-small"):
            builder = await collect(model, request(name, "[[say=fine]]", **OLD_PARAMETERS))
            assert builder.answer().text == "fine"
        described = model.adaptations("sandbox-reasoning")
        assert model.adaptations("sandbox-small") == {}
    assert len(sandbox.requests) == 6 + 1 + 1 + 1
    assert sandbox.requests[7].keys() & {*OLD_PARAMETERS, "max_completion_tokens"} == {"max_completion_tokens"}
    assert sandbox.requests[8].keys() >= OLD_PARAMETERS.keys()
    assert described == {
        "temperature": "has no effect: this model does not accept the value 0.2",
        "top_p": "has no effect: this model does not accept the value 0.5",
        "presence_penalty": "has no effect: this model does not accept it",
        "frequency_penalty": "has no effect: this model does not accept it",
        "stop": "has no effect: this model does not accept it",
        "max_tokens": "sent as `max_completion_tokens`",
    }


async def test_a_value_is_remembered_with_its_field(sandbox: SandboxModel) -> None:
    """Each refused parameter is refused once, and the accepted ones take effect."""
    async with open_client(sandbox.base_url) as client:
        model = OpenAIChat(client)
        for value in (0.2, 0.5, 0.2, 0.5, 1):
            await collect(model, request("sandbox-reasoning", temperature=value))
        described = model.adaptations("sandbox-reasoning")
    sent = [body.get("temperature") for body in sandbox.requests]
    assert sent == [0.2, None, 0.5, None, None, None, 1]
    assert described == {"temperature": "has no effect: this model does not accept the values 0.2, 0.5"}


BAD_VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "OpenAI": ({"max_tokens": 9}, "max_tokens is too large: 9. This model supports at most 8 tokens."),
    "LiteLLM": (
        {"reasoning_effort": "minimal"},
        "OpenAIException - Unsupported value: 'reasoning_effort' does not support 'minimal' with this model.",
    ),
    "validators": (
        {"temperature": 1.8},
        "[{'loc': ('body', 'temperature'), 'msg': 'Input should be less than or equal to 1.5'}]",
    ),
    "vLLM": ({"n": 3}, "This model does not support n > 1."),
    "Groq": ({"n": 3}, "'n' : number must be at most 1"),
}


@pytest.mark.parametrize(("parameters", "words"), BAD_VALUES.values(), ids=BAD_VALUES)
async def test_a_refused_value_does_not_block_another_value(parameters: dict[str, Any], words: str) -> None:
    (field,) = parameters
    async with raw_server([refusal(words)], [ANSWER]) as server, open_client(server.base_url) as client:
        model = OpenAIChat(client)
        for value in (parameters[field], parameters[field], 1):
            await collect(model, replace(request(), parameters={field: value}))
        described = model.adaptations("m")
    assert [body.get(field) for body in bodies(server)] == [parameters[field], None, None, 1]
    assert described == {field: f"has no effect: this model does not accept the value {parameters[field]}"}


async def test_a_refused_identifier_is_left_out_for_everybody() -> None:
    refused = refusal("Invalid 'user': string too long. Expected at most 8.")
    async with raw_server([refused], [ANSWER]) as server, open_client(server.base_url) as client:
        model = OpenAIChat(client)
        for user in ("first", "second"):
            await collect(model, replace(request(), user=user))
    assert [body.get("user") for body in bodies(server)] == ["first", None, None]


async def test_a_limit_that_fills_the_window_is_left_out_before_the_conversation_is_cut() -> None:
    """No question would be short enough to fit next to that limit."""
    words = (
        "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is "
        "4096 tokens and your request has 12 input tokens (5000 > 4096 - 12)."
    )
    async with raw_server([refusal(words)], [ANSWER]) as server, open_client(server.base_url) as client:
        model = OpenAIChat(client)
        await collect(model, request(max_tokens=5000))
        described = model.adaptations("m")
    assert [body.get("max_tokens") for body in bodies(server)] == [5000, None]
    assert described == {"max_tokens": "has no effect: this model does not accept the value 5000"}


async def test_a_limit_beside_which_shorter_questions_fit_stays() -> None:
    words = "maximum context length is 4096 tokens. However, you requested 5000 (4500 in the messages, 500 in"
    async with raw_server([refusal(words)]) as server, open_client(server.base_url) as client:
        model = OpenAIChat(client)
        with pytest.raises(ContextTooLong):
            await collect(model, request(max_tokens=500))
        assert model.adaptations("m") == {}


async def test_a_model_that_cannot_be_streamed_is_asked_for_the_whole_answer(sandbox: SandboxModel) -> None:
    async with open_client(sandbox.base_url) as client:
        model = OpenAIChat(client, first_word_timeout=0.2)
        for _ in range(2):
            text = "[[fault=unverified]] [[say=fine]] [[delay=0.4]]"
            answer = (await collect(model, request(text=text))).answer()
            assert (answer.text, answer.usage is not None) == ("fine", True)
    assert [body["stream"] for body in sandbox.requests] == [True, False, False]
    assert "stream_options" not in sandbox.requests[1]
    assert "in one piece" in model.adaptations("m")["stream"]


async def test_the_old_name_is_tried_where_the_new_one_is_refused() -> None:
    refused = refusal("property 'max_completion_tokens' is unsupported")
    async with raw_server([refused], [ANSWER]) as server, open_client(server.base_url) as client:
        model = OpenAIChat(client, dialect=Dialect(profile=PROFILES["openai"]))
        await collect(model, request(max_tokens=5))
    assert [body.get("max_tokens") for body in bodies(server)] == [None, 5]
    assert model.adaptations("m") == {}, "as far as an admin can see, nothing is amiss"


async def test_a_limit_that_is_refused_under_both_names_is_left_out() -> None:
    first, second = (refusal(f"{name} is not supported") for name in ("max_tokens", "max_completion_tokens"))
    async with raw_server([first], [second], [ANSWER]) as server, open_client(server.base_url) as client:
        model = OpenAIChat(client)
        await collect(model, request(max_tokens=5))
    assert bodies(server)[-1].keys() == {"model", "messages", "stream", "stream_options", "user"}
    assert model.adaptations("m") == {"max_tokens": "has no effect: this model does not accept it"}


@pytest.mark.parametrize(("role", "other"), [("system", "developer"), ("developer", "system")])
async def test_a_role_that_is_refused_becomes_the_other(role: str, other: str) -> None:
    """If that role is refused too, the prompt is sent with the role `user`."""
    refused = refusal("Unsupported value: 'messages[0].role'", "messages[0].role", "unsupported_value")
    async with raw_server([refused], [refused], [ANSWER]) as server, open_client(server.base_url) as client:
        model = OpenAIChat(client)
        await collect(model, request(system_role=role))
        assert model.adaptations("m") == {"system_role": "sent as `user`"}
    assert [body["messages"][0]["role"] for body in bodies(server)] == [role, other, "user"]


async def test_names_that_are_refused_are_left_out() -> None:
    refused = refusal("property 'name' is unsupported")
    async with raw_server([refused], [ANSWER]) as server, open_client(server.base_url) as client:
        await collect(OpenAIChat(client, dialect=Dialect(profile=PROFILES["openai"])), request())
    assert ["name" in body["messages"][1] for body in bodies(server)] == [True, False]


@pytest.mark.parametrize("status", [422, 500])
async def test_a_validation_error_counts_with_any_status(status: int) -> None:
    refused = refusal("1 validation error: [{'loc': ('body', 'user'), 'msg': 'no'}]", status=status)
    async with raw_server([refused], [ANSWER]) as server, open_client(server.base_url) as client:
        await collect(OpenAIChat(client), request())
    assert ["user" in body for body in bodies(server)] == [True, False]


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("Something is wrong.", 1),
        ("Unsupported parameter: 'tools'", 1),
        ("Unsupported parameter: 'model'", 1),
        ("max_tokens is wrong; max_completion_tokens is wrong", 3),  # under both names, then without
    ],
)
async def test_a_refusal_that_names_no_field_is_raised(message: str, asked: int) -> None:
    async with raw_server([refusal(message)]) as server, open_client(server.base_url) as client:
        with pytest.raises(ModelRejected):
            await collect(OpenAIChat(client), request(max_tokens=5))
    assert len(server.requests) == asked


async def test_a_server_that_refuses_everything_is_asked_seven_times_at_most() -> None:
    fields = [*OLD_PARAMETERS, "n", "logit_bias", "seed"]
    scripts = [[refusal(f"'{field}' is not supported", field)] for field in fields]
    async with raw_server(*scripts) as server, open_client(server.base_url) as client:
        with pytest.raises(ModelRejected):
            await collect(OpenAIChat(client), request(n=2, logit_bias={"1": 1}, seed=1, **OLD_PARAMETERS))
    assert len(server.requests) == 7


async def test_admins_see_what_a_service_refuses_before_it_does() -> None:
    async with open_client("http://localhost:11434/v1") as client:
        assert OpenAIChat(client).adaptations("m")["logit_bias"].startswith("has no effect")


async def test_learned_facts_survive_the_process(sandbox: SandboxModel) -> None:
    """The next process needs no refusal, and tells admins the same, including values and other names."""
    facts = ModelFacts(MemoryLearnedFacts())
    described = []
    for _ in range(2):
        async with open_client(sandbox.base_url) as client:
            model = OpenAIChat(client, facts=facts.for_server("here"))
            await collect(model, request("sandbox-reasoning", **OLD_PARAMETERS))
            described.append(model.adaptations("sandbox-reasoning"))
            assert OpenAIChat(client, facts=facts.for_server("there")).adaptations("sandbox-reasoning") == {}
        facts = await reopened(facts)
    assert len(sandbox.requests) == 6 + 1 + 1
    assert described[0] == described[1]
    assert len(described[1]) == 6


async def test_a_limit_that_is_refused_under_both_names_stays_out_after_a_restart() -> None:
    """In any order of the stored facts."""
    first, second = (refusal(f"{name} is not supported") for name in ("max_tokens", "max_completion_tokens"))
    facts = ModelFacts(MemoryLearnedFacts())
    async with raw_server([first], [second], [ANSWER]) as server, open_client(server.base_url) as client:
        for _ in range(2):
            model = OpenAIChat(client, facts=facts.for_server("here"))
            await collect(model, request(max_tokens=5))
            assert model.adaptations("m") == {"max_tokens": "has no effect: this model does not accept it"}
            facts = await reopened(facts)
    assert len(server.requests) == 4


async def reopened(facts: ModelFacts) -> ModelFacts:
    """Return what the next process knows."""
    await facts.close()
    later = ModelFacts(facts._store)
    await later.load()
    return later
