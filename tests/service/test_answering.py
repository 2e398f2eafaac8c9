"""What a reader of the thread sees, on virtual time, with a model that follows a script."""

from itertools import pairwise

import pytest

from bot.answering import NOTES, Answering, Asking
from bot.core.domain import Addressed, Answer, Author, Incoming, ThreadKey, Turn, TurnStatus
from bot.core.errors import (
    BotError,
    ContextTooLong,
    ModelBusy,
    ModelInterrupted,
    SurfaceBusy,
    SurfaceGone,
    SurfaceUnavailable,
)
from bot.core.stream import Finished
from bot.plugins import Outcome, Plugin, Plugins
from bot.store.memory import MemoryStore
from tests.fakes import PaperSurface, ScriptedModel
from tests.virtual_time import on_virtual_time, run

THREAD = ThreadKey(platform="paper", workspace="T1", channel="C1", root="1")


class Room:
    """A store, a surface and a model with an `Answering` between them."""

    def __init__(self, model: ScriptedModel, surface: PaperSurface | None = None, *plugins: Plugin) -> None:
        self.model = model
        self.surface = surface or PaperSurface()
        self.store = MemoryStore(owner="me")
        self.answering = Answering(
            store=self.store,
            model=model,
            surfaces={"paper": self.surface},
            asking=Asking(model="m", user_key=b"k", system_prompt="Be kind."),
            plugins=Plugins(plugins),
        )
        self._asked = 0

    async def ask(self, question: str = "Why?") -> Turn:
        """Record a question and return its claimed turn."""
        self._asked += 1
        incoming = Incoming(
            thread=THREAD,
            message_id=f"q{self._asked}",
            author=Author(id="U1"),
            text=question,
            addressed=Addressed.MENTION,
        )
        turn = await self.store.accept(incoming, claim=True)
        assert turn is not None
        return turn

    async def answer(self, question: str = "Why?") -> list[str]:
        """Have a question answered and return what the thread shows then."""
        assert await self.answering.answer(await self.ask(question)) is None
        return self.surface.shown(THREAD)

    async def stored(self) -> Turn:
        """Return the newest turn that has ended."""
        later = await self.ask("later")
        return (await self.store.context(later, limit=10)).history[-1]


@on_virtual_time
async def test_the_answer_grows_in_one_message_and_ends_complete() -> None:
    room = Room(ScriptedModel([word for n in range(30) for word in (f"{n} ", 0.2)]))
    shown = await room.answer()
    assert shown == [" ".join(str(n) for n in range(30))]
    versions = [text for _, text in room.surface.messages["m1"].versions]
    assert len(versions) > 3
    assert all(later.startswith(earlier) for earlier, later in pairwise(versions))
    assert room.surface.overlaps == 0
    turn = await room.stored()
    assert (turn.status, turn.answer.strip(), turn.finish_reason) == (TurnStatus.DONE, shown[0], "stop")


@on_virtual_time
async def test_edits_keep_to_the_budget_of_the_workspace() -> None:
    room = Room(ScriptedModel(["x ", 0.05] * 2_000), PaperSurface(page=10_000))
    await room.answer()
    times = [time for time, _ in room.surface.messages["m1"].versions]
    assert max(sum(start <= time < start + 60 for time in times) for start in times) <= 50


@on_virtual_time
async def test_while_the_model_is_silent_the_thread_shows_that_the_bot_is_thinking() -> None:
    room = Room(ScriptedModel([200.0, "at last"]))
    seen: list[bool] = []
    room.surface.before_write = lambda: seen.append(room.surface.busy.get(THREAD, False))
    assert await room.answer() == ["at last"]
    assert seen[0], "the status stood until the first text"
    assert room.surface.busy[THREAD] is False


@pytest.mark.parametrize("error", [ModelBusy(), ModelInterrupted(), ContextTooLong()], ids=lambda e: e.code)
def test_a_model_error_keeps_what_was_said_and_adds_a_sentence(error: BotError) -> None:
    async def body() -> None:
        room = Room(ScriptedModel(["The beginning. ", 1.0, error], ["fine"]))
        (text,) = await room.answer()
        assert text.startswith("The beginning.")
        assert error.for_people in text
        turn = await room.stored()
        assert (turn.status, turn.error, turn.answer) == (TurnStatus.FAILED, error.code, "The beginning. ")

    run(body())


@on_virtual_time
async def test_a_model_error_before_the_first_word_is_a_sentence_and_the_next_question_works() -> None:
    room = Room(ScriptedModel([ModelBusy()], ["fine"]))
    assert await room.answer("one") == [ModelBusy.for_people]
    assert await room.answer("two") == [ModelBusy.for_people, "fine"]
    assert room.model.requests[-1].messages[-1].content == "one\n\ntwo"


@on_virtual_time
async def test_a_conversation_that_is_too_long_is_asked_again_with_half_of_it() -> None:
    room = Room(ScriptedModel(["1"], ["2"], ["3"], [ContextTooLong()], ["fits"]))
    for question in ("one " * 100, "two " * 100, "three " * 100):
        await room.answer(question)
    assert (await room.answer("four"))[-1] == "fits"
    before, after = (request.messages for request in room.model.requests[-2:])
    assert len(after) < len(before)
    assert (after[0], after[-1]) == (before[0], before[-1]), "system prompt and question always stay"


@on_virtual_time
async def test_an_answer_that_reached_its_limit_says_so() -> None:
    room = Room(ScriptedModel(["half an answer", Finished("length")]))
    assert await room.answer() == [f"half an answer\n\n{NOTES['length']}"]


@on_virtual_time
async def test_refusals_of_the_platform_delay_the_answer_and_lose_nothing() -> None:
    room = Room(ScriptedModel(["some text ", 0.5] * 40))
    room.surface.refusals = [SurfaceBusy(retry_after=7), SurfaceUnavailable(), SurfaceBusy(retry_after=1)]
    assert " ".join(await room.answer()) == ("some text " * 40).strip()


@on_virtual_time
async def test_an_answer_whose_thread_is_gone_is_still_saved() -> None:
    room = Room(ScriptedModel(["some text ", 0.5] * 10))
    room.surface.refusals = [SurfaceGone("channel_not_found")]
    assert await room.answer() == []
    turn = await room.stored()
    assert (turn.status, turn.answer) == (TurnStatus.FAILED, "some text " * 10)


@on_virtual_time
async def test_the_next_turn_of_the_thread_is_handed_on() -> None:
    room = Room(ScriptedModel(["1"], ["2"]))
    first = await room.ask("one")
    second = await room.ask("two")
    assert second.status is TurnStatus.WAITING
    following = await room.answering.answer(first)
    assert following is not None
    assert (following.id, following.status) == (second.id, TurnStatus.ANSWERING)


@on_virtual_time
async def test_plugins_amend_and_observe_and_a_broken_one_is_skipped() -> None:
    class Loud(Plugin):
        outcomes: list[Outcome] = []  # noqa: RUF012 - one test, one list

        async def amend(self, request, turn):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            raise ValueError

        async def observe(self, turn: Turn, outcome: Outcome) -> None:
            self.outcomes.append(outcome)

    room = Room(ScriptedModel(["fine"]), None, Loud())
    assert await room.answer() == ["fine"]
    assert [outcome.answer.text for outcome in Loud.outcomes] == ["fine"]


@on_virtual_time
async def test_an_answer_that_a_dead_process_saved_is_only_shown() -> None:
    room = Room(ScriptedModel(["fine"]))
    turn = await room.ask()
    await room.store.opened(turn, 0, await room.surface.post(THREAD, "fi"))
    await room.store.answered(turn, Answer(text="fine", finish_reason="length"))
    await room.store.release(turn)
    (again,) = await room.store.claim(1)
    await room.answering.answer(again)
    assert room.surface.shown(THREAD) == [f"fine\n\n{NOTES['length']}"]
    assert room.model.requests == []


@on_virtual_time
async def test_a_repeated_answer_takes_the_messages_of_the_first_attempt() -> None:
    room = Room(ScriptedModel(["short"]))
    turn = await room.ask()
    for page, text in enumerate(["the first attempt was long", "and had a second page"]):
        await room.store.opened(turn, page, await room.surface.post(THREAD, text))
    await room.store.release(turn)
    (again,) = await room.store.claim(1)
    await room.answering.answer(again)
    assert room.surface.shown(THREAD) == ["short"]
