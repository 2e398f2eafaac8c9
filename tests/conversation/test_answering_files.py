"""What a reader sees, and the model gets, of questions with files; on virtual time."""

from dataclasses import replace

from bot.conversation.answering import PICTURES_UNSEEN_NOTE
from bot.core.chat.stream import PicturesLeftOut
from bot.core.turns import File
from bot.testing.model import ModelScript, ScriptedModel
from bot.testing.surface import PaperSurface
from tests.conversation.answering_world import THREAD, AnsweringWorld, said
from tests.virtual_time import on_virtual_time

CAT = File(name="cat.png", type="image/png", url="cat")
PLAN = File(name="plan.txt", type="text/plain", url="plan")


async def ask_with_files(*files: File, script: ModelScript = ("Tea.",)) -> AnsweringWorld:
    """Have a question with files answered."""
    surface = PaperSurface(page_size=1_000)
    surface.files = {"cat": b"\x89PNG\r\n\x1a\n", "plan": b"Cups: 7"}
    world = AnsweringWorld(ScriptedModel(script), surface)
    turn = await world.store.accept(replace(said("What?", 0), files=files), claim=True)
    assert turn is not None
    await world.answering.answer(turn)
    return world


@on_virtual_time
async def test_what_was_read_follows_the_question_and_stays_there() -> None:
    world = await ask_with_files(PLAN)
    await world.answer("And now?")
    [_, first], [_, earlier, _, _] = (request.messages for request in world.model.requests)
    assert first.content == "What?\n\n--- plan.txt ---\nCups: 7\n--- end of plan.txt ---"
    assert earlier == first


@on_virtual_time
async def test_a_picture_is_sent_once() -> None:
    world = await ask_with_files(CAT)
    await world.answer("And now?")
    sent = [[len(message.images) for message in request.messages] for request in world.model.requests]
    assert sent == [[0, 1], [0, 0, 0, 0]]


@on_virtual_time
async def test_people_are_told_that_the_model_cannot_see_pictures_also_after_a_takeover() -> None:
    """It is saved with the answer, which another process may have to show."""
    world = await ask_with_files(CAT, script=(PicturesLeftOut(), "Tea."))
    assert world.surface.list_texts(THREAD) == [f"Tea.\n\n{PICTURES_UNSEEN_NOTE}"]
    made_with = (await world.stored()).made_with
    assert made_with is not None
    assert made_with.remarks == PICTURES_UNSEEN_NOTE


@on_virtual_time
async def test_a_file_that_cannot_be_read_costs_no_answer() -> None:
    world = await ask_with_files(replace(PLAN, name="plan.zip", type="application/zip"))
    why = "_I could not read `plan.zip`: I can't read files of this kind._"
    assert world.surface.list_texts(THREAD) == [f"Tea.\n\n{why}"]
