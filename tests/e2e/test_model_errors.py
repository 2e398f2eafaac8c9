"""Failures of a model, and the sentence that the thread shows for each (docs/models.md)."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.conversation.answering import FINISH_NOTES
from bot.core.chat.transcript import CONTINUE_PROMPT
from bot.core.errors import (
    ContentFiltered,
    ModelBusy,
    ModelEndless,
    ModelError,
    ModelExhausted,
    ModelFailed,
    ModelForbidden,
    ModelGarbled,
    ModelInterrupted,
    ModelKeyRefused,
    ModelOverloaded,
    ModelRejected,
    ModelSilent,
    ModelSlow,
    ModelStalled,
    ModelUnknown,
)
from tests.databases import migrated_database
from tests.e2e.conftest import BotWorld, another_world, new_world, ready_bot
from tests.e2e.direct_message import (
    DIRECT,
    GO_ON_BUTTON,
    SAY,
    TEXT,
    TRY_AGAIN,
    ask,
    explained,
    offered,
    press,
    until,
    works,
)
from tests.program import Program

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lived_in(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[BotWorld, Program]]:
    """Open one world with a running bot for most tests here."""
    async with new_world(tmp_path_factory.mktemp("errors")) as world, ready_bot(world) as bot:
        yield world, bot


@pytest.fixture(scope="module")
def world(lived_in: tuple[BotWorld, Program]) -> BotWorld:
    return lived_in[0]


@pytest.fixture(scope="module")
def bot(lived_in: tuple[BotWorld, Program]) -> Program:
    return lived_in[1]


def read_logged_error(bot: Program) -> dict[str, str]:
    """Return the log line of the last failure of a model."""
    line: dict[str, str] = json.loads([line for line in bot.text.splitlines() if '"model_failed"' in line][-1])
    return line


@pytest.mark.parametrize(
    ("fault", "error", "times"),
    [
        ("401", ModelKeyRefused, 1),
        ("403", ModelForbidden, 1),
        ("404", ModelUnknown, 1),
        ("408", ModelFailed, 3),
        ("409", ModelFailed, 3),
        ("422", ModelRejected, 1),
        ("429", ModelBusy, 3),
        ("498", ModelOverloaded, 3),
        ("500", ModelFailed, 3),
        ("502", ModelFailed, 3),
        ("503", ModelOverloaded, 3),
        ("504", ModelFailed, 3),
        ("529", ModelOverloaded, 3),
        ("filtered", ContentFiltered, 1),
        ("empty", ModelSilent, 1),
        ("thought", ModelExhausted, 1),
    ],
)
async def test_instead_of_an_answer_there_is_a_sentence(
    world: BotWorld, bot: Program, fault: str, error: type[ModelError], times: int
) -> None:
    """It is the error's sentence, with a button to try again; the model is retried if that may help.

    Admins are told which error it was, and whoever runs the bot finds what the service said of it in the log.
    """
    sentence = error.for_people
    root, shown, asked = await ask(world, f"{SAY} [[fault={fault}]]", ends=sentence)
    assert (shown, asked) == (sentence, times)
    assert list(offered(world, root)) == [TRY_AGAIN]
    line, ts = read_logged_error(bot), world.workspace.thread(DIRECT, root)[-1].ts
    assert (line["error"], line["level"]) == (error.code, "warning")
    assert line["reason"].startswith(fault if fault.isdigit() else ("400 ", "The answer contains no text"))
    await works(world, root)
    assert f"with the error `{error.code}`" in await explained(world, ts)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("cut", ModelInterrupted), ("error", ModelInterrupted), ("malformed", ModelGarbled)],
)
async def test_what_was_said_before_a_break_is_kept_and_marked(
    world: BotWorld, fault: str, error: type[ModelError]
) -> None:
    root, shown, asked = await ask(world, f"{SAY} [[fault={fault}]]", ends=f"_{error.for_people}_")
    said = shown.removesuffix(f"\n\n_{error.for_people}_")
    assert said
    assert TEXT.startswith(said)
    assert asked == 1
    assert list(offered(world, root)) == [GO_ON_BUTTON, TRY_AGAIN]
    await works(world, root)


@pytest.mark.parametrize(("fault", "buttons"), [("length", [GO_ON_BUTTON]), ("filter", []), ("refusal", [])])
async def test_an_answer_that_the_model_ends_early_says_why(world: BotWorld, fault: str, buttons: list[str]) -> None:
    note = FINISH_NOTES[{"filter": "content_filter"}.get(fault, fault)]
    root, shown, asked = await ask(world, f"{SAY} [[fault={fault}]]", ends=note)
    said = shown.removesuffix(f"\n\n{note}")
    assert TEXT.startswith(said)
    assert (said == TEXT, asked) == (fault == "refusal", 1)
    assert list(offered(world, root)) == buttons
    await works(world, root)


@pytest.mark.parametrize("fault", ["408", "429", "500", "503"])
async def test_of_a_failure_that_passes_the_person_notices_nothing(world: BotWorld, fault: str) -> None:
    root, shown, asked = await ask(world, f"{SAY} [[fault={fault} times=1]]", ends=TEXT)
    assert (shown, asked) == (TEXT, 2)
    assert not offered(world, root)


async def test_trying_again_answers_in_the_same_message(world: BotWorld) -> None:
    question = f"{SAY} [[fault=403 times=1]]"
    root, _, _ = await ask(world, question, ends=ModelForbidden.for_people)
    await press(world, root, TRY_AGAIN)
    await until(world, root, ends=TEXT)
    assert world.bot_texts(DIRECT, root) == [TEXT]
    assert not offered(world, root)


@pytest.mark.parametrize("fault", ["cut", "length"])
async def test_going_on_adds_to_what_was_said(world: BotWorld, fault: str) -> None:
    """The model is sent the partial answer; the thread shows one answer without a break or a note."""
    note = FINISH_NOTES["length"] if fault == "length" else f"_{ModelInterrupted.for_people}_"
    root, shown, _ = await ask(world, f"{SAY} [[fault={fault}]]", ends=note)
    said = shown.removesuffix(f"\n\n{note}")
    await press(world, root, GO_ON_BUTTON)
    await until(world, root, ends="its own sentence.")
    await works(world, root)
    (whole, _) = world.bot_texts(DIRECT, root)
    assert whole.startswith(f"{said} … and here it goes on.")
    assert note not in whole
    asked_to_go_on, afterwards = (request["messages"] for request in world.model.requests[-2:])
    assert asked_to_go_on[-2:] == [
        {"role": "assistant", "content": said},
        {"role": "user", "content": CONTINUE_PROMPT},
    ]
    assert afterwards[-2] == {"role": "assistant", "content": whole}


async def test_a_question_that_the_service_refuses_is_not_sent_again(world: BotWorld) -> None:
    """Otherwise the service would refuse all later requests of the thread."""
    question = f"something improper {SAY} [[fault=filtered]]"
    root, _, _ = await ask(world, question, ends=ContentFiltered.for_people)
    await works(world, root)
    assert "improper" not in str(world.model.requests[-1]["messages"])


async def test_silence_ends_with_a_sentence_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Before the first word, in the middle of an answer, and for an answer that never ends."""
    limits = {"BOT_FIRST_WORD_SECONDS": "2", "BOT_IDLE_SECONDS": "2", "BOT_TOTAL_SECONDS": "5"}
    async with another_world(tmp_path_factory, **limits) as world:
        root, shown, asked = await ask(world, f"{SAY} [[delay=60]]", ends=ModelSlow.for_people)
        assert (shown, asked) == (ModelSlow.for_people, 3)
        assert list(offered(world, root)) == [TRY_AGAIN]
        await works(world, root)
        endless = "[[tokens=1000]] [[rate=5]]"
        for directives, error in ((f"{SAY} [[fault=stall]]", ModelStalled), (endless, ModelEndless)):
            mark = f"\n\n_{error.for_people}_"
            root, shown, asked = await ask(world, directives, ends=mark)
            assert shown.removesuffix(mark)
            assert asked == 1
            assert list(offered(world, root)) == [GO_ON_BUTTON, TRY_AGAIN]
            await works(world, root)
        assert world.model.open_requests == 0, "a model that nobody listens to any more is told so"


@pytest.mark.postgres
async def test_on_postgresql_it_is_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    with migrated_database("postgres", tmp_path_factory.mktemp("postgres")) as url:
        address = url.render_as_string(hide_password=False)
        more = {"DATABASE_URL": address}
        async with (
            new_world(tmp_path_factory.mktemp("other"), None, **more) as world,
            ready_bot(world) as bot,
        ):
            await test_instead_of_an_answer_there_is_a_sentence(world, bot, "500", ModelFailed, 3)
            await test_what_was_said_before_a_break_is_kept_and_marked(world, "cut", ModelInterrupted)
