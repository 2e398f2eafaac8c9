"""Which field an error rejects, in the words of the services, and when it rejects none of ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.adaptation.rejected_fields import find_rejected_fields, is_about_vision
from bot.llm.protocol.error_body import parse_error_body

SENT: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "x", "name": "Ada"}],
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 0.5,
    "top_p": 0.5,
    "n": 2,
    "stop": ["x"],
    "max_tokens": 5,
    "frequency_penalty": 1,
    "logit_bias": {"5": 1},
    "seed": 1,
    "reasoning_effort": "minimal",
    "user": "u",
}


def openai(message: str, param: str | None = None, code: Any = None) -> Any:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def forbidden(*place: str | int) -> dict[str, Any]:
    return {
        "type": "extra_forbidden",
        "loc": list(place),
        "msg": "Extra inputs are not permitted",
        "input": 1,
    }


MISTRAL = {"detail": [forbidden("body", "seed")]}

WORDINGS: dict[str, tuple[Any, set[str]]] = {
    "OpenAI: a parameter": (
        openai(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "max_tokens",
            "unsupported_parameter",
        ),
        {"max_tokens"},
    ),
    "OpenAI: a value": (
        openai(
            "Unsupported value: 'temperature' does not support 0.2 with this model.",
            "temperature",
            "unsupported_value",
        ),
        {"temperature"},
    ),
    "OpenAI: a stream": (
        openai("Your organization must be verified to stream this model.", "stream", "unsupported_value"),
        {"stream"},
    ),
    "OpenAI: a role": (
        openai("Unsupported value: 'messages[0].role' does not support 'system'", "messages[0].role"),
        {"role"},
    ),
    "OpenAI: a name": (
        openai("Invalid 'messages[1].name': string does not match pattern", "messages[1].name"),
        {"name"},
    ),
    "OpenAI: part of a field": (openai("no", "stream_options.include_usage"), {"stream_options"}),
    "OpenAI: without param": (openai("Unrecognized request argument supplied: user"), {"user"}),
    "OpenAI: several": (openai("Unrecognized request arguments supplied: user, seed"), {"user", "seed"}),
    "LiteLLM's own": (
        openai(
            "litellm.UnsupportedParamsError: ollama does not support parameters: ['logit_bias', 'n'], for "
            "model=m. To drop these, set `litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n "
            "drop_params: true`\n. \n If you want to use these params dynamically send "
            "allowed_openai_params=['logit_bias', 'n'] in your request.",
            "None",
            "400",
        ),
        {"logit_bias", "n"},
    ),
    "LiteLLM passing on": (
        openai(
            "litellm.BadRequestError: OpenAIException - Unsupported value: 'temperature' does not support "
            "0.5 with this model. Only the default (1) value is supported.. Received Model Group=m\n"
            "Available Model Group Fallbacks=None",
            None,
            "400",
        ),
        {"temperature"},
    ),
    "Groq: a field": (openai("property 'logit_bias' is unsupported"), {"logit_bias"}),
    "Groq: a name": (
        openai(
            "'messages.1' : for 'role:user' the following must be satisfied"
            "[('messages.1' : property 'name' is unsupported)]"
        ),
        {"name"},
    ),
    "Groq: a number": (openai("'n' : number must be at most 1"), {"n"}),
    "Mistral": ({"object": "error", "message": MISTRAL, "type": "invalid_request_error"}, {"seed"}),
    "Mistral: a text": ({"object": "error", "message": json.dumps(MISTRAL), "code": "1000"}, {"seed"}),
    "Mistral: a list, with a name": (
        {"object": "Error", "message": [forbidden("body", "messages", 1, "user", "name")], "code": 3001},
        {"name"},
    ),
    "FastAPI": ({"detail": [forbidden("body", "stop"), forbidden("body", "seed")]}, {"stop", "seed"}),
    "llama-cpp-python: as Python prints it": (
        openai("[{'type': 'string_type', 'loc': ('body', 'user'), 'msg': 'Input should be a valid string'}]"),
        {"user"},
    ),
    "Gemini: several in a list": (
        [
            {
                "error": {
                    "code": 400,
                    "message": 'Invalid JSON payload received. Unknown name "frequency_penalty": Cannot find '
                    'field.\nInvalid JSON payload received. Unknown name "user": Cannot find field.',
                    "status": "INVALID_ARGUMENT",
                }
            }
        ],
        {"frequency_penalty", "user"},
    ),
    "vLLM": (openai("This model does not support n > 1."), {"n"}),
    "a server of its own words": (openai("only n=1 is supported, and stream must be false"), {"n", "stream"}),
    "plain text": ("stream_options: unknown field", {"stream_options"}),
}

INNOCENT: dict[str, Any] = {
    "a hint at another": openai("property 'store' is unsupported, did you mean 'stop'?"),
    "a list of what there is": openai("Unknown parameter: 'foo'. Supported parameters are temperature, n."),
    "the model": openai("The 'stop' model is not supported", "model"),
    "the messages": openai("Invalid 'messages[0].content': must be a string. user", "messages[0].content"),
    "a field that was not sent": openai("Unsupported parameter: 'tools'", "tools", "unsupported_parameter"),
    "English": openai("The user must not stop the stream; invalid."),
    "nothing": openai(""),
    "a page": "<html>Bad Request</html>",
}


def encoded(said: Any) -> bytes:
    return said.encode() if isinstance(said, str) else json.dumps(said).encode()


@pytest.mark.parametrize(("said", "fields"), WORDINGS.values(), ids=WORDINGS)
def test_the_rejected_field_is_found(said: Any, fields: set[str]) -> None:
    assert set(find_rejected_fields(parse_error_body(400, encoded(said)), SENT)) == fields


@pytest.mark.parametrize("said", INNOCENT.values(), ids=INNOCENT)
def test_other_errors_reject_no_field(said: Any) -> None:
    assert find_rejected_fields(parse_error_body(400, encoded(said)), SENT) == ()


def test_only_fields_that_were_sent_are_rejected() -> None:
    bare = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    for said, _ in WORDINGS.values():
        assert find_rejected_fields(parse_error_body(400, encoded(said)), bare) == ()


@given(st.text() | st.sampled_from([json.dumps(said) for said, _ in WORDINGS.values()]), st.text())
def test_any_words_reject_only_fields_that_were_sent(said: str, param: str) -> None:
    found = find_rejected_fields(parse_error_body(400, json.dumps(openai(said, param)).encode()), SENT)
    assert set(found) <= {*SENT, "name", "role"} - {"model", "messages"}


@pytest.mark.parametrize(
    "message",
    [
        "Invalid content type. image_url is only supported by certain models.",
        "Failed to deserialize the JSON body: messages[0]: unknown variant `image_url`, expected `text`",
        "At most 0 image(s) may be provided in one request.",
        "google/gemma-2b is not a multimodal model",
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        "this model is missing data required for image input",
        "Image input is not enabled for this model",
        "No endpoints found that support image input",
        "This model does not support image inputs.",
        "messages[1].content must be a string",
        "'messages.1.content' must be a string",
    ],
)
def test_services_say_in_many_words_that_a_model_cannot_see(message: str) -> None:
    assert is_about_vision(parse_error_body(400, json.dumps(openai(message)).encode()))


@pytest.mark.parametrize(
    "message",
    [
        "Invalid image data: the image could not be decoded.",
        "The image is too large: at most 5 MB are supported.",
        "At most 4 image(s) may be provided in one request.",
        "Unsupported parameter: 'max_tokens' is not supported with this model.",
        "Unsupported image format: image/tiff.",
    ],
)
def test_an_error_about_a_picture_is_not_one_about_the_models_vision(message: str) -> None:
    assert not is_about_vision(parse_error_body(400, json.dumps(openai(message)).encode()))
