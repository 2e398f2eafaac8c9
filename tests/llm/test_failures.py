"""The table of failures, over real sockets: which error each becomes, and how often it is tried.

It covers all shapes of error bodies and all headers. A person reads `for_people` of the class.
"""

import json
import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import pytest

from bot.core import errors
from bot.core.chat.stream import ChoiceFinished, StreamEvent, TextDelta
from bot.core.errors import (
    ContentFiltered,
    ContextTooLong,
    ModelBusy,
    ModelEndless,
    ModelError,
    ModelExhausted,
    ModelFailed,
    ModelForbidden,
    ModelGarbled,
    ModelInterrupted,
    ModelKeyRefused,
    ModelOutOfCredit,
    ModelOverloaded,
    ModelRejected,
    ModelSilent,
    ModelSlow,
    ModelStalled,
    ModelUnknown,
)
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from bot.llm.resilience.retrying import RetryingModel
from bot.sandbox.model.directives import ModelFault
from bot.sandbox.model.server import SandboxModel
from tests.contracts.chat_model import asking, collect
from tests.llm.raw_server import raw_server, reply
from tests.llm.sleeper import Sleeper

ONCE, THRICE = 1, 3


@dataclass
class Row:
    """A refusal, and the expected result."""

    status: int
    body: Any
    error: type[ModelError]
    asked: int
    headers: dict[str, str] | None = None
    waits: float | None = None
    """Seconds between two attempts, if the service states them."""


def said(message: str = "no", kind: str = "invalid_request_error", code: Any = None, param: Any = None) -> Any:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


QUOTA = "You exceeded your current quota, please check your plan and billing details."
TABLE: dict[str, Row] = {
    "too long": Row(400, said(code="context_length_exceeded"), ContextTooLong, ONCE),
    "too long, in words": Row(400, said("maximum context length is 8192 tokens"), ContextTooLong, ONCE),
    "too long, llama-server": Row(
        400, {"error": {"code": 400, "type": "exceed_context_size_error"}}, ContextTooLong, ONCE
    ),
    "too long, LiteLLM": Row(400, said("ContextWindowExceededError", code="400"), ContextTooLong, ONCE),
    "filtered": Row(400, said(kind="", code="content_filter"), ContentFiltered, ONCE),
    "filtered, Azure": Row(
        400,
        {
            "error": {
                "code": "content_filter",
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
                "status": 400,
            }
        },
        ContentFiltered,
        ONCE,
    ),
    "wrong": Row(400, said(), ModelRejected, ONCE),
    "wrong, in detail": Row(422, {"detail": [{"msg": "no"}]}, ModelRejected, ONCE),
    "wrong key": Row(401, said(code="invalid_api_key"), ModelKeyRefused, ONCE),
    "wrong address of ours": Row(401, said("IP not authorized"), ModelKeyRefused, ONCE),
    "no credit": Row(402, {"error": {"code": 402, "message": "no", "metadata": {}}}, ModelOutOfCredit, ONCE),
    "wrong country": Row(403, said("Country not supported"), ModelForbidden, ONCE),
    "flagged": Row(403, {"error": {"code": 403, "message": "Your input was flagged"}}, ContentFiltered, ONCE),
    "unknown model": Row(404, said(code="model_not_found"), ModelUnknown, ONCE),
    "wrong address": Row(404, {"detail": "Not Found"}, ModelUnknown, ONCE),
    "wrong address, a page": Row(404, "<html>", ModelUnknown, ONCE),
    "timeout": Row(408, "", ModelFailed, THRICE),
    "lock": Row(409, said(), ModelFailed, THRICE),
    "large body": Row(413, "", ContextTooLong, ONCE),
    "quota": Row(429, said(kind="insufficient_quota"), ModelOutOfCredit, ONCE),
    "quota, by code": Row(429, said(code="credit_balance_exhausted"), ModelOutOfCredit, ONCE),
    "quota, by name of the limit": Row(429, said(code="organization_usage_limit_exceeded"), ModelOutOfCredit, ONCE),
    "quota, LiteLLM": Row(429, said(QUOTA, "None", "429", "None"), ModelOutOfCredit, ONCE),
    "larger than the limit": Row(
        429, said("Request too large: Limit 30000, Requested 41000.", "tokens"), ContextTooLong, ONCE
    ),
    "limit": Row(429, said(code="rate_limit_exceeded"), ModelBusy, THRICE, {"Retry-After": "2"}, 2.0),
    "limit, slow down": Row(429, said(code="slow_down"), ModelBusy, THRICE),
    "limit, too long a wait": Row(429, said(), ModelBusy, ONCE, {"Retry-After": "31"}),
    "failed": Row(500, said(kind="server_error"), ModelFailed, THRICE),
    "failed, plain text": Row(500, "Internal Server Error", ModelFailed, THRICE),
    "failed, but our fault": Row(500, said("1 validation error for Request"), ModelRejected, ONCE),
    "gateway": Row(502, "<html>", ModelFailed, THRICE),
    "overloaded": Row(503, said(code="server_is_overloaded"), ModelOverloaded, THRICE),
    "gateway timeout": Row(504, "", ModelFailed, THRICE),
    "no capacity": Row(498, said(code="capacity_exceeded"), ModelOverloaded, THRICE),
    "overloaded behind": Row(529, said(kind="overloaded_error"), ModelOverloaded, THRICE),
    # 2.2, the shapes that are not above
    "vLLM, older": Row(400, {"object": "error", "message": "no", "code": 400}, ModelRejected, ONCE),
    "Mistral": Row(422, {"object": "error", "message": {"detail": [{"msg": "no"}]}, "code": None}, ModelRejected, ONCE),
    "Gemini": Row(
        400,
        [{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}],
        ModelKeyRefused,
        ONCE,
    ),
    "a string": Row(400, {"error": "no"}, ModelRejected, ONCE),
    "nothing": Row(400, "", ModelRejected, ONCE),
    # 2.3, the headers
    "limit, in milliseconds": Row(429, "", ModelBusy, THRICE, {"Retry-After-Ms": "1500"}, 1.5),
    "limit, as a date": Row(429, "", ModelBusy, ONCE, {"Retry-After": formatdate(time.time() + 9_000)}),
    "limit, LiteLLM": Row(429, "", ModelBusy, THRICE, {"llm_provider-retry-after": "3"}, 3.0),
    "limit, only when it is reset": Row(
        429,
        "",
        ModelBusy,
        THRICE,
        {
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "4s200ms",
            "x-ratelimit-remaining-tokens": "12",
            "x-ratelimit-reset-tokens": "6m0s",
        },
        4.2,
    ),
    "the service says never": Row(429, "", ModelBusy, ONCE, {"x-should-retry": "false"}),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
async def test_a_refusal_becomes_its_error_and_is_retried_if_it_may_pass(row: Row) -> None:
    body = row.body if isinstance(row.body, str) else json.dumps(row.body)
    answer = reply(row.status, body.encode(), row.headers)
    sleeper = Sleeper()
    async with raw_server([answer]) as server, open_client(server.base_url) as client:
        with pytest.raises(row.error) as caught:
            await collect(RetryingModel(OpenAIChat(client), sleep=sleeper), asking("hello"))
    assert type(caught.value) is row.error
    assert len(server.requests) == row.asked == len(sleeper.pauses) + 1
    if row.waits is not None:
        assert sleeper.pauses == [pytest.approx(row.waits)] * 2
    elif row.asked == THRICE:
        assert sleeper.pauses[0] <= 0.5
        assert sleeper.pauses[1] <= 1.0


IN_AN_ANSWER: dict[str, tuple[str, type[ModelError]]] = {
    "cut": ("[[fault=cut]]", ModelInterrupted),
    "an error": ("[[fault=error]]", ModelInterrupted),
    "stalled": ("[[fault=stall]]", ModelStalled),
    "slow to begin": ("[[delay=9]]", ModelSlow),
    "endless": ("[[tokens=5000]] [[rate=40]]", ModelEndless),
    "malformed": ("[[fault=malformed]]", ModelGarbled),
    "empty": ("[[fault=empty]]", ModelSilent),
    "all thought": ("[[fault=thought]]", ModelExhausted),
}


@pytest.mark.parametrize(("text", "error"), IN_AN_ANSWER.values(), ids=IN_AN_ANSWER)
async def test_a_failure_in_an_answer_is_what_it_is(text: str, error: type[ModelError]) -> None:
    async with SandboxModel(rate=1_000) as sandbox, open_client(sandbox.base_url) as client:
        model = OpenAIChat(client, first_word_timeout=4.0, idle_timeout=3.0, total_timeout=6.0)
        with pytest.raises(error) as caught:
            await collect(model, asking(f"[[say=one two three four]] {text}"))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[fault=refusal]]", "refusal"),
        ("[[fault=filter]]", "content_filter"),
        ("[[fault=length]]", "length"),
    ],
)
async def test_an_empty_or_incomplete_answer_becomes_the_error_it_means(text: str, reason: str) -> None:
    """Its text is shown, and the sentence below it gives the reason."""
    events: list[StreamEvent] = []
    async with SandboxModel(rate=1_000) as sandbox, open_client(sandbox.base_url) as client:
        await collect(OpenAIChat(client), asking(f"[[say=I can not do that.]] {text}"), events)
    assert any(isinstance(event, TextDelta) for event in events)
    assert ChoiceFinished(reason) in events


@pytest.mark.parametrize("fault", [fault for fault in ModelFault if fault.value.isdigit()])
async def test_every_status_of_the_sandbox_is_met(fault: ModelFault) -> None:
    """The same faults serve the tests of the whole bot."""
    async with SandboxModel(rate=1_000) as sandbox, open_client(sandbox.base_url) as client:
        with pytest.raises(ModelError, match=f"^{fault}\\b"):
            await collect(OpenAIChat(client), asking(f"[[fault={fault}]]"))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (ModelFault.QUOTA, ModelOutOfCredit),
        (ModelFault.TOO_LARGE_FOR_LIMIT, ContextTooLong),
        (ModelFault.TOO_LONG, ContextTooLong),
        (ModelFault.PROMPT_FILTERED, ContentFiltered),
    ],
)
async def test_every_other_refusal_of_the_sandbox_is_met(fault: ModelFault, error: type[ModelError]) -> None:
    async with SandboxModel(rate=1_000) as sandbox, open_client(sandbox.base_url) as client:
        with pytest.raises(error):
            await collect(OpenAIChat(client), asking(f"[[fault={fault}]]"))


@pytest.mark.parametrize(
    ("body", "window", "tokens"),
    [
        (said("maximum context length is 8192 tokens. However, your messages resulted in 9000"), 8192, 9000),
        (
            said("maximum context length is 8,192 tokens, however you requested 9,000 tokens (8000 in"),
            8192,
            9000,
        ),
        (
            said("Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens."),
            272_000,
            300_000,
        ),
        (
            {"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 1234, "n_ctx": 1024}},
            1024,
            1234,
        ),
        (said("prompt is too long: 210000 tokens > 200000 maximum"), 200_000, 210_000),
        (said("Request too large: Limit 30000, Requested 41000."), 30_000, 41_000),
        (said("no", code="context_length_exceeded"), None, None),
    ],
)
async def test_a_window_is_learned_from_the_refusal(body: Any, window: int | None, tokens: int | None) -> None:
    async with (
        raw_server([reply(400, json.dumps(body).encode())]) as server,
        open_client(server.base_url) as client,
    ):
        with pytest.raises(ContextTooLong) as caught:
            await collect(OpenAIChat(client), asking("hello"))
    assert (caught.value.window, caught.value.tokens) == (window, tokens)


async def test_the_sandbox_may_have_a_window() -> None:
    async with SandboxModel(rate=1_000, window=20) as sandbox, open_client(sandbox.base_url) as client:
        model = OpenAIChat(client)
        await collect(model, asking("one two three"))
        with pytest.raises(ContextTooLong) as caught:
            await collect(model, asking("word " * 50))
    assert caught.value.window == 20


def test_every_failure_has_a_sentence_of_its_own() -> None:
    """Different for each error, short, and without the service's own words."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ModelError)]
    assert len({kind.for_people for kind in kinds}) == len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind.for_people.endswith(".")
        assert len(kind.for_people) < 200
