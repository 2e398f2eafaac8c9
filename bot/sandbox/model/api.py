"""The chat-completions API as data: validates requests, builds responses.

`parse_request` checks a decoded body and returns a `CompletionRequest`, or raises a `ModelApiError` with the
status, message and code that OpenAI answers. It is as strict as OpenAI, so that a request that passes here
passes there. The `build_...` functions make the JSON of chunks, whole answers and the list of models. All
functions are pure. Source: https://platform.openai.com/docs/api-reference/chat/create
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.sandbox.model.composer import PromptMessage

Json = dict[str, Any]

ROLES = frozenset({"developer", "system", "user", "assistant", "tool", "function"})
NAME_PATTERN = re.compile(r"[a-zA-Z0-9_-]{1,64}")
NUMBER_RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
INTEGER_RANGES: Mapping[str, tuple[int, int]] = {
    "n": (1, 128),
    "max_tokens": (1, 2**31),
    "max_completion_tokens": (1, 2**31),
    "top_logprobs": (0, 20),
    "seed": (-(2**63), 2**63 - 1),
}
MAX_TEXT_LENGTHS: Mapping[str, int] = {"user": 64, "safety_identifier": 128, "prompt_cache_key": 1024}
BOOLEAN_FIELDS = frozenset({"stream", "store", "logprobs", "parallel_tool_calls"})
UNCHECKED_FIELDS = """
audio function_call functions metadata modalities moderation prediction prompt_cache_options
prompt_cache_retention reasoning_effort response_format service_tier tool_choice tools verbosity
web_search_options
"""
CHECKED_FIELDS = frozenset({"model", "messages", "stop", "logit_bias", "stream_options"})
KNOWN_FIELDS = (
    CHECKED_FIELDS
    | set(UNCHECKED_FIELDS.split())
    | BOOLEAN_FIELDS
    | NUMBER_RANGES.keys()
    | INTEGER_RANGES.keys()
    | MAX_TEXT_LENGTHS.keys()
)
REASONING_MODEL = "sandbox-reasoning"
"""Refuses the parameters that OpenAI's reasoning models refuse: see `_check_reasoning`."""
REFUSED_BY_REASONING = ("presence_penalty", "frequency_penalty", "stop", "logit_bias")
FIXED_BY_REASONING = ("temperature", "top_p")
MAX_STOPS = 4
MAX_LOGIT_BIAS = 100


class ModelApiError(Exception):
    """An error response in OpenAI's format."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body: Json = {"error": {"message": message, "type": kind, "param": param, "code": code}}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """A valid completion request."""

    model: str
    messages: tuple[PromptMessage, ...]
    is_streamed: bool
    includes_usage: bool
    choice_count: int
    stops: tuple[str, ...]
    max_tokens: int | None


def parse_request(body: object, *, models: Collection[str] | None = None) -> CompletionRequest:
    """Return the request; with `models`, only those exist. Raises `ModelApiError`."""
    if not isinstance(body, dict):
        raise ModelApiError("We could not parse the JSON body of your request. It must be an object.")
    _check_fields(body)
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise ModelApiError("you must provide a model parameter", param="model")
    if models is not None and model not in models:
        message = f"The model `{model}` does not exist or you do not have access to it."
        raise ModelApiError(message, status=404, code="model_not_found", param="model")
    if model == REASONING_MODEL:
        _check_reasoning(body)
    options = body.get("stream_options")
    if options is not None and not (body.get("stream") and isinstance(options, dict)):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise ModelApiError(message, param="stream_options")
    return CompletionRequest(
        model=model,
        messages=_parse_messages(body.get("messages")),
        is_streamed=bool(body.get("stream")),
        includes_usage=bool((options or {}).get("include_usage")),
        choice_count=_value_or_default(body.get("n"), 1),
        stops=_parse_stops(body.get("stop")),
        max_tokens=_value_or_default(body.get("max_completion_tokens"), body.get("max_tokens")),
    )


def build_chunk(about: Json, choices: Sequence[Json], **more: Json) -> Json:
    """Return one event of a stream; `about` has the fields that all events share."""
    return {**about, "object": "chat.completion.chunk", "choices": list(choices), **more}


def build_delta(index: int, reason: str | None = None, **delta: str) -> Json:
    """Return one choice of a chunk."""
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}


def build_completion(
    about: Json, answers: Sequence[tuple[str, str]], usage: Json, *, text_field: str = "content"
) -> Json:
    """Return a whole answer; each of `answers` is a text and a finish reason."""
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": None, "refusal": None, text_field: text},
            "logprobs": None,
            "finish_reason": reason,
        }
        for index, (text, reason) in enumerate(answers)
    ]
    return {**about, "object": "chat.completion", "choices": choices, "usage": usage}


def build_usage(prompt_tokens: int, completion_tokens: int) -> Json:
    """Return the `usage` object of an answer."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
    }


def build_model_list(names: Sequence[str], shutdowns: Mapping[str, str], *, window: int | None = None) -> Json:
    """Return the response of `GET /v1/models`; the window is in `max_model_len`, as vLLM names it."""
    window_field = {"max_model_len": window} if window else {}
    models = [
        {
            "id": name,
            "object": "model",
            "created": 0,
            "owned_by": "sandbox",
            "shutdown_date": shutdowns.get(name),
            **window_field,
        }
        for name in names
    ]
    return {"object": "list", "data": models}


def _check_fields(body: Json) -> None:
    for name, value in body.items():
        if name not in KNOWN_FIELDS:
            message = f"Unrecognized request argument supplied: {name}"
            raise ModelApiError(message, code="unknown_parameter", param=name)
        if value is None:
            continue
        if name in NUMBER_RANGES:
            _check_number(name, value, *NUMBER_RANGES[name])
        elif name in INTEGER_RANGES:
            _check_number(name, value, *INTEGER_RANGES[name], whole=True)
        elif name in MAX_TEXT_LENGTHS:
            _check_text(name, value, MAX_TEXT_LENGTHS[name])
        elif name in BOOLEAN_FIELDS and not isinstance(value, bool):
            raise _wrong_type_error(name, "a boolean")
        elif name == "logit_bias":
            _check_bias(value)


def _check_reasoning(body: Json) -> None:
    """Refuse the parameters that GPT-5 and its successors refuse, with their codes.

    https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai/chat/gpt_5_transformation.py
    """
    given = [name for name in body if body[name] is not None]
    for name in given:
        if name == "max_tokens" or name in REFUSED_BY_REASONING:
            hint = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
            message = f"Unsupported parameter: '{name}' is not supported with this model.{hint}"
            raise ModelApiError(message, code="unsupported_parameter", param=name)
        if name in FIXED_BY_REASONING and body[name] != 1:
            message = f"Unsupported value: '{name}' does not support {body[name]} with this model. "
            message += "Only the default (1) value is supported."
            raise ModelApiError(message, code="unsupported_value", param=name)


def _check_number(name: str, value: object, low: float, high: float, *, whole: bool = False) -> None:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise _wrong_type_error(name, "an integer" if whole else "a number")
    kind = "integer" if whole else "decimal"
    if not low <= value <= high:  # written so that NaN is refused, too
        side, sign, bound = ("above_max", "<=", high) if value > high else ("below_min", ">=", low)
        message = f"Invalid '{name}': expected a value {sign} {bound}, but got {value} instead."
        raise ModelApiError(message, code=f"{kind}_{side}_value", param=name)


def _check_text(name: str, value: object, longest: int) -> None:
    if not isinstance(value, str):
        raise _wrong_type_error(name, "a string")
    if len(value) > longest:
        message = f"Invalid '{name}': string too long. Expected a string with maximum length {longest}."
        raise ModelApiError(message, code="string_above_max_length", param=name)


def _check_bias(value: object) -> None:
    if not isinstance(value, dict):
        raise _wrong_type_error("logit_bias", "an object")
    for token, bias in value.items():
        if not str(token).isdigit():
            raise _wrong_type_error("logit_bias", "an object whose keys are token ids")
        _check_number("logit_bias", bias, -MAX_LOGIT_BIAS, MAX_LOGIT_BIAS)


def _wrong_type_error(name: str, expected: str) -> ModelApiError:
    return ModelApiError(f"Invalid type for '{name}': expected {expected}.", code="invalid_type", param=name)


def _parse_stops(value: object) -> tuple[str, ...]:
    stops = [] if value is None else value if isinstance(value, list) else [value]
    if len(stops) > MAX_STOPS or not all(isinstance(stop, str) and stop for stop in stops):
        raise ModelApiError(f"'stop' must be up to {MAX_STOPS} strings that are not empty.", param="stop")
    return tuple(stops)


def _parse_messages(value: object) -> tuple[PromptMessage, ...]:
    if not isinstance(value, list):
        message = "Missing required parameter: 'messages'."
        raise ModelApiError(message, code="missing_required_parameter", param="messages")
    if not value:
        message = "Invalid 'messages': empty array. Expected an array with minimum length 1."
        raise ModelApiError(message, code="empty_array", param="messages")
    return tuple(_parse_message(f"messages[{number}]", element) for number, element in enumerate(value))


def _parse_message(place: str, element: object) -> PromptMessage:
    if not isinstance(element, dict):
        raise _wrong_type_error(place, "an object")
    role, name = element.get("role"), element.get("name")
    if role not in ROLES:
        message = f"Invalid value: '{role}'. Supported values are: {', '.join(sorted(ROLES))}."
        raise ModelApiError(message, code="invalid_value", param=f"{place}.role")
    if name is not None and not (isinstance(name, str) and NAME_PATTERN.fullmatch(name)):
        message = f"Invalid '{place}.name': string does not match pattern. Expected '^[a-zA-Z0-9_-]+$'."
        raise ModelApiError(message, code="invalid_value", param=f"{place}.name")
    return PromptMessage(role=role, text=_parse_content(place, role, element.get("content")), name=name or "")


def _parse_content(place: str, role: str, content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if content is None and role == "assistant":
        return ""
    if not isinstance(content, str):
        raise _wrong_type_error(f"{place}.content", "one of a string or array of objects")
    return content


def _value_or_default(value: Any, default: Any) -> Any:
    return default if value is None else value
