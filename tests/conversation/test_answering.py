"""What a reader of the thread sees, on virtual time, with a model that follows a script."""

import asyncio
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
    ModelUnknown,
    SurfaceBusy,
    SurfaceGone,
    SurfaceUnavailable,
)
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn, TurnStatus
from bot.plugins import Outcome, Plugin
from bot.ports import Page
from bot.testing.config import MemoryConfigVersions
from bot.testing.model import ScriptedModel
from bot.testing.surface import GOT_THROUGH, PaperSurface
from tests.conversation.answering_world import THREAD, AnsweringWorld, said
from tests.virtual_time import on_virtual_time, run


@on_virtual_time
async def test_the_answer_grows_in_one_message_and_ends_complete() -> None:
    world = AnsweringWorld(ScriptedModel([word for n in range(30) for word in (f"{n} ", 0.2)]))
    shown = await world.answer()
    assert shown == [" ".join(str(n) for n in range(30))]
    versions = [text for _, text in world.surface.messages["m1"].versions]
    assert len(versions) > 3
    assert all(later.startswith(earlier) for earlier, later in pairwise(versions))
    assert world.surface.overlaps == 0
    turn = await world.stored()
    assert (turn.status, turn.answer.strip(), turn.finish_reason) == (TurnStatus.DONE, shown[0], "stop")


@on_virtual_time
async def test_edits_keep_to_the_budget_of_the_workspace() -> None:
    world = AnsweringWorld(ScriptedModel(["x ", 0.05] * 2_000), PaperSurface(page_size=10_000))
    await world.answer()
    times = [time for time, _ in world.surface.messages["m1"].versions]
    assert max(sum(start <= time < start + 60 for time in times) for start in times) <= 50


@on_virtual_time
async def test_while_the_model_is_silent_the_thread_shows_that_the_bot_is_thinking() -> None:
    world = AnsweringWorld(ScriptedModel([200.0, "at last"]))
    seen: list[bool] = []
    world.surface.before_write = lambda: seen.append(world.surface.busy.get(THREAD, False))
    assert await world.answer() == ["at last"]
    assert seen[0], "the status stood until the first text"
    assert world.surface.busy[THREAD] is False


@on_virtual_time
async def test_a_question_that_begins_a_thread_names_it_once() -> None:
    """However long the model is silent. No later question names it."""
    world = AnsweringWorld(ScriptedModel([200.0, "one"], ["two"]))
    first = replace(await world.ask(), message_id=THREAD.root)
    await world.answering.answer(first)
    assert world.surface.first_turns == [first.id]
    await world.answer("more")
    assert world.surface.first_turns == [first.id]


@pytest.mark.parametrize("fails_from", [0.0, 3.0], ids=["first post", "last edit"])
@pytest.mark.parametrize("got_through", ["", GOT_THROUGH], ids=["failed", "no answer"])
def test_after_three_failed_writes_in_a_row_the_answer_is_complete_within_four_seconds(
    fails_from: float, got_through: str
) -> None:
    async def body() -> None:
        world = AnsweringWorld(ScriptedModel(["The beginning. ", 3.0, "The end."]))
        clock, failures = asyncio.get_running_loop().time, [SurfaceUnavailable(got_through)] * 3
        begins = clock()

        def fail() -> None:
            if clock() >= begins + fails_from and failures:
                world.surface.write_errors = [failures.pop()]

        world.surface.before_write = fail
        assert await world.answer() == ["The beginning. The end."]
        assert not failures
        assert clock() - begins <= 3.0 + 4.0

    run(body())


@on_virtual_time
async def test_a_thread_that_can_no_longer_be_written_to_does_not_seem_busy() -> None:
    world = AnsweringWorld(ScriptedModel(["one ", 5.0, "two ", 5.0, "three"]))

    def fail() -> None:
        if world.surface.messages:
            world.surface.busy[THREAD] = True  # as Slack shows it while a message grows
            world.surface.write_errors = [SurfaceGone("channel_not_found")]

    world.surface.before_write = fail
    await world.answer()
    assert world.surface.busy[THREAD] is False


@pytest.mark.parametrize("error", [ModelBusy(), ModelInterrupted(), ContextTooLong()], ids=lambda e: e.code)
def test_a_model_error_keeps_what_was_said_and_adds_a_sentence(error: BotError) -> None:
    async def body() -> None:
        world = AnsweringWorld(ScriptedModel(["The beginning. ", 1.0, error], ["fine"]))
        (text,) = await world.answer()
        assert text.startswith("The beginning.")
        assert error.for_people in text
        turn = await world.stored()
        assert (turn.status, turn.error, turn.answer) == (TurnStatus.FAILED, error.code, "The beginning. ")

    run(body())


@on_virtual_time
async def test_a_model_error_before_the_first_word_is_a_sentence_and_the_next_question_works() -> None:
    world = AnsweringWorld(ScriptedModel([ModelBusy()], ["fine"]))
    assert await world.answer("one") == [ModelBusy.for_people]
    assert await world.answer("two") == [ModelBusy.for_people, "fine"]
    assert world.model.requests[-1].messages[-1].content == "one\n\ntwo"


@pytest.mark.parametrize(
    ("scope", "place"),
    [
        ({}, "this workspace"),
        ({"channel": THREAD.channel}, "this channel"),
        ({"channel": THREAD.channel, "root": THREAD.root}, "this thread"),
    ],
)
def test_a_model_that_an_admin_chose_and_the_service_does_not_know_is_told_as_that(
    scope: dict[str, str], place: str
) -> None:
    """`BOT_MODEL` is right then, and the operator cannot help; a model of the settings is told as before."""

    async def body() -> None:
        world = AnsweringWorld(ScriptedModel([ModelUnknown()], ["The beginning. ", ModelUnknown()]))
        level = Scope(platform=THREAD.platform, workspace=THREAD.workspace, **scope)
        versions = MemoryConfigVersions(world.store.data.versions)
        assert await world.answer() == [ModelUnknown.for_people]
        await versions.save(
            level, ScopeConfig(parameters={"model": "gpt-9"}), based_on=0, by=Author(id="U1", name="Ada")
        )
        text = (await world.answer("again"))[-1]
        assert text.startswith("The beginning.")
        assert f"does not know the model `gpt-9`, which was chosen for {place}." in text
        assert "BOT_MODEL" not in text

    run(body())


@on_virtual_time
async def test_a_conversation_that_is_too_long_is_asked_again_with_half_of_it() -> None:
    world = AnsweringWorld(ScriptedModel(["1"], ["2"], ["3"], [ContextTooLong()], ["fits"]))
    for question in ("one " * 100, "two " * 100, "three " * 100):
        await world.answer(question)
    assert (await world.answer("four"))[-1] == f"fits\n\n{OUT_OF_VIEW_NOTE}"
    before, after = (request.messages for request in world.model.requests[-2:])
    assert len(after) < len(before)
    assert (after[0], after[-1]) == (before[0], before[-1]), "system prompt and question always stay"


@on_virtual_time
async def test_an_answer_that_reached_its_limit_says_so() -> None:
    world = AnsweringWorld(ScriptedModel(["half an answer", ChoiceFinished("length")]))
    assert await world.answer() == [f"half an answer\n\n{FINISH_NOTES['length']}"]


@on_virtual_time
async def test_refusals_of_the_platform_delay_the_answer_and_lose_nothing() -> None:
    world = AnsweringWorld(ScriptedModel(["some text ", 0.5] * 40))
    world.surface.write_errors = [SurfaceBusy(retry_after=7), SurfaceUnavailable(), SurfaceBusy(retry_after=1)]
    assert " ".join(await world.answer()) == ("some text " * 40).strip()


@on_virtual_time
async def test_an_answer_whose_thread_is_gone_is_still_saved() -> None:
    world = AnsweringWorld(ScriptedModel(["some text ", 0.5] * 10))
    world.surface.write_errors = [SurfaceGone("channel_not_found")]
    assert await world.answer() == []
    turn = await world.stored()
    assert (turn.status, turn.answer) == (TurnStatus.FAILED, "some text " * 10)


@on_virtual_time
async def test_the_next_turn_of_the_thread_is_returned() -> None:
    world = AnsweringWorld(ScriptedModel(["1"], ["2"]))
    first = await world.ask("one")
    second = await world.ask("two")
    assert second.status is TurnStatus.WAITING
    following = await world.answering.answer(first)
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

    world = AnsweringWorld(ScriptedModel(["fine"]), None, Loud())
    assert await world.answer() == ["fine"]
    assert [outcome.answer.text for outcome in Loud.outcomes] == ["fine"]


@on_virtual_time
async def test_plugins_observe_a_turn_when_its_thread_shows_the_whole_answer() -> None:
    class Reader(Plugin):
        async def observe(self, turn: Turn, outcome: Outcome) -> None:
            shown.append(world.surface.list_texts(THREAD))

    shown: list[list[str]] = []
    world = AnsweringWorld(ScriptedModel(["It has ", 0.5, "expired."]), None, Reader())
    assert await world.answer() == ["It has expired."]
    assert shown == [["It has expired."]]


@on_virtual_time
async def test_a_post_that_got_through_although_no_answer_came_is_not_repeated() -> None:
    world = AnsweringWorld(ScriptedModel(["some text ", 0.5] * 10))
    world.surface.write_errors = [SurfaceUnavailable(GOT_THROUGH)]
    assert await world.answer() == [("some text " * 10).strip()]


class LateSurface(PaperSurface):
    """Gives no response to its first post, which appears a second later."""

    async def post(self, thread: ThreadKey, page: Page) -> str:
        if self.writes:
            return await super().post(thread, page)
        self.writes += 1
        self.late = asyncio.create_task(self._post_late(thread, page))
        raise SurfaceUnavailable("TimeoutError", may_still_happen=True)

    async def _post_late(self, thread: ThreadKey, page: Page) -> None:
        await asyncio.sleep(1.0)
        await super().post(thread, page)


@on_virtual_time
async def test_a_post_that_appears_after_its_timeout_is_not_repeated() -> None:
    world = AnsweringWorld(ScriptedModel(["some text ", 0.5] * 10), LateSurface())
    assert await world.answer() == [("some text " * 10).strip()]


@on_virtual_time
async def test_a_thread_that_was_there_before_the_bot_is_read_once() -> None:
    world = AnsweringWorld(ScriptedModel(["fine"]))
    world.complete_since = time.time() - 60
    world.surface.history = [said("We should go.", 0, by="U8"), said("No.", 0, by="U9")]
    world.surface.history = [
        replace(each, message_id=f"before {number}", sent_at=-10.0 + number)
        for number, each in enumerate(world.surface.history)
    ]
    await world.answer("Who is right?")
    _, conversation = world.model.requests[-1].messages
    assert conversation.content == "Person 1: We should go.\n\nPerson 2: No.\n\nPerson 3: Who is right?"
    await world.answer("And now?")
    assert world.surface.reads == 1


@on_virtual_time
async def test_a_thread_that_cannot_be_read_is_answered_without() -> None:
    class Closed(PaperSurface):
        async def read_messages(self, thread: ThreadKey, *, limit: int, since: float = 0.0) -> list[IncomingMessage]:
            raise SurfaceBusy(retry_after=60)

    world = AnsweringWorld(ScriptedModel(["fine"]), Closed())
    world.complete_since = time.time() - 60
    assert await world.answer() == ["fine"]


@on_virtual_time
async def test_what_others_say_meanwhile_is_part_of_the_conversation() -> None:
    world = AnsweringWorld(ScriptedModel(["one"], ["two"]))
    await world.answer("first")
    assert (
        await world.store.accept(said("By the way.", 2, by="U2", addressed=AddressingKind.OVERHEARD), claim=True)
        is None
    )
    world._asked += 1
    await world.answer("second")
    contents = [message.content for message in world.model.requests[-1].messages[1:]]
    assert contents == ["Person 1: first", "one", "Person 2: By the way.\n\nPerson 1: second"]


@on_virtual_time
async def test_a_config_that_an_admin_saves_applies_from_the_next_question_on() -> None:
    """The prompt, its placeholders and the parameters reach the model, and the answer keeps what it was."""
    world = AnsweringWorld(ScriptedModel())
    await world.answer()
    channel = Scope(platform="paper", workspace="T1", channel="C1")
    wanted = ScopeConfig(
        prompt=Prompt("Call it {channel} of {workspace}.", appends=True), parameters={"temperature": 0.2}
    )
    versions = MemoryConfigVersions(world.store.data.versions)
    version = await versions.save(channel, wanted, based_on=0, by=Author(id="UADMIN"))
    await world.answer()
    before, after = world.model.requests
    assert (before.messages[0].content, before.parameters) == ("Be kind.", {"model": "m"})
    assert after.messages[0].content == "Be kind.\n\nCall it #paper of Desk."
    assert after.parameters == {"model": "m", "temperature": 0.2}
    made_with = (await world.stored()).made_with
    assert made_with is not None
    assert (made_with.versions, made_with.parameters) == (
        (version.id,),
        {"model": "m", "temperature": 0.2},
    )


@on_virtual_time
async def test_direct_messages_have_a_scope_of_their_own() -> None:
    world = AnsweringWorld(ScriptedModel())
    everywhere_direct = Scope(platform="paper", workspace="T1", channel=DIRECT_MESSAGES)
    versions = MemoryConfigVersions(world.store.data.versions)
    secret = ScopeConfig(prompt=Prompt("Nobody else reads this, {{really}}."))
    await versions.save(everywhere_direct, secret, based_on=0, by=Author(id="UADMIN"))
    await world.answer()
    direct = replace(said("Why?", 9), thread=replace(THREAD, channel="direct message"))
    turn = await world.store.accept(direct, claim=True)
    assert turn is not None
    await world.answering.answer(turn)
    system = [request.messages[0].content for request in world.model.requests]
    assert system == ["Be kind.", "Nobody else reads this, {really}."]
