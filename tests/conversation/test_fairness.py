"""One person's many questions keep nobody else waiting: on virtual time, with the platform's rate limits."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from bot.core.requests import ChatRequest
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn, TurnStatus
from bot.plugins import Plugin
from bot.ports import ClaimRules
from bot.testing.data import MemoryData
from bot.testing.model import ModelScript, ScriptedModel
from bot.testing.surface import PaperSurface
from tests.conversation.worker_world import WorkerWorld
from tests.virtual_time import on_virtual_time

THREE_SECONDS: ModelScript = ["Well, ", 3.0, "that is it."]
RULES = ClaimRules(answers_per_person=3)
MAX_DELAY_SECONDS = 2.0
"""What others' questions may cost a question on its way to the model."""


class ModelTimes(Plugin):
    """Notes when each question reaches the model."""

    def __init__(self) -> None:
        self.asked_at: dict[str, float] = {}

    async def amend(self, request: ChatRequest, turn: Turn) -> ChatRequest:
        self.asked_at[turn.question] = asyncio.get_running_loop().time()
        return request


class Crowd:
    """Processes with ten threads each, at which people ask, each question in a thread of its own."""

    def __init__(self, worlds: Sequence[WorkerWorld], times: ModelTimes) -> None:
        self.worlds = worlds
        self.data = worlds[0].store.data
        self.times = times
        self._asked = 0

    async def ask(self, person: str, channel: str, *, process: int = 0) -> str:
        """Ask at a process; return the question."""
        self._asked += 1
        name = f"{person} {self._asked}"
        incoming = IncomingMessage(
            thread=ThreadKey(platform="paper", workspace="T1", channel=channel, root=name),
            message_id=name,
            author=Author(id=person),
            text=name,
            addressed=AddressingKind.MENTION,
            sent_at=float(self._asked),
        )
        await self.worlds[process].intake.accept(incoming)
        return name

    async def measure_delay(self, person: str, channel: str, *, process: int = 0) -> float:
        """Ask, and return the seconds until the question reaches the model; a minute stands for more."""
        began = asyncio.get_running_loop().time()
        question = await self.ask(person, channel, process=process)
        await asyncio.sleep(60)
        return self.times.asked_at.get(question, began + 60.0) - began

    def count_running(self, person: str) -> int:
        """Return how many of a person's questions processes answer now."""
        return sum(self.data.turns[id_].author.id == person for id_ in self.data.owners)


@asynccontextmanager
async def crowded(rules: ClaimRules = RULES, *, processes: int = 1) -> AsyncIterator[Crowd]:
    data, times, paper = MemoryData(clock=asyncio.get_running_loop().time), ModelTimes(), PaperSurface()
    worlds = [
        WorkerWorld(ScriptedModel(THREE_SECONDS), paper, data, f"process {n}", times, rules=rules)
        for n in range(processes)
    ]
    async with AsyncExitStack() as running:
        for world in worlds:
            await running.enter_async_context(world.worker.run())
        yield Crowd(worlds, times)
        for world in worlds:
            await world.worker.drain(0)


@on_virtual_time
async def test_a_hundred_questions_of_one_person_delay_nobody() -> None:
    async with crowded() as crowd:
        for _ in range(100):
            await crowd.ask("ada", "C1")
        await asyncio.sleep(5)
        assert await crowd.measure_delay("bob", "C2") <= MAX_DELAY_SECONDS
        assert await crowd.measure_delay("cy", "C1") <= MAX_DELAY_SECONDS


@on_virtual_time
async def test_a_person_has_so_many_answers_at_once_in_all_processes_together() -> None:
    async with crowded(processes=2) as crowd:
        for number in range(20):
            await crowd.ask("ada", f"C{number}", process=number % 2)
        for _ in range(100):
            assert crowd.count_running("ada") <= RULES.answers_per_person
            await asyncio.sleep(0.5)
        assert {turn.status for turn in crowd.data.turns.values()} == {TurnStatus.DONE}, "and all are answered"


@on_virtual_time
async def test_free_threads_are_not_left_idle() -> None:
    """Twenty questions of three seconds, three at once: when one ends the next begins, not a second later."""
    async with crowded() as crowd:
        began = asyncio.get_running_loop().time()
        for number in range(20):
            await crowd.ask("ada", f"C{number}")
        await asyncio.sleep(60)
        last = max(crowd.times.asked_at.values()) - began
        assert len(crowd.times.asked_at) == 20
        assert last <= 20 / RULES.answers_per_person * 3.0 + 6.0


@on_virtual_time
async def test_answers_that_wait_for_the_platform_keep_nobody_from_being_asked() -> None:
    """Five people fill a channel, so that the platform lets their answers' ends be shown only after minutes."""
    async with crowded() as crowd:
        for number in range(60):
            await crowd.ask(f"person {number % 20}", "C1")
        await asyncio.sleep(20)
        assert await crowd.measure_delay("bob", "C2") <= MAX_DELAY_SECONDS


@on_virtual_time
async def test_who_waits_longest_does_not_wait_for_those_who_ask_most() -> None:
    """Nobody could be answered for a while. Then everybody's first question comes before anybody's second one."""
    async with crowded() as crowd:
        world = crowd.worlds[0]
        world.worker.is_draining = True
        for _ in range(50):
            await crowd.ask("ada", "C1")
        late = [await crowd.ask(person, "C2") for person in ("bob", "cy", "dee", "eve")]
        world.worker.is_draining = False
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(MAX_DELAY_SECONDS)
        assert all(crowd.times.asked_at[question] - began <= MAX_DELAY_SECONDS for question in late)


@on_virtual_time
async def test_without_limits_one_person_may_use_all() -> None:
    async with crowded(ClaimRules()) as crowd:
        for number in range(10):
            await crowd.ask("ada", f"C{number}")
        assert crowd.count_running("ada") == 10
