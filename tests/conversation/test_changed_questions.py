"""What a reader sees when an answer is retried, or its question is edited or deleted. On virtual time."""

from bot.conversation.answering import QUESTION_EDITED_NOTE
from bot.core.chat.stream import ChoiceFinished
from bot.core.chat.transcript import CONTINUE_PROMPT
from bot.core.errors import ModelBusy, ModelInterrupted, SurfaceBusy, SurfaceUnavailable
from bot.core.turns import Action, MessageKey
from bot.testing.model import ScriptedModel
from tests.conversation.answering_world import THREAD, AnsweringWorld
from tests.virtual_time import on_virtual_time


@on_virtual_time
async def test_a_failed_answer_has_a_button_to_try_again_and_goes_where_it_was() -> None:
    world = AnsweringWorld(ScriptedModel([ModelBusy()], ["fine"]))
    await world.answer()
    assert world.surface.messages["m1"].actions == (Action.RETRY,)
    again = await world.store.retry(1, THREAD, by="U1", claim=True)
    assert again is not None
    await world.answering.answer(again)
    assert world.surface.list_texts(THREAD) == ["fine"]
    assert world.surface.messages["m1"].actions == (Action.JUDGE,)


@on_virtual_time
async def test_an_answer_that_broke_off_is_continued_in_place() -> None:
    """Also if the continuation breaks off: no text is lost or repeated."""
    breaks = ModelInterrupted()
    world = AnsweringWorld(ScriptedModel(["One, ", breaks], ["two, ", breaks], ["three.", ChoiceFinished("stop")]))
    await world.answer("Count.")
    for shown in ("One, two, ", "One, two, three."):
        assert world.surface.messages["m1"].actions == (Action.CONTINUE, Action.RETRY)
        again = await world.store.retry(1, THREAD, by="U1", claim=True, goes_on=True)
        assert again is not None
        await world.answering.answer(again)
        assert world.surface.list_texts(THREAD)[0].startswith(shown)
    assert world.surface.messages["m1"].actions == (Action.JUDGE,)
    assert [message.content for message in world.model.requests[-1].messages[-3:]] == [
        "Count.",
        "One, two, ",
        CONTINUE_PROMPT,
    ]
    assert (await world.stored()).answer == "One, two, three."


@on_virtual_time
async def test_an_answer_that_met_its_length_limit_offers_to_go_on() -> None:
    world = AnsweringWorld(ScriptedModel(["One, two", ChoiceFinished("length")]))
    await world.answer()
    assert world.surface.messages["m1"].actions == (Action.CONTINUE, Action.JUDGE)


@on_virtual_time
async def test_an_edited_question_offers_a_new_answer_in_place() -> None:
    world = AnsweringWorld(ScriptedModel(["old answer"], ["new answer"]))
    await world.answer("old question")
    key = MessageKey(platform="paper", workspace="T1", channel="C1", message_id="q1")
    turn = await world.store.edit_question(key, "new question")
    assert turn is not None
    await world.answering.offer_new_answer(turn)
    assert world.surface.list_texts(THREAD) == [f"old answer\n\n{QUESTION_EDITED_NOTE}"]
    assert world.surface.messages["m1"].actions == (Action.AGAIN,)
    again = await world.store.retry(turn.id, THREAD, by="U1", claim=True)
    assert again is not None
    await world.answering.answer(again)
    assert world.surface.list_texts(THREAD) == ["new answer\n\n_2 of 2_"]
    assert world.model.requests[-1].messages[-1].content == "new question"


@on_virtual_time
async def test_the_answer_to_a_deleted_question_is_deleted() -> None:
    world = AnsweringWorld(ScriptedModel(["one"], ["two"]))
    await world.answer("first")
    await world.answer("second")
    key = MessageKey(platform="paper", workspace="T1", channel="C1", message_id="q1")
    turn = await world.store.forget(key)
    assert turn is not None
    world.surface.write_errors = [SurfaceBusy(retry_after=3), SurfaceUnavailable()]
    await world.answering.remove_answer(turn)
    assert world.surface.list_texts(THREAD) == ["two"]
    await world.answer("third")
    assert "first" not in str(world.model.requests[-1].messages)
