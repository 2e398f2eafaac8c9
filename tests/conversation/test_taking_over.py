"""What a reader sees of a turn that another process began, or has taken over. On virtual time."""

import asyncio

import pytest

from bot.conversation.answering import FINISH_NOTES
from bot.core.errors import ClaimLost
from bot.core.requests import Answer
from bot.core.turns import MessageKey, Turn
from bot.ports import Page
from bot.testing.model import ScriptedModel
from tests.conversation.answering_world import THREAD, AnsweringWorld
from tests.virtual_time import on_virtual_time, run


async def take_over(world: AnsweringWorld, turn: Turn) -> Turn:
    """Release a turn, and claim it again."""
    await world.store.release(turn)
    (again,) = await world.store.claim(1)
    return again


@on_virtual_time
async def test_an_answer_that_a_dead_process_saved_is_only_shown() -> None:
    world = AnsweringWorld(ScriptedModel(["fine"]))
    turn = await world.ask()
    await world.store.record_page(turn, 0, await world.surface.post(THREAD, Page(turn=turn.id, number=0, text="fi")))
    await world.store.save_answer(turn, Answer(text="fine", finish_reason="length"))
    again = await take_over(world, turn)
    await world.answering.answer(again)
    assert world.surface.list_texts(THREAD) == [f"fine\n\n{FINISH_NOTES['length']}"]
    assert world.model.requests == []


@on_virtual_time
async def test_a_repeated_answer_takes_the_messages_of_the_first_attempt() -> None:
    world = AnsweringWorld(ScriptedModel(["short"]))
    turn = await world.ask()
    for page, text in enumerate(["the first attempt was long", "and had a second page"]):
        shown = Page(turn=turn.id, number=page, text=text)
        await world.store.record_page(turn, page, await world.surface.post(THREAD, shown))
    again = await take_over(world, turn)
    await world.answering.answer(again)
    assert world.surface.list_texts(THREAD) == ["short"]


@on_virtual_time
async def test_a_page_that_a_dead_process_posted_but_did_not_record_is_continued() -> None:
    world = AnsweringWorld(ScriptedModel(["fine"]))
    turn = await world.ask()
    await world.surface.post(THREAD, Page(turn=turn.id, number=0, text="fi"))
    again = await take_over(world, turn)
    await world.answering.answer(again)
    assert world.surface.list_texts(THREAD) == ["fine"]


@on_virtual_time
async def test_a_process_whose_lease_is_uncertain_writes_nothing_more() -> None:
    world = AnsweringWorld(ScriptedModel(["some text ", 1.0] * 20))
    turn = await world.ask()
    answering = asyncio.create_task(world.answering.answer(turn))
    await asyncio.sleep(5)
    world.is_ours, writes = False, world.surface.writes
    with pytest.raises(ClaimLost):
        await answering
    assert world.surface.writes == writes
    assert world.model.open == 0, "the model's connection is closed"


@on_virtual_time
async def test_a_turn_is_shown_again_if_the_lease_is_uncertain_after_the_last_write() -> None:
    """Otherwise the typing status that the dead process showed would stay."""
    world = AnsweringWorld(ScriptedModel([]))
    turn = await world.ask()
    await world.store.record_page(turn, 0, await world.surface.post(THREAD, Page(turn=turn.id, number=0, text="fi")))
    await world.store.save_answer(turn, Answer(text="fine", finish_reason="stop"))
    world.surface.busy[THREAD] = True

    def freeze() -> None:
        world.is_ours = False

    world.surface.before_write = freeze
    turn = await take_over(world, turn)
    with pytest.raises(ClaimLost):
        await world.answering.answer(turn)
    world.is_ours, world.surface.before_write = True, lambda: None
    turn = await take_over(world, turn)
    await world.answering.answer(turn)
    assert world.surface.list_texts(THREAD) == ["fine"]
    assert not world.surface.busy[THREAD]


@pytest.mark.parametrize("is_frozen", [False, True])
def test_a_first_message_is_deleted_unless_another_process_may_have_adopted_it(
    is_frozen: bool,
) -> None:
    """A claim is lost if the question is deleted, or if another process takes over from a frozen one."""

    async def body() -> None:
        world = AnsweringWorld(ScriptedModel(["some text ", 1.0] * 20))

        async def opened(turn: Turn, *_: object) -> None:
            world.is_ours = not is_frozen
            if not is_frozen:
                thread = turn.thread
                await world.store.forget(
                    MessageKey(
                        platform=thread.platform,
                        workspace=thread.workspace,
                        channel=thread.channel,
                        message_id=turn.message_id,
                    )
                )
            raise ClaimLost

        world.store.record_page = opened  # type: ignore[assignment, method-assign]
        with pytest.raises(ClaimLost):
            await world.answering.answer(await world.ask())
        assert bool(world.surface.list_texts(THREAD)) is is_frozen

    run(body())
