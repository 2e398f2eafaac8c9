"""A model service's complaint -> one error of the tree.

Separate and pure, because the services disagree about everything but the intention. The rules below
are all there is to know about it (facts/model-api.md 2.1): names before statuses, since a status means
different things at different services.
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
from bot.llm.complaint import Complaint, from_object, is_final, request_id, retry_after

ANY = range(1000)
TOO_LARGE_FOR_LIMIT = re.compile(r"Limit:? (\d+), Requested:? (\d+)")


@dataclass(frozen=True, slots=True)
class Rule:
    """A complaint with one of the statuses, and one of the codes or phrases if any are given, is `error`."""

    error: type[ModelError]
    statuses: Container[int] = ANY
    codes: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()

    def covers(self, complaint: Complaint) -> bool:
        """Whether the rule applies."""
        if complaint.status not in self.statuses:
            return False
        if not self.codes and not self.phrases:
            return True
        return bool(self.codes & complaint.codes) or complaint.mentions(*self.phrases)


RULES = (
    Rule(
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
    Rule(
        ContentFiltered,
        codes=frozenset({"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"}),
    ),
    Rule(ContentFiltered, {400, 403}, phrases=("flagged", "content management policy")),
    Rule(ModelBusy, {429}, frozenset({"RESOURCE_EXHAUSTED"}), ("resource_exhausted",)),  # Gemini: a rate
    Rule(
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
    Rule(ModelOutOfCredit, {402}),
    Rule(
        ModelKeyRefused,
        codes=frozenset({"invalid_api_key", "no_db_connection"}),  # LiteLLM looked for the key in a database
        phrases=("incorrect api key", "api key not valid"),  # Gemini's is a 400
    ),
    Rule(ModelKeyRefused, {401}),
    Rule(ModelForbidden, {403}),
    Rule(ModelUnknown, codes=frozenset({"model_not_found", "invalid_model"})),  # the latter is Mistral's
    Rule(ModelUnknown, {400}, phrases=("invalid model", "not a valid model")),  # LiteLLM; OpenRouter
    Rule(ModelUnknown, {404, 405}),
    Rule(ModelUnknown, range(300, 400)),  # a redirect: this is not the API's address
    Rule(ContextTooLong, {413}),
    Rule(ModelBusy, {429}),
    Rule(ModelOverloaded, codes=frozenset({"server_is_overloaded", "overloaded_error"})),
    Rule(ModelOverloaded, {498, 503, 529}),  # 498: Groq's flex capacity; 529: overload behind a gateway
    Rule(ModelBusy, codes=frozenset({"rate_limit_exceeded", "slow_down"})),
    Rule(ModelRejected, {500}, phrases=("validation error",)),  # llama-cpp-python's word for a 400
    Rule(ModelFailed, {0, 408, 409}),  # 0: an error in a stream that says no more than that
    Rule(ModelRejected, range(400, 500)),
)
"""The first rule that covers a complaint decides; where none does, the service is at fault."""


def model_error(complaint: Complaint, headers: Mapping[str, str], *, now: float) -> ModelError:
    """Return the error for an answer whose status is not 2xx; `now` is in epoch seconds."""
    pause = retry_after(headers, now=now)
    error = _error(complaint, complaint.pause if pause is None else pause, request_id(headers))
    error.final = is_final(headers)
    return error


def stream_error(obj: object, *, request: str = "") -> ModelError:
    """Return the error for an error object where a part of the answer was due; `request` is its id."""
    return _error(from_object(obj), None, request)


def _error(complaint: Complaint, pause: float | None, request: str) -> ModelError:
    kind = _kind(complaint)
    text = complaint.line(request)
    if issubclass(kind, ModelBusy):
        return kind(text, retry_after=pause)
    if issubclass(kind, ContextTooLong):
        return kind(text, window=complaint.window, tokens=complaint.tokens)
    return kind(text)


def _kind(complaint: Complaint) -> type[ModelError]:
    if _never_passes(complaint):
        return ContextTooLong
    return next((rule.error for rule in RULES if rule.covers(complaint)), ModelFailed)


def _never_passes(complaint: Complaint) -> bool:
    """Whether the request alone is larger than the rate limit it met: waiting would be in vain."""
    found = TOO_LARGE_FOR_LIMIT.search(complaint.message)
    return found is not None and float(found[2]) > float(found[1])
