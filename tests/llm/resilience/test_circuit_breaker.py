"""When a server is not asked, and when it is asked again."""

import asyncio

import pytest

from bot.core.errors import (
    ModelBusy,
    ModelError,
    ModelFailed,
    ModelInterrupted,
    ModelOutOfCredit,
    ModelOverloaded,
    ModelRejected,
    ModelUnavailable,
)
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from bot.llm.resilience.circuit_breaker import (
    BILLING_PAUSE_SECONDS,
    FAILURE_PAUSE_SECONDS,
    MAX_FAILURES_IN_A_ROW,
    CircuitBreaker,
)
from bot.sandbox.model.server import SandboxModel
from bot.testing.model import ModelScript, ScriptedModel
from tests.contracts import chat_model
from tests.contracts.chat_model import asking, collect


class Bench:
    """A circuit breaker before a scripted model, with a manual clock."""

    def __init__(self, *scripts: ModelScript) -> None:
        self.now = 0.0
        self.model = ScriptedModel(*scripts)
        self.breaker = CircuitBreaker(self.model, clock=lambda: self.now)

    async def ask(self) -> ModelError | None:
        try:
            await collect(self.breaker, asking("hello"))
        except ModelError as error:
            return error
        return None

    @property
    def asked(self) -> int:
        return len(self.model.requests)


@pytest.mark.parametrize("error", [ModelUnavailable(), ModelFailed(), ModelOverloaded()])
async def test_failures_in_a_row_open_it(error: ModelError) -> None:
    """Then the last error is raised again at once, and the server is not asked."""
    bench = Bench([error])
    told = [await bench.ask() for _ in range(MAX_FAILURES_IN_A_ROW + 3)]
    assert bench.asked == MAX_FAILURES_IN_A_ROW
    assert {type(one) for one in told} == {type(error)}
    assert [one.is_final for one in told if one] == [False] * MAX_FAILURES_IN_A_ROW + [True] * 3


async def test_a_refusal_about_money_opens_it_at_once() -> None:
    bench = Bench([ModelOutOfCredit()])
    assert [type(await bench.ask()) for _ in range(3)] == [ModelOutOfCredit] * 3
    assert bench.asked == 1
    bench.now = BILLING_PAUSE_SECONDS - 1
    await bench.ask()
    assert bench.asked == 1


async def test_after_a_pause_one_question_is_passed_on() -> None:
    bench = Bench(*[[ModelFailed()]] * (MAX_FAILURES_IN_A_ROW + 1), ["fine"])
    for _ in range(MAX_FAILURES_IN_A_ROW):
        await bench.ask()
    bench.now = FAILURE_PAUSE_SECONDS
    assert isinstance(await bench.ask(), ModelFailed), "it is asked, and still fails"
    assert isinstance(await bench.ask(), ModelFailed), "so the next one waits again"
    assert bench.asked == MAX_FAILURES_IN_A_ROW + 1
    bench.now = 2 * FAILURE_PAUSE_SECONDS
    assert [await bench.ask() for _ in range(3)] == [None, None, None]


async def test_only_one_question_is_passed_on() -> None:
    """While it waits for the first word, other questions fail at once."""
    bench = Bench([ModelOutOfCredit()], [0.05, "fine"])
    await bench.ask()
    bench.now = BILLING_PAUSE_SECONDS
    finding_out = asyncio.create_task(bench.ask())
    await asyncio.sleep(0.01)
    assert isinstance(await bench.ask(), ModelOutOfCredit)
    assert [await finding_out, await bench.ask()] == [None, None]


@pytest.mark.parametrize("other", [["fine"], [ModelRejected()], [ModelBusy()], ["Hi", ModelInterrupted()]])
async def test_failures_that_are_not_in_a_row_do_not_open_it(other: ModelScript) -> None:
    """A server that answers, or refuses for another reason, is running."""
    bench = Bench(*([[ModelFailed()]] * (MAX_FAILURES_IN_A_ROW - 1) + [other]) * 2, ["fine"])
    for _ in range(2 * MAX_FAILURES_IN_A_ROW):
        await bench.ask()
    assert await bench.ask() is None
    assert bench.asked == 2 * MAX_FAILURES_IN_A_ROW + 1


async def test_failures_after_the_first_word_do_not_count() -> None:
    bench = Bench(["Hi", ModelFailed()])
    for _ in range(2 * MAX_FAILURES_IN_A_ROW):
        await bench.ask()
    assert bench.asked == 2 * MAX_FAILURES_IN_A_ROW


@pytest.mark.parametrize("clause", chat_model.CLAUSES)
async def test_the_contract(clause: chat_model.Clause) -> None:
    async with SandboxModel(rate=2_000) as sandbox, open_client(sandbox.base_url) as client:
        await clause(CircuitBreaker(OpenAIChat(client)))
