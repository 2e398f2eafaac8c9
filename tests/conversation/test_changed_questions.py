"""What a reader sees of second thoughts: an answer once more, a question edited or gone. On virtual time."""

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
    room = AnsweringWorld(ScriptedModel([ModelBusy()], ["fine"]))
    await room.answer()
    assert room.surface.messages["m1"].actions == (Action.RETRY,)
    again = await room.store.retry(1, THREAD, by="U1", claim=True)
    assert again is not None
    await room.answering.answer(again)
    assert room.surface.list_texts(THREAD) == ["fine"]
    assert room.surface.messages["m1"].actions == (Action.JUDGE,)


@on_virtual_time
async def test_an_answer_that_broke_off_is_gone_on_with_where_it_was() -> None:
    """Also when going on breaks off: nothing that was said is lost, or said twice."""
    breaks = ModelInterrupted()
    room = AnsweringWorld(ScriptedModel(["One, ", breaks], ["two, ", breaks], ["three.", ChoiceFinished("stop")]))
    await room.answer("Count.")
    for shown in ("One, two, ", "One, two, three."):
        assert room.surface.messages["m1"].actions == (Action.CONTINUE, Action.RETRY)
        again = await room.store.retry(1, THREAD, by="U1", claim=True, goes_on=True)
        assert again is not None
        await room.answering.answer(again)
        assert room.surface.list_texts(THREAD)[0].startswith(shown)
    assert room.surface.messages["m1"].actions == (Action.JUDGE,)
    assert [message.content for message in room.model.requests[-1].messages[-3:]] == [
        "Count.",
        "One, two, ",
        CONTINUE_PROMPT,
    ]
    assert (await room.stored()).answer == "One, two, three."


@on_virtual_time
async def test_an_answer_that_met_its_length_limit_offers_to_go_on() -> None:
    room = AnsweringWorld(ScriptedModel(["One, two", ChoiceFinished("length")]))
    await room.answer()
    assert room.surface.messages["m1"].actions == (Action.CONTINUE, Action.JUDGE)


@on_virtual_time
async def test_an_edited_question_offers_a_new_answer_in_place() -> None:
    room = AnsweringWorld(ScriptedModel(["old answer"], ["new answer"]))
    await room.answer("old question")
    key = MessageKey(platform="paper", workspace="T1", channel="C1", message_id="q1")
    turn = await room.store.edit_question(key, "new question")
    assert turn is not None
    await room.answering.offer_new_answer(turn)
    assert room.surface.list_texts(THREAD) == [f"old answer\n\n{QUESTION_EDITED_NOTE}"]
    assert room.surface.messages["m1"].actions == (Action.AGAIN,)
    again = await room.store.retry(turn.id, THREAD, by="U1", claim=True)
    assert again is not None
    await room.answering.answer(again)
    assert room.surface.list_texts(THREAD) == ["new answer\n\n_2 of 2_"]
    assert room.model.requests[-1].messages[-1].content == "new question"


@on_virtual_time
async def test_the_answer_to_a_deleted_question_is_taken_back() -> None:
    room = AnsweringWorld(ScriptedModel(["one"], ["two"]))
    await room.answer("first")
    await room.answer("second")
    key = MessageKey(platform="paper", workspace="T1", channel="C1", message_id="q1")
    turn = await room.store.forget(key)
    assert turn is not None
    room.surface.write_errors = [SurfaceBusy(retry_after=3), SurfaceUnavailable()]
    await room.answering.remove_answer(turn)
    assert room.surface.list_texts(THREAD) == ["two"]
    await room.answer("third")
    assert "first" not in str(room.model.requests[-1].messages)
