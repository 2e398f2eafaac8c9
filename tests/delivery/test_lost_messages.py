"""Messages that are deleted, or can no longer be edited, while they show an answer."""

import asyncio

import pytest

from bot.core.errors import ClaimLost, SurfaceGone
from bot.core.reply.commands import DisplayMode
from bot.core.turns import Action, MessageKey, Turn, TurnStatus
from bot.ports import Page
from bot.testing.model import ScriptedModel
from bot.testing.surface import PaperSurface
from tests.conversation.answering_world import THREAD, AnsweringWorld
from tests.delivery.test_streaming import SLOW, WORDS
from tests.virtual_time import on_virtual_time, run

QUESTION = MessageKey(platform="paper", workspace="T1", channel="C1", message_id="q1")


def open_world(way: DisplayMode = DisplayMode.EDITS, *, page: int = 5_000) -> AnsweringWorld:
    surface = PaperSurface(page_size=page)
    surface.writing = way
    return AnsweringWorld(ScriptedModel(SLOW, ["again"]), surface)


def newest_text(world: AnsweringWorld) -> str:
    return list(world.surface.messages)[-1]


async def recorded_pages(world: AnsweringWorld) -> tuple[str, ...]:
    """Return the messages that are recorded for the answer, by asking for another answer."""
    again = await world.store.retry(1, THREAD, by="U1", claim=True)
    assert again is not None
    return again.pages


@pytest.mark.parametrize("way", [DisplayMode.EDITS, DisplayMode.STREAM])
def test_a_message_that_is_deleted_while_it_grows_is_posted_anew(way: DisplayMode) -> None:
    async def body() -> None:
        world = open_world(way)
        answering = asyncio.create_task(world.answer())
        await asyncio.sleep(7)
        assert len(world.surface.list_texts(THREAD)[0].split()) > 10
        del world.surface.messages["m1"]
        assert await answering == [WORDS]
        assert world.surface.messages[newest_text(world)].actions == (Action.JUDGE,)
        assert await recorded_pages(world) == tuple(world.surface.messages)

    run(body())


@on_virtual_time
async def test_a_second_deletion_is_respected() -> None:
    """Nothing more is shown; the answer is kept."""
    world = open_world()
    answering = asyncio.create_task(world.answer())
    for _ in range(2):
        await asyncio.sleep(7)
        del world.surface.messages[newest_text(world)]
    assert await answering == []
    turn = await world.stored()
    assert (turn.status, turn.error, turn.answer.strip()) == (TurnStatus.FAILED, "surface_gone", WORDS)


@on_virtual_time
async def test_the_answer_to_a_question_that_is_deleted_is_not_posted_anew() -> None:
    world = open_world()
    answering = asyncio.create_task(world.answering.answer(await world.ask()))
    await asyncio.sleep(7)
    turn = await world.store.forget(QUESTION)
    assert turn is not None
    await world.answering.remove_answer(turn)
    with pytest.raises(ClaimLost):
        await answering
    assert world.surface.list_texts(THREAD) == []
    further = await world.surface.post(THREAD, Page(turn=9, number=0, text="by somebody else"))
    assert further == "m2", "there was none in between, not even for a moment"


@on_virtual_time
async def test_an_answer_that_was_deleted_after_its_end_is_not_posted_to_offer_another() -> None:
    world = open_world()
    await world.answer()
    world.surface.messages.clear()
    turn = await world.store.edit_question(QUESTION, "new question")
    assert turn is not None
    await world.answering.offer_new_answer(turn)
    assert world.surface.list_texts(THREAD) == []


@pytest.mark.parametrize("way", [DisplayMode.EDITS, DisplayMode.STREAM])
def test_an_answer_goes_on_below_a_message_that_can_no_longer_be_edited(way: DisplayMode) -> None:
    """Its text stays and the rest follows in another message; no word is lost or repeated."""

    async def body() -> None:
        world = open_world(way)
        answering = asyncio.create_task(world.answer())
        await asyncio.sleep(7)
        world.surface.uneditable.add("m1")
        world.surface.append_errors = {world.surface.appends + 1: SurfaceGone("expired")}
        shown = await answering
        assert " ".join(shown).split() == WORDS.split()
        assert len(shown) == 2
        assert len(world.surface.messages["m2"].versions) > 3
        assert await recorded_pages(world) == ("m1", "m2")

    run(body())


@on_virtual_time
async def test_if_no_message_can_be_edited_the_rest_is_posted_when_it_is_complete() -> None:
    world = open_world()
    world.surface.uneditable = {f"m{number}" for number in range(1, 100)}
    shown = await world.answer()
    assert " ".join(shown).split() == WORDS.split()
    assert len(shown) == 2


@on_virtual_time
async def test_a_new_answer_goes_below_if_the_old_one_cannot_be_edited() -> None:
    """The old one is deleted if that is allowed."""
    world = open_world()
    await world.answer()
    world.surface.uneditable.add("m1")
    again = await world.store.retry(1, THREAD, by="U1", claim=True)
    assert again is not None
    await world.answering.answer(again)
    assert world.surface.list_texts(THREAD) == ["again\n\n_2 of 2_"]
    assert await recorded_pages(world) == ("m2",)


async def leave_unfinished(world: AnsweringWorld, *texts: str) -> Turn:
    """Return a turn, claimed again, whose owner died when it had shown these pages."""
    turn = await world.ask()
    for number, text in enumerate(texts):
        shown = Page(turn=turn.id, number=number, text=text)
        await world.store.record_page(turn, number, await world.surface.post(THREAD, shown))
    await world.store.release(turn)
    (again,) = await world.store.claim(1)
    return again


@on_virtual_time
async def test_pages_stay_in_order_if_a_dead_process_left_some_and_one_was_deleted() -> None:
    world = open_world(page=150)
    again = await leave_unfinished(world, "one", "two", "three")
    del world.surface.messages["m2"]
    await world.answering.answer(again)
    assert " ".join(world.surface.list_texts(THREAD)).split() == WORDS.split()
    assert await recorded_pages(world) == tuple(world.surface.messages)


@on_virtual_time
async def test_a_page_posted_anew_by_a_process_that_dies_then_is_not_posted_twice() -> None:
    """The page was forgotten first, so the next owner looks for a message that was posted but not recorded."""
    world = open_world()
    again = await leave_unfinished(world, "one")
    world.surface.messages.clear()
    await world.store.forget_pages(again, 0)
    await world.surface.post(THREAD, Page(turn=again.id, number=0, text="posted anew, and not noted"))
    await world.store.release(again)
    (heir,) = await world.store.claim(1)
    await world.answering.answer(heir)
    assert world.surface.list_texts(THREAD) == [WORDS]
    assert await recorded_pages(world) == tuple(world.surface.messages)
