"""Answers that grow by appends to a message: what people see, whatever goes wrong. On virtual time."""

import asyncio
from itertools import pairwise

import pytest

from bot.core.errors import ModelInterrupted, SurfaceBusy, SurfaceError, SurfaceGone, SurfaceUnavailable
from bot.core.reply.commands import DisplayMode
from bot.core.turns import Action
from bot.testing.model import ModelScript, ScriptedModel
from bot.testing.surface import GOT_THROUGH, PaperSurface
from tests.conversation.answering_world import THREAD, AnsweringWorld
from tests.virtual_time import on_virtual_time, run

WORDS = " ".join(f"word{number}" for number in range(60))
SLOW: ModelScript = [piece for word in WORDS.split(" ") for piece in (f"{word} ", 0.3)]


def open_world(*script: ModelScript, page: int = 5_000) -> AnsweringWorld:
    surface = PaperSurface(page_size=page)
    surface.writing = DisplayMode.STREAM
    return AnsweringWorld(ScriptedModel(*(script or (SLOW,))), surface)


@on_virtual_time
async def test_an_answer_grows_by_appends_alone() -> None:
    world = open_world()
    assert await world.answer() == [WORDS]
    assert world.surface.appends > 10
    assert world.surface.writes == world.surface.appends + 1
    [message] = world.surface.messages.values()
    assert all(later.startswith(earlier.rstrip()) for (_, earlier), (_, later) in pairwise(message.versions))
    assert Action.JUDGE in message.actions
    assert world.surface.overlaps == 0


@on_virtual_time
async def test_a_short_answer_is_posted_once() -> None:
    world = open_world(["Yes."])
    assert await world.answer() == ["Yes."]
    assert (world.surface.writes, world.surface.appends) == (1, 0)


@on_virtual_time
async def test_each_page_is_a_stream_of_its_own() -> None:
    world = open_world(page=120)
    shown = await world.answer()
    assert " ".join(shown).split() == WORDS.split()
    assert len(shown) > 3


@pytest.mark.parametrize("at", [1, 2, 7])
@pytest.mark.parametrize(
    "fault",
    [
        SurfaceBusy(retry_after=4),
        SurfaceGone("message_not_in_streaming_state"),
        SurfaceGone("stopped_by_user"),
        SurfaceUnavailable("timeout"),
        SurfaceUnavailable(GOT_THROUGH),
    ],
    ids=str,
)
def test_whatever_goes_wrong_no_word_is_lost_or_repeated(fault: SurfaceError, at: int) -> None:
    run(_suffer(fault, at))


async def _suffer(fault: SurfaceError, at: int) -> None:
    world = open_world()
    world.surface.append_errors = {at: fault}
    assert await world.answer() == [WORDS]
    [message] = world.surface.messages.values()
    assert Action.JUDGE in message.actions


@on_virtual_time
async def test_if_no_message_can_be_started_the_answer_grows_by_edits() -> None:
    world = open_world()
    world.surface.starts_left = 0
    assert await world.answer() == [WORDS]
    assert world.surface.appends == 0


@on_virtual_time
async def test_no_first_text_waits_for_a_stream() -> None:
    """If too many streams were started, or a start is refused, the text is posted at once, and then edited."""
    world = open_world(["a b ", 2.0, "c"])
    world.surface.start_errors = [SurfaceBusy(retry_after=30)]
    began = asyncio.get_running_loop().time()
    assert await world.answer() == ["a b c"]
    [message] = world.surface.messages.values()
    assert message.versions[0][0] - began < 1
    assert world.surface.appends == 0


@on_virtual_time
async def test_a_stream_that_may_have_been_started_is_used() -> None:
    world = open_world()
    world.surface.start_errors = [SurfaceUnavailable(GOT_THROUGH)]
    assert await world.answer() == [WORDS]
    assert len(world.surface.messages) == 1


@on_virtual_time
async def test_an_interrupted_answer_keeps_its_text_and_offers_to_continue() -> None:
    world = open_world(["It begins ", 2.0, "and goes ", 2.0, ModelInterrupted()])
    [shown] = await world.answer()
    assert shown.startswith("It begins and goes")
    [message] = world.surface.messages.values()
    assert message.actions == (Action.CONTINUE, Action.RETRY)


@on_virtual_time
async def test_without_streaming_there_is_one_post_at_the_end() -> None:
    world = open_world()
    world.surface.writing = DisplayMode.WHOLE
    assert await world.answer() == [WORDS]
    assert world.surface.writes == 1
    assert world.surface.busy[THREAD] is False


@on_virtual_time
async def test_a_message_that_takes_no_more_appends_is_edited_in_its_turn() -> None:
    """If edits are refused meanwhile, only edits are held back, and appends to other messages are not."""
    world = open_world()
    answering = asyncio.create_task(world.answer())
    await asyncio.sleep(5)
    world.surface.append_errors = {world.surface.appends + 1: SurfaceGone("message_not_in_streaming_state")}
    world.surface.write_errors = [SurfaceBusy(retry_after=30)]
    assert await answering == [WORDS]
    assert world.answering.rate_limiters.take_refusals().keys() == {("paper", "T1", "edit")}
