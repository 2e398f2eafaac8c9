"""A question that is deleted while its answer is on its way gets no answer, at whatever moment. On virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.core.chat.stream import ChoiceFinished
from bot.core.errors import SurfaceUnavailable
from bot.core.reply.commands import DisplayMode
from bot.core.turns import MessageKey, ThreadKey
from bot.ports import Page
from bot.testing.data import MemoryData
from bot.testing.model import ModelScript, ScriptedModel
from bot.testing.surface import GOT_THROUGH, PaperSurface
from tests.conversation.answering_world import THREAD
from tests.conversation.worker_world import WorkerWorld
from tests.virtual_time import on_virtual_time

QUESTION = MessageKey(platform="paper", workspace="T1", channel="C1", message_id="q1")
WRITE_SECONDS = 0.15
AT_ONCE: ModelScript = [1.0, "The whole answer.", ChoiceFinished("stop")]
IN_PARTS: ModelScript = [1.0, "The first ", 0.3, "part, " * 50, 0.3, "and the end.", ChoiceFinished("stop")]


class DistantSurface(PaperSurface):
    """A post that was sent takes effect, even if nobody waits for the response any more."""

    def __init__(self) -> None:
        super().__init__(write_seconds=WRITE_SECONDS)
        self.sent_at: list[float] = []
        self._under_way: set[asyncio.Task[str]] = set()

    async def post(self, thread: ThreadKey, page: Page) -> str:
        self.sent_at.append(asyncio.get_running_loop().time())
        post = asyncio.create_task(super().post(thread, page))
        self._under_way.add(post)
        return await asyncio.shield(post)


@asynccontextmanager
async def open_world(script: ModelScript, way: DisplayMode) -> AsyncIterator[tuple[WorkerWorld, DistantSurface]]:
    surface = DistantSurface()
    surface.writing = way
    data = MemoryData(clock=asyncio.get_running_loop().time)
    world = WorkerWorld(ScriptedModel(script, ["Next."]), surface, data, "me")
    async with world.worker.run():
        yield world, surface
        await world.worker.drain(60)


@on_virtual_time
async def test_no_answer_stays_and_none_is_begun_after_the_deletion() -> None:
    for script in (AT_ONCE, IN_PARTS):
        for way in DisplayMode:
            for hundredth in range(90, 220):
                async with open_world(script, way) as (world, surface):
                    await world.ask()
                    await asyncio.sleep(hundredth / 100)
                    await world.intake.forget(QUESTION)
                    deleted = asyncio.get_running_loop().time()
                    await asyncio.sleep(60)
                    case = f"{way} {hundredth}"
                    assert surface.list_texts(THREAD) == [], case
                    assert all(at <= deleted for at in surface.sent_at), case


@on_virtual_time
async def test_a_post_whose_response_was_lost_is_taken_back() -> None:
    for hundredth in range(100, 160, 5):
        async with open_world(AT_ONCE, DisplayMode.EDITS) as (world, surface):
            surface.write_errors = [SurfaceUnavailable(GOT_THROUGH)]
            await world.ask()
            await asyncio.sleep(hundredth / 100)
            await world.intake.forget(QUESTION)
            await asyncio.sleep(60)
            assert surface.list_texts(THREAD) == [], hundredth


@on_virtual_time
async def test_a_deletion_that_slack_fails_to_carry_out_is_tried_again() -> None:
    async with open_world(AT_ONCE, DisplayMode.EDITS) as (world, surface):
        await world.ask()
        await asyncio.sleep(1.05)
        surface.write_errors = [SurfaceUnavailable(), SurfaceUnavailable()]
        await world.intake.forget(QUESTION)
        await asyncio.sleep(60)
        assert surface.list_texts(THREAD) == []


@on_virtual_time
async def test_another_process_that_writes_the_answer_takes_it_back() -> None:
    for hundredth in range(90, 140):
        async with open_world(AT_ONCE, DisplayMode.EDITS) as (world, surface):
            await world.ask()
            await asyncio.sleep(hundredth / 100)
            other = WorkerWorld(ScriptedModel(["Never."]), surface, world.store.data, "other")
            async with other.worker.run():
                await other.intake.forget(QUESTION)
                await asyncio.sleep(60)
                await other.worker.drain(60)
            assert surface.list_texts(THREAD) == [], hundredth


@on_virtual_time
async def test_who_lost_a_turn_and_does_not_know_it_takes_nothing_back() -> None:
    """As after a pause of the whole machine, which the clock of the process did not count."""
    for hundredth in range(90, 220, 5):
        async with open_world(IN_PARTS, DisplayMode.EDITS) as (world, surface):
            await world.ask()
            await asyncio.sleep(hundredth / 100)
            other = WorkerWorld(ScriptedModel(["The other's answer."]), surface, world.store.data, "other")
            await other.store.record_heartbeat(0.0)
            async with other.worker.run():
                await asyncio.sleep(60)
                await other.worker.drain(60)
            (turn,) = world.store.data.turns.values()
            assert len(surface.list_texts(THREAD)) >= len(turn.pages) > 0, hundredth


@on_virtual_time
async def test_the_next_question_of_the_thread_is_answered() -> None:
    async with open_world(IN_PARTS, DisplayMode.EDITS) as (world, surface):
        await world.ask()
        await world.ask()
        await asyncio.sleep(1.2)
        await world.intake.forget(QUESTION)
        await asyncio.sleep(60)
        assert surface.list_texts(THREAD) == ["Next."]
        assert len(world.model.requests) == 2, "the model is not heard to its end"
