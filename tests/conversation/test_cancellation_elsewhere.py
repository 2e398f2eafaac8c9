"""A stop whose answer runs in another process, waits, or has been taken over: what a reader sees of it."""

import asyncio

import pytest

from bot.core.reply.stopping import STOPPED_NOTE, STOPPED_TEXT_LOST_NOTE, StopOutcome
from bot.core.turns import Action, TurnStatus
from tests.conversation.answering_world import THREAD
from tests.conversation.worker_world import LEASE, STOP, WORDS, running_world, second_process
from tests.virtual_time import on_virtual_time, run


@pytest.mark.parametrize("hears", [True, False])
def test_another_process_is_told_to_stop(*, hears: bool) -> None:
    """Within a second, even if the notification is lost."""

    async def body() -> None:
        async with running_world(WORDS) as world, second_process(world) as other:
            await world.ask()
            await asyncio.sleep(3.03)
            if not hears:
                world.store.data.work_listeners.clear()
            assert await other.intake.stop(STOP) is StopOutcome.TAKEN
            await asyncio.sleep(0.02 if hears else 1.0)
            assert world.model.open == 0
            await asyncio.sleep(5)
            assert world.shown[0].endswith(STOPPED_NOTE)
            if not hears:
                world.store.data.work_listeners.extend([world.worker.wake, other.worker.wake])

    run(body())


@on_virtual_time
async def test_a_stopped_turn_is_not_answered_after_a_takeover() -> None:
    """Its owner died right after the stop was recorded; its unsaved text is lost."""
    async with running_world(WORDS) as world:
        await world.ask()
        await asyncio.sleep(5)
        async with second_process(world) as heir:
            await heir.store.stop(STOP)
            for task in tuple(world.worker._tasks):  # as if it were killed
                task.cancel()
            world.store.data.owners[1] = "dead"
            await asyncio.sleep(LEASE)
            assert world.shown == [STOPPED_TEXT_LOST_NOTE]
            assert world.actions() == (Action.RETRY,)
            assert world.turn().status is TurnStatus.STOPPED
            assert heir.model.requests == []
            assert await heir.intake.retry(1, THREAD, by="U1")
            await asyncio.sleep(5)
            assert world.shown == ["Never."]


@on_virtual_time
async def test_a_question_that_was_stopped_while_it_waited_is_not_answered() -> None:
    async with running_world(["Never."]) as world:
        world.worker.is_draining = True
        await world.ask()
        await world.store.stop(STOP)
        world.worker.is_draining = False
        await asyncio.sleep(5)
        assert world.shown == [STOPPED_NOTE]
        assert world.model.requests == []


@on_virtual_time
async def test_a_continued_answer_that_is_stopped_after_a_takeover_keeps_its_text() -> None:
    async with running_world(["One. ", 100.0], ["Two. ", 100.0], ["Never."]) as world:
        await world.ask()
        await asyncio.sleep(5)
        await world.intake.stop(STOP)
        await asyncio.sleep(5)
        world.worker.is_draining = True
        await world.intake.retry(1, THREAD, by="U1", goes_on=True)
        await world.store.stop(STOP)
        world.worker.is_draining = False
        await asyncio.sleep(5)
        assert world.shown == [f"One. \n\n{STOPPED_NOTE}"]
        assert world.turn().answer == "One. "
