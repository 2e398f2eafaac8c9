"""Error responses as model services send them: a row for each fault that has a JSON error.

A directive such as `[[fault=429]]` makes the sandbox's model answer with a row of this table. Messages, codes
and statuses are those that OpenAI, Azure OpenAI, OpenRouter, vLLM, Groq and Anthropic send, since clients
recognise errors by them. Pure data. Source: https://platform.openai.com/docs/guides/error-codes
"""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.model.api import ModelApiError
from bot.sandbox.model.directives import ModelFault

PROXY_PAGE = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>nginx</body>\n</html>\n"
"""A reverse proxy answers with this page and status 502 when the service behind it is down."""

REFUSALS: Mapping[ModelFault, Mapping[str, Any]] = {
    ModelFault.UNAUTHORIZED: {"message": "Incorrect API key provided.", "status": 401, "code": "invalid_api_key"},
    ModelFault.UNPAID: {"message": "Insufficient credits.", "status": 402},
    ModelFault.FORBIDDEN: {
        "message": "Country, region, or territory not supported.",
        "status": 403,
        "code": "unsupported_country_region_territory",
    },
    ModelFault.NOT_FOUND: {"message": "The model does not exist.", "status": 404, "code": "model_not_found"},
    ModelFault.TIMED_OUT: {"message": "The request timed out.", "status": 408},
    ModelFault.CONFLICT: {"message": "A lock could not be had in time.", "status": 409},
    ModelFault.BODY_TOO_LARGE: {"message": "Request Entity Too Large.", "status": 413},
    ModelFault.INVALID: {"message": "Something about this request is wrong.", "status": 422},
    ModelFault.RATE_LIMITED: {
        "message": "Slow down.",
        "status": 429,
        "code": "rate_limit_exceeded",
        "headers": {"Retry-After": "1"},
    },
    ModelFault.NO_CAPACITY: {"message": "No capacity.", "status": 498, "code": "capacity_exceeded"},
    ModelFault.FAILED: {"message": "The server had an error.", "status": 500, "kind": "server_error"},
    ModelFault.OVERLOADED: {
        "message": "Overloaded.",
        "status": 503,
        "kind": "server_error",
        "code": "server_is_overloaded",
    },
    ModelFault.GATEWAY_TIMED_OUT: {"message": "Gateway timeout.", "status": 504, "kind": "server_error"},
    ModelFault.UPSTREAM_OVERLOADED: {"message": "Overloaded", "status": 529, "kind": "overloaded_error"},
    ModelFault.QUOTA: {
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "status": 429,
        "kind": "insufficient_quota",
        "code": "insufficient_quota",
    },
    ModelFault.TOO_LARGE_FOR_LIMIT: {
        "message": "Request too large on tokens per min (TPM): Limit 30000, Requested 41000.",
        "status": 429,
        "kind": "tokens",
        "code": "rate_limit_exceeded",
    },
    ModelFault.TOO_LONG: {
        "message": "This model's maximum context length is 8192 tokens. "
        "However, your messages resulted in 9000 tokens.",
        "code": "context_length_exceeded",
        "param": "messages",
    },
    ModelFault.PROMPT_FILTERED: {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content "
        "management policy. Please modify your prompt and retry.",
        "code": "content_filter",
        "param": "prompt",
    },
    ModelFault.UNVERIFIED: {
        "message": "Your organization must be verified to stream this model.",
        "code": "unsupported_value",
        "param": "stream",
    },
}


def wrong_key_error() -> ModelApiError:
    """Return the error for a wrong API key."""
    return ModelApiError(**REFUSALS[ModelFault.UNAUTHORIZED])


def find_refusal(fault: ModelFault) -> ModelApiError | None:
    """Return the error response of a fault.

    None if the fault has no row: the proxy's page, and faults inside an answer.
    """
    return ModelApiError(**REFUSALS[fault]) if fault in REFUSALS else None


def too_long_error(window: int, tokens: int) -> ModelApiError:
    """Return the error for a prompt of `tokens` that exceeds a window of `window` tokens."""
    message = f"This model's maximum context length is {window} tokens. "
    message += f"However, your messages resulted in {tokens} tokens. Please reduce their length."
    return ModelApiError(message, code="context_length_exceeded", param="messages")
