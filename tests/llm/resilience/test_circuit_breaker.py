"""When a server is not asked, and when it is asked again."""

import asyncio
from dataclasses import replace

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
    MAX_FAILED_CONVERSATIONS,
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

    async def ask(self, conversation: str = "") -> ModelError | None:
        """Ask, in a new conversation unless one is given."""
        conversation = conversation or f"conversation {self.asked}"
        try:
            await collect(self.breaker, replace(asking("hello"), conversation=conversation))
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
    told = [await bench.ask() for _ in range(MAX_FAILED_CONVERSATIONS + 3)]
    assert bench.asked == MAX_FAILED_CONVERSATIONS
    assert {type(one) for one in told} == {type(error)}
    assert [one.is_final for one in told if one] == [False] * MAX_FAILED_CONVERSATIONS + [True] * 3


async def test_a_refusal_about_money_opens_it_at_once() -> None:
    bench = Bench([ModelOutOfCredit()])
    assert [type(await bench.ask()) for _ in range(3)] == [ModelOutOfCredit] * 3
    assert bench.asked == 1
    bench.now = BILLING_PAUSE_SECONDS - 1
    await bench.ask()
    assert bench.asked == 1


async def test_after_a_pause_one_question_is_passed_on() -> None:
    bench = Bench(*[[ModelFailed()]] * (MAX_FAILED_CONVERSATIONS + 1), ["fine"])
    for _ in range(MAX_FAILED_CONVERSATIONS):
        await bench.ask()
    bench.now = FAILURE_PAUSE_SECONDS
    assert isinstance(await bench.ask(), ModelFailed), "it is asked, and still fails"
    assert isinstance(await bench.ask(), ModelFailed), "so the next one waits again"
    assert bench.asked == MAX_FAILED_CONVERSATIONS + 1
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
    bench = Bench(*([[ModelFailed()]] * (MAX_FAILED_CONVERSATIONS - 1) + [other]) * 2, ["fine"])
    for _ in range(2 * MAX_FAILED_CONVERSATIONS):
        await bench.ask()
    assert await bench.ask() is None
    assert bench.asked == 2 * MAX_FAILED_CONVERSATIONS + 1


async def test_a_conversation_counts_once_however_often_it_fails() -> None:
    bench = Bench([ModelFailed()])
    for _ in range(3):
        for number in range(MAX_FAILED_CONVERSATIONS - 1):
            await bench.ask(f"{number}")
    assert bench.asked == 3 * (MAX_FAILED_CONVERSATIONS - 1)
    await bench.ask("one more")
    await bench.ask("0")
    assert bench.asked == 3 * (MAX_FAILED_CONVERSATIONS - 1) + 1


async def test_an_answer_in_between_begins_the_count_anew() -> None:
    bench = Bench([ModelFailed()], [ModelFailed()], ["fine"], [ModelFailed()])
    for _ in range(5):
        await bench.ask()
    await bench.ask("new")
    assert bench.asked == 6, "two failed before the answer, three after it"
    await bench.ask("newer")
    assert bench.asked == 6


async def test_failures_after_the_first_word_do_not_count() -> None:
    bench = Bench(["Hi", ModelFailed()])
    for _ in range(2 * MAX_FAILED_CONVERSATIONS):
        await bench.ask()
    assert bench.asked == 2 * MAX_FAILED_CONVERSATIONS


@pytest.mark.parametrize("clause", chat_model.CLAUSES)
async def test_the_contract(clause: chat_model.Clause) -> None:
    async with SandboxModel(rate=2_000) as sandbox, open_client(sandbox.base_url) as client:
        await clause(CircuitBreaker(OpenAIChat(client)))
