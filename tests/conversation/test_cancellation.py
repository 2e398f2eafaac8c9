"""What a reader of the thread sees when a person stops an answer, on virtual time."""

import asyncio
from dataclasses import replace

import pytest

from bot.core.chat.stream import TextDelta
from bot.core.errors import SurfaceBusy
from bot.core.reply.stopping import STOPPED_NOTE, StopOutcome
from bot.core.turns import Action, TurnStatus
from tests.conversation.answering_world import THREAD
from tests.conversation.worker_world import STOP, WORDS, running_world
from tests.virtual_time import on_virtual_time, run


@on_virtual_time
async def test_a_growing_answer_ends_where_it_is() -> None:
    """The model call is cancelled at once; its text is shown and stored, and can be continued or asked for again."""
    async with running_world(WORDS, ["Never."]) as world:
        await world.ask()
        await asyncio.sleep(5.02)
        assert world.actions() == (Action.STOP,)
        assert await world.intake.stop(STOP) is StopOutcome.TAKEN
        await asyncio.sleep(0.02)
        assert world.model.open == 0, "the connection is closed"
        await asyncio.sleep(5)
        said = " ".join(str(n) for n in range(1, 52))
        assert world.shown == [f"{said} \n\n{STOPPED_NOTE}"]
        assert world.actions() == (Action.CONTINUE, Action.RETRY, Action.JUDGE)
        assert (world.turn().status, world.turn().answer.strip()) == (TurnStatus.STOPPED, said)
        assert (world.turn().finish_reason, world.turn().error, world.turn().stopped_by) == ("stopped", "", "U1")
        assert [outcome.answer.text.strip() for outcome in world.observer.outcomes] == [said]
        assert len(world.model.requests) == 1


@on_virtual_time
async def test_the_button_is_there_while_it_grows_and_never_after() -> None:
    """From the first edit on: an answer that is complete at once has none, and its last write takes it."""
    async with running_world(WORDS, ["Short."], page_size=10_000) as world:
        seen: list[tuple[Action, ...]] = []
        world.surface.before_write = lambda: seen.append(world.actions() if world.surface.messages else ())
        await world.ask()
        await asyncio.sleep(60)
        assert seen[:2] == [(), ()], "before the first post, and below it"
        assert set(seen[2:]) == {(Action.STOP,)}
        assert world.actions() == (Action.JUDGE,)
        seen.clear()
        await world.ask()
        await asyncio.sleep(60)
        assert (Action.STOP,) not in seen
        assert world.actions() == (Action.JUDGE,)


@on_virtual_time
async def test_a_silent_model_is_stopped_too() -> None:
    """There is no text, so the thread says only that the answer was stopped."""
    async with running_world([300.0, "Never."]) as world:
        await world.ask()
        await asyncio.sleep(5)
        await world.intake.stop(STOP)
        await asyncio.sleep(0.2)
        assert world.model.open == 0
        assert world.shown == [STOPPED_NOTE]
        assert world.actions() == (Action.RETRY,)
        assert world.surface.busy[THREAD] is False
        assert (world.turn().status, world.turn().answer) == (TurnStatus.STOPPED, "")


@on_virtual_time
async def test_the_questions_that_wait_behind_it_go_on() -> None:
    async with running_world(WORDS, ["Second."]) as world:
        await world.ask()
        await world.ask()
        await asyncio.sleep(2)
        await world.intake.stop(STOP)
        await asyncio.sleep(10)
        assert [text.endswith(STOPPED_NOTE) for text in world.shown] == [True, False]
        assert world.shown[1] == "Second."


@on_virtual_time
async def test_a_stopped_answer_goes_on_where_it_ended() -> None:
    async with running_world(["One. ", 100.0], ["Two."]) as world:
        await world.ask()
        await asyncio.sleep(5)
        await world.intake.stop(STOP)
        await asyncio.sleep(5)
        assert await world.intake.retry(1, THREAD, by="U1", goes_on=True)
        await asyncio.sleep(5)
        assert world.shown == ["One. Two."]


@on_virtual_time
async def test_a_stopped_answer_is_kept_beside_a_new_one() -> None:
    async with running_world(["One. ", 100.0], ["Two."]) as world:
        await world.ask()
        await asyncio.sleep(5)
        await world.intake.stop(STOP)
        await asyncio.sleep(5)
        assert await world.intake.answer_again(THREAD, "m1", by="U1")
        await asyncio.sleep(5)
        assert world.shown == ["Two.\n\n_2 of 2_"]


@on_virtual_time
async def test_text_that_is_not_shown_yet_is_shown_only_if_it_needs_no_further_message() -> None:
    """On a slow platform the text that came meanwhile would need further messages; they are not posted."""
    text = "A sentence of words. " * 40
    async with running_world([text, 100.0], write_seconds=3.0) as world:
        await world.ask()
        await asyncio.sleep(1)
        await world.intake.stop(STOP)
        await asyncio.sleep(60)
        (shown,) = world.shown
        assert shown == f"{world.turn().answer.strip()}\n\n{STOPPED_NOTE}"
        assert text.startswith(world.turn().answer)
        assert 150 < len(world.turn().answer) < 200, "the page that was under way"


@on_virtual_time
async def test_a_complete_answer_can_be_stopped_between_its_messages() -> None:
    """What is shown then is the answer, also in the history that the model gets."""
    text = "A sentence of words. " * 100
    async with running_world([text], ["And on."], write_seconds=0.5) as world:
        await world.ask()
        await asyncio.sleep(2.2)
        assert world.turn().status is TurnStatus.ANSWERED
        await world.intake.stop(STOP)
        await asyncio.sleep(60)
        assert world.turn().status is TurnStatus.STOPPED
        assert 2 <= len(world.shown) < 8
        assert world.turn().answer.split() == " ".join(world.shown).removesuffix(STOPPED_NOTE).split()
        assert world.turn().finish_reason == "stopped"
        assert await world.intake.retry(1, THREAD, by="U1", goes_on=True)
        await asyncio.sleep(60)
        assert (
            world.model.requests[-1].messages[-2].content == world.turn().answer.removesuffix("And on.").strip() + " "
        )


@on_virtual_time
async def test_a_stop_before_the_last_write_is_too_late() -> None:
    """The text is complete and only its last write is left: it is made, without a note about the stop."""
    async with running_world(["One. ", 2.0, "Two."], write_seconds=0.5) as world:
        await world.ask()
        await asyncio.sleep(2.3)
        assert world.turn().status is TurnStatus.ANSWERED
        await world.intake.stop(STOP)
        await asyncio.sleep(10)
        assert world.shown == ["One. Two."]
        assert world.turn().status is TurnStatus.DONE
        assert world.actions() == (Action.JUDGE,)


@on_virtual_time
async def test_a_refusal_of_the_platform_is_obeyed_by_a_stop_too() -> None:
    async with running_world(WORDS) as world:
        await world.ask()
        await asyncio.sleep(2)
        world.surface.write_errors.append(SurfaceBusy(retry_after=30.0))
        await asyncio.sleep(2)
        before = world.surface.writes
        await world.intake.stop(STOP)
        await asyncio.sleep(20)
        assert world.surface.writes == before
        await asyncio.sleep(20)
        assert world.shown[0].endswith(STOPPED_NOTE)
        assert world.surface.writes == before + 1


@pytest.mark.parametrize("after", [0.0, 0.001, 0.05, 0.5, 1.0, 1.9, 2.0, 2.001, 2.06, 3.0, 5.0])
def test_whenever_it_is_stopped_it_ends_properly(after: float) -> None:
    """It ends once, in one state, without a button to stop it, and the thread shows what is stored."""

    async def body() -> None:
        async with running_world(["One. ", 1.0, TextDelta("Two. " * 100), 1.0, "Three."], ["Never."]) as world:
            await world.ask()
            await asyncio.sleep(after)
            outcome = await world.intake.stop(STOP)
            await world.intake.stop(replace(STOP, turn=1))
            await asyncio.sleep(60)
            assert world.turn().status in {TurnStatus.STOPPED, TurnStatus.DONE}
            is_stopped = world.turn().status is TurnStatus.STOPPED
            assert any(STOPPED_NOTE in text for text in world.shown) is is_stopped
            assert outcome is StopOutcome.TAKEN or not is_stopped
            shown = " ".join(world.shown).removesuffix(STOPPED_NOTE).split()
            assert shown == world.turn().answer.split()
            assert all(Action.STOP not in message.actions for message in world.surface.messages.values())
            assert world.surface.overlaps == 0
            assert len(world.model.requests) == 1 or after == 0.0

    run(body())
