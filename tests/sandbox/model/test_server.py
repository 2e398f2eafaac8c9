"""The sandbox's model as a client sees it: the wire, the rules, the clock, and the faults."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest

from bot.sandbox.model.server import SandboxModel
from tests.llm.leftovers import nothing_left_running

__all__ = ["nothing_left_running"]


@pytest.fixture
async def model() -> AsyncIterator[SandboxModel]:
    async with SandboxModel(rate=5_000) as model:
        yield model


def question(text: str, **fields: Any) -> dict[str, Any]:
    return {"model": "sandbox-small", "messages": [{"role": "user", "content": text}], **fields}


async def post(model: SandboxModel, body: Any, **headers: str) -> tuple[int, Any]:
    """Send a body; return the status, and the decoded answer: an object, or a stream's list of data."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{model.base_url}/chat/completions", data=data, headers=headers) as response,
    ):
        text = await response.text()
        if response.content_type != "text/event-stream":
            return response.status, json.loads(text)
        return response.status, [event.removeprefix("data: ") for event in text.split("\n\n") if event]


def told(events: Sequence[str], index: int = 0) -> str:
    """Return the text of one choice of a stream."""
    chunks = [json.loads(event) for event in events if event != "[DONE]"]
    choices = [choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == index]
    return "".join(choice["delta"].get("content", "") for choice in choices)


# The wire


async def test_a_stream_has_openais_shape(model: SandboxModel) -> None:
    """A role, the text, a finish reason, the usage if asked for, and [DONE]."""
    body = question("[[say=one two]]", stream=True, stream_options={"include_usage": True})
    status, events = await post(model, body)
    chunks = [json.loads(event) for event in events[:-1]]
    assert status == 200
    assert events[-1] == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [chunk["choices"][0]["delta"] for chunk in chunks[1:3]] == [
        {"content": "one"},
        {"content": " two"},
    ]
    assert chunks[3]["choices"][0]["finish_reason"] == "stop"
    assert chunks[4]["choices"] == []
    assert chunks[4]["usage"]["completion_tokens"] == 2
    assert all(chunk["usage"] is None for chunk in chunks[:4])


async def test_usage_is_not_sent_unasked(model: SandboxModel) -> None:
    _, events = await post(model, question("hello", stream=True))
    assert not any("usage" in json.loads(event) for event in events[:-1])


async def test_a_plain_answer_says_the_same_as_a_stream(model: SandboxModel) -> None:
    _, answer = await post(model, question("What is a fencing token?"))
    _, events = await post(model, question("What is a fencing token?", stream=True))
    assert answer["choices"][0]["message"]["content"] == told(events)
    assert answer["usage"]["completion_tokens"] > 50


async def test_several_choices_differ_and_arrive_in_turns(model: SandboxModel) -> None:
    _, events = await post(model, question("hello", stream=True, n=3))
    assert len({told(events, index) for index in range(3)}) == 3
    indexes = [json.loads(event)["choices"][0]["index"] for event in events[1:7]]
    assert indexes == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
async def test_the_length_limit_ends_an_answer(model: SandboxModel, field: str) -> None:
    _, answer = await post(model, question("[[say=one two three]]", **{field: 2}))
    assert answer["choices"][0]["message"]["content"] == "one two"
    assert answer["choices"][0]["finish_reason"] == "length"


async def test_a_stop_sequence_ends_an_answer_before_it(model: SandboxModel) -> None:
    _, answer = await post(model, question("[[say=one two three]]", stop=["three", " two"]))
    assert answer["choices"][0]["message"]["content"] == "one"
    assert answer["choices"][0]["finish_reason"] == "stop"


async def test_the_list_of_models(model: SandboxModel) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{model.base_url}/models") as response:
        models = (await response.json())["data"]
    assert [entry["id"] for entry in models] == [
        "sandbox-small",
        "sandbox-large",
        "sandbox-old",
        "sandbox-reasoning",
    ]
    assert [bool(entry["shutdown_date"]) for entry in models] == [False, False, True, False]


# The rules


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"temperature": 2.1}, 400, "decimal_above_max_value", "temperature"),
        ({"temperature": -0.1}, 400, "decimal_below_min_value", "temperature"),
        ({"temperature": "1"}, 400, "invalid_type", "temperature"),
        ({"temperature": float("nan")}, 400, "decimal_below_min_value", "temperature"),
        ({"top_p": 1.1}, 400, "decimal_above_max_value", "top_p"),
        ({"presence_penalty": -3}, 400, "decimal_below_min_value", "presence_penalty"),
        ({"frequency_penalty": True}, 400, "invalid_type", "frequency_penalty"),
        ({"n": 0}, 400, "integer_below_min_value", "n"),
        ({"n": 129}, 400, "integer_above_max_value", "n"),
        ({"n": 1.5}, 400, "invalid_type", "n"),
        ({"max_tokens": 0}, 400, "integer_below_min_value", "max_tokens"),
        ({"stop": ["a"] * 5}, 400, None, "stop"),
        ({"stop": ""}, 400, None, "stop"),
        ({"logit_bias": {"50256": 101}}, 400, "decimal_above_max_value", "logit_bias"),
        ({"logit_bias": {"word": 1}}, 400, "invalid_type", "logit_bias"),
        ({"user": "u" * 65}, 400, "string_above_max_length", "user"),
        ({"user": 7}, 400, "invalid_type", "user"),
        ({"stream": "yes"}, 400, "invalid_type", "stream"),
        ({"stream_options": {"include_usage": True}}, 400, None, "stream_options"),
        ({"temprature": 1}, 400, "unknown_parameter", "temprature"),
        ({"model": None}, 400, None, "model"),
        ({"messages": None}, 400, "missing_required_parameter", "messages"),
        ({"messages": []}, 400, "empty_array", "messages"),
        ({"messages": ["hello"]}, 400, "invalid_type", "messages[0]"),
        ({"messages": [{"role": "bot", "content": "x"}]}, 400, "invalid_value", "messages[0].role"),
        ({"messages": [{"role": "user"}]}, 400, "invalid_type", "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": "x", "name": "Ada L"}]},
            400,
            "invalid_value",
            "messages[0].name",
        ),
    ],
)
async def test_what_openai_refuses_is_refused(
    model: SandboxModel, fields: dict[str, Any], status: int, code: str | None, param: str
) -> None:
    answer = await post(model, question("hello", **fields))
    assert answer[0] == status
    error = answer[1]["error"]
    assert (error["code"], error["param"], error["type"]) == (code, param, "invalid_request_error")


async def test_every_documented_parameter_is_taken(model: SandboxModel) -> None:
    fields = {
        "temperature": 2,
        "top_p": 0,
        "presence_penalty": -2,
        "frequency_penalty": 2.0,
        "n": 2,
        "max_tokens": 5,
        "stop": "x",
        "logit_bias": {"50256": -100},
        "user": "u" * 64,
        "seed": None,
    }
    assert (await post(model, question("hello", **fields)))[0] == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(model: SandboxModel, body: bytes) -> None:
    assert (await post(model, body))[0] == 400


async def test_a_wrong_key_is_refused() -> None:
    async with SandboxModel(api_key="right") as model:
        assert (await post(model, question("hello")))[0] == 401
        assert (await post(model, question("hello"), Authorization="Bearer wrong"))[0] == 401
        assert (await post(model, question("hello"), Authorization="Bearer right"))[0] == 200


async def test_an_unknown_model_or_path_is_not_found() -> None:
    async with SandboxModel(strict_models=True) as model:
        status, answer = await post(model, question("hello", model="gpt-3"))
        assert (status, answer["error"]["code"]) == (404, "model_not_found")
        async with aiohttp.ClientSession() as session, session.get(f"{model.base_url}/nothing") as response:
            assert response.status == 404
            assert "error" in await response.json()


async def test_a_taken_port_is_an_os_error(model: SandboxModel) -> None:
    port = int(model.base_url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="address already in use"):
        async with SandboxModel(port=port):
            pass


async def test_requests_are_kept_and_observed() -> None:
    """The observer gets no text of the conversation."""
    seen: list[tuple[str, str, str]] = []

    def observe(name: str, *, status: str, seconds: float, detail: str) -> None:
        assert seconds >= 0
        seen.append((name, status, detail))

    async with SandboxModel(rate=5_000, on_request=observe) as model:
        await post(model, question("[[say=one two]]"))
        await post(model, question("[[fault=503]]"))
    assert [body["messages"][0]["content"] for body in model.requests] == ["[[say=one two]]", "[[fault=503]]"]
    assert seen == [
        ("chat/completions", "ok", "sandbox-small, messages: 1, tokens: 2"),
        ("chat/completions", "503", ""),
    ]


# The clock


async def test_tokens_go_out_by_a_schedule(model: SandboxModel) -> None:
    """The rate holds on average, even if single waits take longer."""
    clock = asyncio.get_running_loop().time
    started = clock()
    await post(model, question("[[tokens=200]] [[rate=400]] [[delay=0.3]]", stream=True))
    assert 0.3 + 199 / 400 <= clock() - started < 0.3 + 199 / 400 + 1.0


async def test_closing_does_not_wait_for_answers() -> None:
    clock = asyncio.get_running_loop().time
    async with SandboxModel() as model:
        asking = asyncio.create_task(post(model, question("[[fault=stall]] [[rate=1000]]", stream=True)))
        await asyncio.sleep(0.3)
        assert model.open_requests == 1
        started = clock()
    assert clock() - started < 1.5
    with pytest.raises(aiohttp.ClientError):
        await asking


async def test_a_client_that_leaves_ends_its_answer(model: SandboxModel) -> None:
    asking = asyncio.create_task(post(model, question("[[tokens=5000]] [[rate=100]]", stream=True)))
    await asyncio.sleep(0.3)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.sleep(0.2)
    assert model.open_requests == 0


# The faults


async def test_a_rate_limit_says_when(model: SandboxModel) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{model.base_url}/chat/completions"
        async with session.post(url, json=question("[[fault=429]]")) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "1")


@pytest.mark.parametrize("fault", ["401", "404", "500", "503"])
async def test_a_status_fault(model: SandboxModel, fault: str) -> None:
    status, answer = await post(model, question(f"[[fault={fault}]]", stream=True))
    assert status == int(fault)
    assert answer["error"]["message"]


async def test_a_fault_may_pass(model: SandboxModel) -> None:
    body = question("[[fault=500 times=2]] [[say=fine]]")
    assert [(await post(model, body))[0] for _ in range(4)] == [500, 500, 200, 200]


@pytest.mark.parametrize(("fault", "reason"), [("filter", "content_filter"), ("length", "length")])
async def test_an_answer_may_end_early(model: SandboxModel, fault: str, reason: str) -> None:
    _, answer = await post(model, question(f"[[say=one two three four]] [[fault={fault}]]"))
    assert answer["choices"][0]["message"]["content"] == "one two"
    assert answer["choices"][0]["finish_reason"] == reason


async def test_faults_in_mid_answer(model: SandboxModel) -> None:
    """Half the text, then the fault."""
    say = "[[say=one two three four]]"
    for stream in (True, False):
        with pytest.raises(aiohttp.ClientError):
            await post(model, question(f"{say} [[fault=cut]]", stream=stream))
    _, events = await post(model, question(f"{say} [[fault=error]]", stream=True))
    assert told(events[:-1]) == "one two"
    assert "error" in json.loads(events[-1])
    _, events = await post(model, question(f"{say} [[fault=malformed]]", stream=True))
    with pytest.raises(json.JSONDecodeError):
        json.loads(events[-1])
    _, events = await post(model, question("[[fault=empty]]", stream=True))
    assert told(events) == ""
