"""A process at work on paper, whose answers can be stopped, and a second process beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.conversation.answering import Answerer
from bot.conversation.intake import Intake
from bot.conversation.lease import Lease
from bot.conversation.request_builder import RequestOptions
from bot.conversation.worker import Worker
from bot.core.config import Prompt, ScopeConfig
from bot.core.reply.stopping import StopRequest
from bot.core.turns import Action, Turn
from bot.plugins import Outcome, Plugin, Plugins
from bot.ports import ClaimRules
from bot.testing.data import MemoryData
from bot.testing.model import ModelScript, ScriptedModel
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface
from tests.conversation.answering_world import THREAD, said

STOP = StopRequest(thread=THREAD, requested_by="U1")
WORDS: ModelScript = [word for n in range(1, 200) for word in (f"{n} ", 0.1)]
LEASE = 30.0


class OutcomeObserver(Plugin):
    """Records the outcomes of turns."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    async def observe(self, turn: Turn, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


class WorkerWorld:
    """A process at work on paper; several may share the paper and the data."""

    def __init__(
        self,
        model: ScriptedModel,
        paper: PaperSurface,
        data: MemoryData,
        owner: str,
        *further: Plugin,
        rules: ClaimRules | None = None,
    ) -> None:
        self.model = model
        self.surface = paper
        self.store = MemoryStore(owner, data, rules)
        self.observer = OutcomeObserver()
        asking = RequestOptions(
            deployment_config=ScopeConfig(prompt=Prompt(""), parameters={"model": "m"}), user_key=b"k"
        )
        self.answering = Answerer(
            store=self.store,
            model=model,
            surfaces={"paper": paper},
            options=asking,
            plugins=Plugins([self.observer, *further]),
        )
        self.worker = Worker(self.store, self.answering, lease=Lease(LEASE), max_threads=10)
        self.intake = Intake(self.store, self.worker, self.answering)
        self.asked = 0

    async def ask(self, text: str = "Why?") -> None:
        self.asked += 1
        await self.intake.accept(said(text, self.asked))

    @property
    def shown(self) -> list[str]:
        return self.surface.list_texts(THREAD)

    def actions(self) -> tuple[Action, ...]:
        """Return the buttons of the last message."""
        return list(self.surface.messages.values())[-1].actions

    def turn(self) -> Turn:
        """Return the first question's turn."""
        return self.store.data.turns[1]


@asynccontextmanager
async def running_world(*scripts: ModelScript, **paper: float) -> AsyncIterator[WorkerWorld]:
    data = MemoryData(clock=asyncio.get_running_loop().time)
    world = WorkerWorld(ScriptedModel(*scripts), PaperSurface(**paper), data, "me")  # type: ignore[arg-type]  # `page` is whole
    async with world.worker.run():
        yield world
        await world.worker.drain(60)


@asynccontextmanager
async def second_process(world: WorkerWorld) -> AsyncIterator[WorkerWorld]:
    """Start a second process on the same paper and data."""
    other = WorkerWorld(ScriptedModel(["Never."]), world.surface, world.store.data, "other")
    async with other.worker.run():
        yield other
        await other.worker.drain(60)
