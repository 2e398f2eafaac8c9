"""When a question is retried, and when it must not be."""

import pytest

from bot.core.chat.stream import ModelName, StreamEvent, TextDelta
from bot.core.errors import BotError, ModelBusy, ModelError, ModelInterrupted, ModelRejected, ModelUnavailable
from bot.core.requests import Usage
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from bot.llm.resilience.retrying import RetryingModel
from bot.sandbox.model.server import SandboxModel
from bot.testing.model import ScriptedModel
from tests.contracts import chat_model
from tests.contracts.chat_model import asking, collect
from tests.llm.sleeper import Sleeper
from tests.virtual_time import on_virtual_time


async def attempts(*errors: BotError | None) -> tuple[int, list[float], type[ModelError] | None]:
    """Ask a model that fails with the errors in turn; return how often it was asked, the pauses, the end."""
    model = ScriptedModel(*([error or "fine"] for error in errors))
    sleeper = Sleeper()
    try:
        await collect(RetryingModel(model, sleep=sleeper), asking("hello"))
    except ModelError as error:
        return len(model.requests), sleeper.pauses, type(error)
    return len(model.requests), sleeper.pauses, None


async def test_an_answer_at_once_is_asked_for_once() -> None:
    assert await attempts(None) == (1, [], None)


async def test_a_failure_that_passes_is_not_seen() -> None:
    number, pauses, error = await attempts(ModelUnavailable(), ModelBusy(), None)
    assert (number, error) == (3, None)
    assert 0 <= pauses[0] <= 0.5
    assert 0 <= pauses[1] <= 1.0


async def test_two_retries_are_enough() -> None:
    number, pauses, error = await attempts(ModelUnavailable())
    assert (number, len(pauses), error) == (3, 2, ModelUnavailable)


async def test_the_server_says_how_long_to_wait() -> None:
    number, pauses, error = await attempts(ModelBusy(retry_after=20), None)
    assert (number, pauses, error) == (2, [20], None)


async def test_a_wait_that_is_too_long_fails_at_once() -> None:
    assert await attempts(ModelBusy(retry_after=31), None) == (1, [], ModelBusy)


async def test_a_service_that_forbids_retries_is_not_asked_again() -> None:
    final = ModelBusy()
    final.is_final = True
    assert await attempts(final, None) == (1, [], ModelBusy)


@pytest.mark.parametrize("error", [ModelInterrupted(), ModelRejected()])
async def test_other_errors_are_not_tried_again(error: ModelError) -> None:
    assert await attempts(error, None) == (1, [], type(error))


async def test_nothing_is_asked_again_after_the_first_text() -> None:
    """People have seen it; a second answer would begin differently."""
    model, events = ScriptedModel(["Hi", ModelUnavailable()], ["fine"]), list[StreamEvent]()
    with pytest.raises(ModelUnavailable):
        await collect(RetryingModel(model), asking("hello"), events)
    assert events == [TextDelta("Hi")]
    assert len(model.requests) == 1


async def test_events_without_text_do_not_prevent_a_retry() -> None:
    model = ScriptedModel([ModelName("m"), Usage(), ModelUnavailable()], ["fine"])
    answer = (await collect(RetryingModel(model, sleep=Sleeper()), asking("hello"))).answer()
    assert answer.text == "fine"


@on_virtual_time
async def test_nothing_is_asked_again_after_a_minute() -> None:
    """After such a wait the person is told about the error."""
    for wait, number in ((61.0, 1), (40.0, 2), (5.0, 3)):
        model = ScriptedModel([wait, ModelUnavailable()])
        with pytest.raises(ModelUnavailable):
            await collect(RetryingModel(model), asking("hello"))
        assert len(model.requests) == number


async def test_leaving_closes_the_attempt() -> None:
    model = ScriptedModel(["Hi", 60, "there"])
    async with RetryingModel(model).stream(asking("hello")) as events:
        assert await anext(events) == TextDelta("Hi")
        assert model.open == 1
    assert model.open == 0


@pytest.mark.parametrize("clause", chat_model.CLAUSES)
async def test_the_contract(clause: chat_model.Clause) -> None:
    async with SandboxModel(rate=2_000) as sandbox, open_client(sandbox.base_url) as client:
        await clause(RetryingModel(OpenAIChat(client)))


@pytest.mark.parametrize("fault", ["500", "503", "429"])
async def test_a_server_that_fails_once(fault: str) -> None:
    async with SandboxModel(rate=2_000) as sandbox, open_client(sandbox.base_url) as client:
        model = RetryingModel(OpenAIChat(client), sleep=Sleeper())
        builder = await collect(model, asking(f"[[fault={fault} times=1]] [[say=fine]]"))
    assert builder.answer().text == "fine"
    assert len(sandbox.requests) == 2
