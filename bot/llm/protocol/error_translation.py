"""Decides which error of the tree a model service's error means.

The rules are tried in order; the first that matches decides. Names come before statuses, since a status means
different things at different services: 429 is a rate limit at most of them, and "no credit left" at OpenAI
(https://learn.microsoft.com/en-us/microsoft-cloud/dev/dev-proxy/concepts/openai-insufficient-quota).
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

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
from bot.llm.protocol.error_body import ErrorBody, forbids_retry, parse_error_object, read_request_id, read_retry_after

ANY_STATUS = range(1000)
RATE_LIMIT_EXCEEDED_PATTERN = re.compile(r"Limit:? (\d+), Requested:? (\d+)")


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """A rule matches an error with one of the statuses and, if given, one of the codes or phrases."""

    error: type[ModelError]
    statuses: Container[int] = ANY_STATUS
    codes: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()

    def covers(self, body: ErrorBody) -> bool:
        """Return whether the rule matches."""
        if body.status not in self.statuses:
            return False
        if not self.codes and not self.phrases:
            return True
        return bool(self.codes & body.codes) or body.mentions(*self.phrases)


ERROR_RULES = (
    ErrorRule(
        ContextTooLong,
        codes=frozenset({"context_length_exceeded", "exceed_context_size_error"}),
        phrases=(
            "context length",  # OpenAI, OpenRouter, vLLM, SGLang, Mistral, Fireworks, LM Studio, Ollama
            "context window",  # OpenAI too, MiniMax
            "context size",  # llama.cpp
            "context limit",  # Anthropic behind a gateway; "prompt is too long" too
            "contextwindowexceedederror",  # LiteLLM
            "input tokens exceed",  # OpenAI, gpt-5
            "input token count",  # Gemini
            "prompt token count",  # GitHub
            "maximum prompt length",  # xAI
            "maximum model length",  # vLLM
            "model token limit",  # Moonshot
            "input length",  # DashScope, SGLang
            "max_new_tokens` must be",  # Text Generation Inference
            "length of the messages",  # Groq, Cerebras
            "prompt is too long",
            "input is too long",  # Bedrock
        ),
    ),
    ErrorRule(
        ContentFiltered, codes=frozenset({"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"})
    ),
    ErrorRule(ContentFiltered, {400, 403}, phrases=("flagged", "content management policy")),
    ErrorRule(ModelBusy, {429}, frozenset({"RESOURCE_EXHAUSTED"}), ("resource_exhausted",)),  # Gemini: a rate
    ErrorRule(
        ModelOutOfCredit,
        codes=frozenset(
            {
                "insufficient_quota",
                "exceeded_current_quota_error",  # Moonshot
                "credit_balance_exhausted",
                "organization_spend_limit_exceeded",
                "project_spend_limit_exceeded",
                "organization_usage_limit_exceeded",
            }
        ),
        phrases=(
            "exceeded your current quota",  # all that LiteLLM leaves of insufficient_quota
            "credit balance is too low",  # Anthropic behind a gateway
        ),
    ),
    ErrorRule(ModelOutOfCredit, {402}),
    ErrorRule(
        ModelKeyRefused,
        codes=frozenset({"invalid_api_key", "no_db_connection"}),  # LiteLLM without its database of keys
        phrases=("incorrect api key", "api key not valid"),  # Gemini's is a 400
    ),
    ErrorRule(ModelKeyRefused, {401}),
    ErrorRule(ModelForbidden, {403}),
    ErrorRule(ModelUnknown, codes=frozenset({"model_not_found", "invalid_model"})),  # the latter is Mistral's
    ErrorRule(ModelUnknown, {400}, phrases=("invalid model", "not a valid model")),  # LiteLLM; OpenRouter
    ErrorRule(ModelUnknown, {404, 405}),
    ErrorRule(ModelUnknown, range(300, 400)),  # a redirect: this is not the API's address
    ErrorRule(ContextTooLong, {413}),
    ErrorRule(ModelBusy, {429}),
    ErrorRule(ModelOverloaded, codes=frozenset({"server_is_overloaded", "overloaded_error"})),
    ErrorRule(ModelBusy, codes=frozenset({"rate_limit_exceeded", "slow_down"})),
    ErrorRule(
        ModelRejected,  # some servers and gateways say by a 5xx what is wrong with the request
        {0, *range(500, 600)},
        frozenset({"invalid_request_error", "invalid_request", "BadRequestError", "INVALID_ARGUMENT"}),
    ),
    ErrorRule(
        ModelRejected,
        range(500, 600),
        phrases=(
            "validation error",  # llama-cpp-python's word for a 400
            "badrequesterror",  # LiteLLM
            "bad request",  # a gateway that passes on the reason of a 400
            "invalid request",
            "invalid_request",
            "request too large",
            "entity too large",
            "payload too large",
            "body too large",
        ),
    ),
    ErrorRule(ModelOverloaded, {498, 503, 529}),  # 498: Groq's flex capacity; 529: overload behind a gateway
    ErrorRule(ModelFailed, {0, 408, 409}),  # 0: an error in a stream that says no more than that
    ErrorRule(ModelRejected, range(400, 500)),
)
"""If none matches, the service itself failed (`ModelFailed`)."""


def make_model_error(body: ErrorBody, headers: Mapping[str, str], *, now: float) -> ModelError:
    """Return the error for a response whose status is not 2xx; `now` is in epoch seconds."""
    pause = read_retry_after(headers, now=now)
    error = _make_error(body, body.retry_after if pause is None else pause, read_request_id(headers))
    error.is_final = forbids_retry(headers)
    return error


def make_stream_error(obj: object, *, request: str = "") -> ModelError:
    """Return the error for an error object in a stream; `request` is the request's id."""
    return _make_error(parse_error_object(obj), None, request)


def _make_error(body: ErrorBody, retry_after: float | None, request: str) -> ModelError:
    kind = _choose_error_type(body)
    text = body.to_log_line(request)
    if issubclass(kind, ModelBusy):
        return kind(text, retry_after=retry_after)
    if issubclass(kind, ContextTooLong):
        return kind(text, window=body.window, tokens=body.tokens)
    return kind(text)


def _choose_error_type(body: ErrorBody) -> type[ModelError]:
    if _exceeds_rate_limit(body):
        return ContextTooLong
    return next((rule.error for rule in ERROR_RULES if rule.covers(body)), ModelFailed)


def _exceeds_rate_limit(body: ErrorBody) -> bool:
    """Return whether a single request exceeds the rate limit: then waiting is useless."""
    found = RATE_LIMIT_EXCEEDED_PATTERN.search(body.message)
    return found is not None and float(found[2]) > float(found[1])
