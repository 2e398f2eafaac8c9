"""Which server is asked if the preferred one fails, and which error is raised if all fail."""

import pytest

from bot.core.chat.stream import StreamEvent, TextDelta
from bot.core.errors import (
    ContentFiltered,
    ContextTooLong,
    ModelBusy,
    ModelError,
    ModelForbidden,
    ModelInterrupted,
    ModelKeyRefused,
    ModelOutOfCredit,
    ModelRejected,
    ModelSlow,
    ModelUnavailable,
    ModelUnknown,
)
from bot.llm.chat_completions import OpenAIChat
from bot.llm.http.client import open_client
from bot.llm.resilience.fallback import FallbackModel
from bot.sandbox.model.server import SandboxModel
from bot.testing.model import ScriptedModel
from tests.contracts import chat_model
from tests.contracts.chat_model import asking, collect


async def test_the_preferred_server_is_enough() -> None:
    first, second = ScriptedModel(["first"]), ScriptedModel(["second"])
    assert (await collect(FallbackModel([first, second]), asking("hello"))).answer().text == "first"
    assert second.requests == []


@pytest.mark.parametrize(
    "error",
    [ModelBusy(), ModelUnavailable(), ModelSlow(), ModelKeyRefused(), ModelOutOfCredit(), ModelUnknown()],
)
async def test_an_error_of_one_server_sends_the_question_to_the_next(error: ModelError) -> None:
    models = [ScriptedModel([error]), ScriptedModel([error]), ScriptedModel(["third"])]
    assert (await collect(FallbackModel(models), asking("hello"))).answer().text == "third"
    assert [len(model.requests) for model in models] == [1, 1, 1]


@pytest.mark.parametrize("error", [ModelRejected(), ContentFiltered(), ModelInterrupted()])
async def test_an_error_in_the_question_is_not_sent_to_the_next_server(error: ModelError) -> None:
    second = ScriptedModel(["second"])
    with pytest.raises(type(error)):
        await collect(FallbackModel([ScriptedModel([error]), second]), asking("hello"))
    assert second.requests == []


@pytest.mark.parametrize("before", [(), (ModelUnavailable(),)])
async def test_an_error_says_whether_a_fallback_servers_window_is_too_small(
    before: tuple[ModelError, ...],
) -> None:
    models = [ScriptedModel([error]) for error in (*before, ContextTooLong(window=1_000))]
    with pytest.raises(ContextTooLong) as caught:
        await collect(FallbackModel(models), asking("hello"))
    assert caught.value.is_from_fallback is bool(before)


async def test_nothing_is_asked_elsewhere_after_the_first_text() -> None:
    events: list[StreamEvent] = []
    model = FallbackModel([ScriptedModel(["Hi", ModelUnavailable()]), ScriptedModel(["second"])])
    with pytest.raises(ModelUnavailable):
        await collect(model, asking("hello"), events)
    assert events == [TextDelta("Hi")]


def final(error: ModelError) -> ModelError:
    error.is_final = True
    return error


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ([ModelKeyRefused(), ModelForbidden()], ModelKeyRefused),
        ([ModelOutOfCredit(), ModelBusy()], ModelBusy),
        ([ModelBusy(retry_after=40), ModelUnavailable()], ModelUnavailable),
        ([ModelUnknown(), ModelBusy(retry_after=2), ModelBusy(retry_after=1)], ModelBusy),
        ([final(ModelUnavailable()), ModelBusy(retry_after=9)], ModelBusy),
    ],
)
async def test_if_all_servers_fail_the_shortest_wait_is_raised(
    errors: list[ModelError], told: type[ModelError]
) -> None:
    with pytest.raises(told) as caught:
        await collect(FallbackModel([ScriptedModel([error]) for error in errors]), asking("hello"))
    assert getattr(caught.value, "retry_after", None) in {None, 1, 9}


@pytest.mark.parametrize("clause", chat_model.CLAUSES)
async def test_the_contract(clause: chat_model.Clause) -> None:
    async with SandboxModel(rate=2_000) as sandbox, open_client(sandbox.base_url) as client:
        await clause(FallbackModel([OpenAIChat(client), OpenAIChat(client)]))


async def test_a_server_that_is_gone_is_not_missed() -> None:
    async with (
        SandboxModel(rate=2_000) as sandbox,
        open_client("http://127.0.0.1:1/v1") as gone,
        open_client(sandbox.base_url) as client,
    ):
        model = FallbackModel([OpenAIChat(gone), OpenAIChat(client)])
        assert (await collect(model, asking("[[say=fine]]"))).answer().text == "fine"
