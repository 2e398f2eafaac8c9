"""What a reader of the thread sees, on virtual time, with a model that follows a script."""

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.conversation.answering import FINISH_NOTES
from bot.conversation.request_builder import OUT_OF_VIEW_NOTE
from bot.core.chat.stream import ChoiceFinished
from bot.core.config import DIRECT_MESSAGES, Prompt, Scope, ScopeConfig
from bot.core.errors import (
    BotError,
    ContextTooLong,
    ModelBusy,
    ModelInterrupted,
    SurfaceBusy,
    SurfaceGone,
    SurfaceUnavailable,
)
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn, TurnStatus
from bot.plugins import Outcome, Plugin
from bot.testing.config import MemoryConfigVersions
from bot.testing.model import ScriptedModel
from bot.testing.surface import GOT_THROUGH, PaperSurface
from tests.conversation.answering_world import THREAD, AnsweringWorld, said
from tests.virtual_time import on_virtual_time, run


@on_virtual_time
async def test_the_answer_grows_in_one_message_and_ends_complete() -> None:
    room = AnsweringWorld(ScriptedModel([word for n in range(30) for word in (f"{n} ", 0.2)]))
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
    room = AnsweringWorld(ScriptedModel(["x ", 0.05] * 2_000), PaperSurface(page_size=10_000))
    await room.answer()
    times = [time for time, _ in room.surface.messages["m1"].versions]
    assert max(sum(start <= time < start + 60 for time in times) for start in times) <= 50


@on_virtual_time
async def test_while_the_model_is_silent_the_thread_shows_that_the_bot_is_thinking() -> None:
    room = AnsweringWorld(ScriptedModel([200.0, "at last"]))
    seen: list[bool] = []
    room.surface.before_write = lambda: seen.append(room.surface.busy.get(THREAD, False))
    assert await room.answer() == ["at last"]
    assert seen[0], "the status stood until the first text"
    assert room.surface.busy[THREAD] is False


@on_virtual_time
async def test_a_question_that_begins_a_thread_names_it_once() -> None:
    """However long the model is silent; no later question does."""
    room = AnsweringWorld(ScriptedModel([200.0, "one"], ["two"]))
    first = replace(await room.ask(), message_id=THREAD.root)
    await room.answering.answer(first)
    assert room.surface.first_turns == [first.id]
    await room.answer("more")
    assert room.surface.first_turns == [first.id]


@on_virtual_time
async def test_a_thread_that_can_no_longer_be_written_to_does_not_seem_busy() -> None:
    room = AnsweringWorld(ScriptedModel(["one ", 5.0, "two ", 5.0, "three"]))

    def fail() -> None:
        if room.surface.messages:
            room.surface.busy[THREAD] = True  # as Slack shows it while a message grows
            room.surface.write_errors = [SurfaceGone("channel_not_found")]

    room.surface.before_write = fail
    await room.answer()
    assert room.surface.busy[THREAD] is False


@pytest.mark.parametrize("error", [ModelBusy(), ModelInterrupted(), ContextTooLong()], ids=lambda e: e.code)
def test_a_model_error_keeps_what_was_said_and_adds_a_sentence(error: BotError) -> None:
    async def body() -> None:
        room = AnsweringWorld(ScriptedModel(["The beginning. ", 1.0, error], ["fine"]))
        (text,) = await room.answer()
        assert text.startswith("The beginning.")
        assert error.for_people in text
        turn = await room.stored()
        assert (turn.status, turn.error, turn.answer) == (TurnStatus.FAILED, error.code, "The beginning. ")

    run(body())


@on_virtual_time
async def test_a_model_error_before_the_first_word_is_a_sentence_and_the_next_question_works() -> None:
    room = AnsweringWorld(ScriptedModel([ModelBusy()], ["fine"]))
    assert await room.answer("one") == [ModelBusy.for_people]
    assert await room.answer("two") == [ModelBusy.for_people, "fine"]
    assert room.model.requests[-1].messages[-1].content == "one\n\ntwo"


@on_virtual_time
async def test_a_conversation_that_is_too_long_is_asked_again_with_half_of_it() -> None:
    room = AnsweringWorld(ScriptedModel(["1"], ["2"], ["3"], [ContextTooLong()], ["fits"]))
    for question in ("one " * 100, "two " * 100, "three " * 100):
        await room.answer(question)
    assert (await room.answer("four"))[-1] == f"fits\n\n{OUT_OF_VIEW_NOTE}"
    before, after = (request.messages for request in room.model.requests[-2:])
    assert len(after) < len(before)
    assert (after[0], after[-1]) == (before[0], before[-1]), "system prompt and question always stay"


@on_virtual_time
async def test_an_answer_that_reached_its_limit_says_so() -> None:
    room = AnsweringWorld(ScriptedModel(["half an answer", ChoiceFinished("length")]))
    assert await room.answer() == [f"half an answer\n\n{FINISH_NOTES['length']}"]


@on_virtual_time
async def test_refusals_of_the_platform_delay_the_answer_and_lose_nothing() -> None:
    room = AnsweringWorld(ScriptedModel(["some text ", 0.5] * 40))
    room.surface.write_errors = [SurfaceBusy(retry_after=7), SurfaceUnavailable(), SurfaceBusy(retry_after=1)]
    assert " ".join(await room.answer()) == ("some text " * 40).strip()


@on_virtual_time
async def test_an_answer_whose_thread_is_gone_is_still_saved() -> None:
    room = AnsweringWorld(ScriptedModel(["some text ", 0.5] * 10))
    room.surface.write_errors = [SurfaceGone("channel_not_found")]
    assert await room.answer() == []
    turn = await room.stored()
    assert (turn.status, turn.answer) == (TurnStatus.FAILED, "some text " * 10)


@on_virtual_time
async def test_the_next_turn_of_the_thread_is_handed_on() -> None:
    room = AnsweringWorld(ScriptedModel(["1"], ["2"]))
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

    room = AnsweringWorld(ScriptedModel(["fine"]), None, Loud())
    assert await room.answer() == ["fine"]
    assert [outcome.answer.text for outcome in Loud.outcomes] == ["fine"]


@on_virtual_time
async def test_a_post_that_got_through_although_no_answer_came_is_not_repeated() -> None:
    room = AnsweringWorld(ScriptedModel(["some text ", 0.5] * 10))
    room.surface.write_errors = [SurfaceUnavailable(GOT_THROUGH)]
    assert await room.answer() == [("some text " * 10).strip()]


@on_virtual_time
async def test_a_thread_that_was_there_before_the_bot_is_read_once() -> None:
    room = AnsweringWorld(ScriptedModel(["fine"]))
    room.complete_since = time.time() - 60
    room.surface.history = [said("We should go.", 0, by="U8"), said("No.", 0, by="U9")]
    room.surface.history = [
        replace(each, message_id=f"before {number}", sent_at=-10.0 + number)
        for number, each in enumerate(room.surface.history)
    ]
    await room.answer("Who is right?")
    _, conversation = room.model.requests[-1].messages
    assert conversation.content == "Person 1: We should go.\n\nPerson 2: No.\n\nPerson 3: Who is right?"
    await room.answer("And now?")
    assert room.surface.reads == 1


@on_virtual_time
async def test_a_thread_that_cannot_be_read_is_answered_without() -> None:
    class Closed(PaperSurface):
        async def read_messages(self, thread: ThreadKey, *, limit: int, since: float = 0.0) -> list[IncomingMessage]:
            raise SurfaceBusy(retry_after=60)

    room = AnsweringWorld(ScriptedModel(["fine"]), Closed())
    room.complete_since = time.time() - 60
    assert await room.answer() == ["fine"]


@on_virtual_time
async def test_what_others_say_meanwhile_is_part_of_the_conversation() -> None:
    room = AnsweringWorld(ScriptedModel(["one"], ["two"]))
    await room.answer("first")
    assert (
        await room.store.accept(said("By the way.", 2, by="U2", addressed=AddressingKind.OVERHEARD), claim=True) is None
    )
    room._asked += 1
    await room.answer("second")
    contents = [message.content for message in room.model.requests[-1].messages[1:]]
    assert contents == ["Person 1: first", "one", "Person 2: By the way.\n\nPerson 1: second"]


@on_virtual_time
async def test_an_admins_word_counts_from_the_next_question_on() -> None:
    """The prompt, its placeholders and the parameters reach the model, and the answer keeps what it was."""
    room = AnsweringWorld(ScriptedModel())
    await room.answer()
    channel = Scope(platform="paper", workspace="T1", channel="C1")
    wanted = ScopeConfig(
        prompt=Prompt("Call it {channel} of {workspace}.", appends=True), parameters={"temperature": 0.2}
    )
    versions = MemoryConfigVersions(room.store.data.versions)
    version = await versions.save(channel, wanted, based_on=0, by=Author(id="UADMIN"))
    await room.answer()
    before, after = room.model.requests
    assert (before.messages[0].content, before.parameters) == ("Be kind.", {"model": "m"})
    assert after.messages[0].content == "Be kind.\n\nCall it #paper of Desk."
    assert after.parameters == {"model": "m", "temperature": 0.2}
    made_with = (await room.stored()).made_with
    assert made_with is not None
    assert (made_with.versions, made_with.parameters) == (
        (version.id,),
        {"model": "m", "temperature": 0.2},
    )


@on_virtual_time
async def test_direct_messages_have_a_level_of_their_own() -> None:
    room = AnsweringWorld(ScriptedModel())
    everywhere_direct = Scope(platform="paper", workspace="T1", channel=DIRECT_MESSAGES)
    versions = MemoryConfigVersions(room.store.data.versions)
    secret = ScopeConfig(prompt=Prompt("Nobody else reads this, {{really}}."))
    await versions.save(everywhere_direct, secret, based_on=0, by=Author(id="UADMIN"))
    await room.answer()
    direct = replace(said("Why?", 9), thread=replace(THREAD, channel="direct message"))
    turn = await room.store.accept(direct, claim=True)
    assert turn is not None
    await room.answering.answer(turn)
    system = [request.messages[0].content for request in room.model.requests]
    assert system == ["Be kind.", "Nobody else reads this, {really}."]
