"""Which error a service's error body means; for each wording there is a row."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import (
    ContentFiltered,
    ContextTooLong,
    ModelBusy,
    ModelError,
    ModelFailed,
    ModelForbidden,
    ModelKeyRefused,
    ModelOutOfCredit,
    ModelOverloaded,
    ModelRejected,
    ModelUnknown,
)
from bot.llm.protocol.error_body import parse_error_body, read_retry_after
from bot.llm.protocol.error_translation import make_model_error, make_stream_error

NOW = 1_763_600_000.0


def openai(message: str = "no", kind: str = "invalid_request_error", code: Any = None, param: Any = None) -> Any:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


QUOTA = "You exceeded your current quota, please check your plan and billing details. Please retry in 22.5s."
TABLE: list[tuple[int, Any, type[ModelError]]] = [
    (400, openai("too long", code="context_length_exceeded"), ContextTooLong),
    (400, openai("This model's maximum context length is 8192 tokens."), ContextTooLong),
    (400, openai("Input tokens exceed the configured limit of 272000 tokens."), ContextTooLong),
    (400, {"error": {"code": 400, "message": "no", "type": "exceed_context_size_error"}}, ContextTooLong),
    (400, openai("litellm.ContextWindowExceededError: no", code="400"), ContextTooLong),
    (413, openai("Request too large", "tokens", "rate_limit_exceeded"), ContextTooLong),
    (413, "<html>Request Entity Too Large</html>", ContextTooLong),
    (429, openai("Request too large on TPM: Limit 30000, Requested 41000.", "tokens"), ContextTooLong),
    (429, openai("Rate limit reached: Limit 30000, Used 29000, Requested 4000.", "tokens"), ModelBusy),
    (400, openai("unsupported", code="unsupported_parameter", param="max_tokens"), ModelRejected),
    (400, openai("filtered", kind="", code="content_filter"), ContentFiltered),
    (
        400,
        {"error": {"innererror": {"code": "ResponsibleAIPolicyViolation"}, "message": "no", "status": 400}},
        ContentFiltered,
    ),
    (403, {"error": {"code": 403, "message": "Your input was flagged", "metadata": {}}}, ContentFiltered),
    (400, openai("anything"), ModelRejected),
    (422, {"detail": [{"loc": ["body", "name"], "type": "extra_forbidden"}]}, ModelRejected),
    (401, openai("Incorrect API key provided", code="invalid_api_key"), ModelKeyRefused),
    (401, {"detail": "Unauthorized"}, ModelKeyRefused),
    (403, openai("Country not supported", code="unsupported_country_region_territory"), ModelForbidden),
    (
        400,
        [{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}],
        ModelKeyRefused,
    ),
    (400, [{"error": {"code": 400, "message": "Unknown name", "status": "INVALID_ARGUMENT"}}], ModelRejected),
    (402, {"error": {"code": 402, "message": "Insufficient credits", "metadata": {}}}, ModelOutOfCredit),
    (429, openai("no", "insufficient_quota", "insufficient_quota"), ModelOutOfCredit),
    (429, openai("no", "insufficient_quota", "slow_down"), ModelOutOfCredit),
    (429, openai("no", code="project_spend_limit_exceeded"), ModelOutOfCredit),
    (429, openai("You exceeded your current quota, please check", "None", "429"), ModelOutOfCredit),
    (429, openai("Your account is suspended", "exceeded_current_quota_error"), ModelOutOfCredit),
    (400, openai("Your credit balance is too low to access the API."), ModelOutOfCredit),
    (429, [{"error": {"code": 429, "message": QUOTA, "status": "RESOURCE_EXHAUSTED"}}], ModelBusy),
    (429, openai(f'GeminiException - {{"message": "{QUOTA}", "status": "RESOURCE_EXHAUSTED"}}'), ModelBusy),
    (404, openai("no", code="model_not_found", param="model"), ModelUnknown),
    (404, {"detail": "Not Found"}, ModelUnknown),
    (404, "<html>nothing here</html>", ModelUnknown),
    (400, openai("no", code="model_not_found"), ModelUnknown),
    (400, openai("/chat/completions: Invalid model name passed in model=m", code="400"), ModelUnknown),
    (400, {"error": {"message": "m is not a valid model ID", "code": 400}}, ModelUnknown),
    (400, {"object": "error", "message": "no", "type": "invalid_model", "code": "1500"}, ModelUnknown),
    (301, "", ModelUnknown),
    (405, "", ModelUnknown),
    (408, "", ModelFailed),
    (409, openai("lock timeout"), ModelFailed),
    (429, openai("no", "requests", "rate_limit_exceeded"), ModelBusy),
    (429, openai("no", code="slow_down"), ModelBusy),
    (429, "", ModelBusy),
    (498, openai("no", code="capacity_exceeded"), ModelOverloaded),
    (503, openai("no", "server_error", "server_is_overloaded"), ModelOverloaded),
    (529, "", ModelOverloaded),
    (500, "Internal Server Error", ModelFailed),
    (500, openai("The server had an error", "server_error"), ModelFailed),
    (500, openai("1 validation error for Chat", "internal_server_error"), ModelRejected),
    (500, openai("The prompt is not allowed", "invalid_request_error"), ModelRejected),
    (503, openai("Unsupported value", "invalid_request_error"), ModelRejected),
    (529, openai("no", "BadRequestError"), ModelRejected),
    (500, openai("litellm.BadRequestError: the prompt is odd"), ModelRejected),
    (502, {"detail": "upstream said 400 Bad Request"}, ModelRejected),
    (503, "Request body too large", ModelRejected),
    (500, [{"error": {"code": 500, "message": "no", "status": "INVALID_ARGUMENT"}}], ModelRejected),
    (500, openai("This model's maximum context length is 8192 tokens.", "server_error"), ContextTooLong),
    (503, openai("Please reduce the input length."), ContextTooLong),
    (503, openai("no", "invalid_request_error", "server_is_overloaded"), ModelOverloaded),
    (409, openai("lock timeout", "invalid_request_error"), ModelFailed),
    (502, "<html>Bad Gateway</html>", ModelFailed),
    (504, "", ModelFailed),
    (400, {"object": "error", "message": {"detail": ["no"]}, "type": "invalid", "code": 400}, ModelRejected),
    (400, {"error": "no"}, ModelRejected),
    (418, [], ModelRejected),
    (600, None, ModelFailed),
]


def body(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def refused(status: int, said: bytes, headers: Mapping[str, str] = MappingProxyType({})) -> ModelError:
    return make_model_error(parse_error_body(status, said), headers, now=NOW)


@pytest.mark.parametrize(("status", "said", "error"), TABLE)
def test_an_error_body_becomes_the_error_it_means(status: int, said: Any, error: type[ModelError]) -> None:
    assert type(refused(status, body(said))) is error


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"error": {"message": "no", "code": "500"}}, ModelFailed),  # LiteLLM
        ({"object": "error", "message": "no", "code": 400}, ModelRejected),  # vLLM, SGLang
        ({"error": {"object": "error", "message": "no", "code": 400}}, ModelRejected),
        ({"error": {"code": 502, "message": "no"}, "choices": []}, ModelFailed),  # OpenRouter
        ({"error": {"code": 429, "message": "no"}}, ModelBusy),
        ({"error": {"type": "overloaded_error", "message": "no"}}, ModelOverloaded),
        ({"error": {"type": "server_error", "message": "no", "code": None}}, ModelFailed),
        ({"error": {"type": "invalid_request_error", "message": "no", "code": None}}, ModelRejected),
        ({"error": "string"}, ModelFailed),
        ({"error": {"code": "context_length_exceeded"}}, ContextTooLong),
        ({"error": {"code": "invalid_api_key"}}, ModelKeyRefused),
        ("not even JSON", ModelFailed),
        (None, ModelFailed),
    ],
)
def test_an_error_in_a_stream_is_read_like_any_other(said: Any, error: type[ModelError]) -> None:
    assert type(make_stream_error(said)) is error


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"Retry-After-Ms": "250"}, 0.25),
        ({"retry-after": "1", "retry-after-ms": "1500"}, 1.5),
        ({"llm_provider-retry-after": "20"}, 20.0),
        ({"Retry-After": "Thu, 20 Nov 2025 00:53:30 GMT"}, 10.0),
        ({"Retry-After": "Thu, 20 Nov 2025 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "inf", "retry-after-ms": "nan"}, None),
        ({"Retry-After": ""}, None),
    ],
)
def test_the_pause_is_the_longest_that_a_header_names(headers: dict[str, str], pause: float | None) -> None:
    assert read_retry_after(headers, now=NOW) == pause


def test_a_busy_service_says_how_long() -> None:
    error = refused(429, b"", {"Retry-After": "3"})
    assert isinstance(error, ModelBusy)
    assert error.retry_after == 3.0


@pytest.mark.parametrize(
    ("message", "headers", "pause"),
    [
        (QUOTA, {}, 22.5),
        ("Rate limit reached. Please try again in 6m0s.", {}, 360.0),
        ("Please try again in 20ms.", {"Retry-After": "3"}, 3.0),
        ("Please try again in a while.", {}, None),
    ],
)
def test_some_services_say_only_in_words_how_long(message: str, headers: dict[str, str], pause: float | None) -> None:
    error = refused(429, body([{"error": {"message": message, "status": "RESOURCE_EXHAUSTED"}}]), headers)
    assert isinstance(error, ModelBusy)
    assert error.retry_after == pause


def test_the_log_line_says_what_an_operator_needs() -> None:
    """Status, code, parameter, the service's words, and the id under which it finds the request."""
    said = openai("Unsupported\n parameter", code="unsupported_parameter", param="stop")
    error = refused(400, body(said), {"X-Request-Id": "req_1"})
    assert str(error) == ("400 invalid_request_error unsupported_parameter stop: Unsupported parameter [request req_1]")


@pytest.mark.parametrize(
    "secret",
    [
        "sk-abc",
        "sk-proj-abc***********xyz",
        "Bearer QZ.def",
        "bearer QZ",
        "gsk_abcdef",
        "xoxb-1-a",
        "4f" * 16,
        "AIza" + "Sy5" * 12,
    ],
)
def test_a_key_never_reaches_the_log(secret: str) -> None:
    """Not even the half that would remain if the text were cut first."""
    for padding in range(0, 320, 10):
        said = openai(f"{'.' * padding} key: {secret}, sorry")
        line = str(refused(401, body(said)))
        assert secret.rsplit(maxsplit=1)[-1][:3] not in line


def test_a_password_in_an_address_never_reaches_the_log() -> None:
    error = refused(502, b"cannot reach http://me:secret@host/v1")
    assert "secret" not in str(error)


def test_talk_about_keys_is_left_alone() -> None:
    said = openai("Missing bearer or basic authentication in header; organization_usage_limit_exceeded_twice")
    assert "bearer or basic authentication in header; organization_usage" in str(refused(401, body(said)))


def test_the_log_line_is_one_short_line() -> None:
    said = openai("word \x1b[31m\x00\u2028" * 5000, code="c" * 5000)
    line = str(refused(500, body(said), {"x-request-id": "r" * 5000}))
    assert len(line) < 700
    assert line.isprintable()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "message", "code"]) | st.text(), inner),
)


@given(st.integers(100, 999), st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_every_body_is_some_error(status: int, said: bytes) -> None:
    assert isinstance(refused(status, said), ModelError)


@given(json_values)
def test_every_object_is_some_error(said: Any) -> None:
    assert isinstance(make_stream_error(said), ModelError)


def test_brackets_without_end_are_text() -> None:
    assert parse_error_body(500, b"[" * 100_000).message.startswith("[[[")
    deep = b'{"error":{"message":' + b"[" * 900 + b"]" * 900 + b"}}"
    assert parse_error_body(500, deep).status == 500
