"""Answers to many threads of one workspace, on paper that grants no more writes than Slack does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.conversation.answering import Answerer
from bot.conversation.request_builder import RequestOptions
from bot.core.chat.stream import ChoiceFinished, StreamEvent, TextDelta
from bot.core.config import ScopeConfig
from bot.core.errors import SurfaceBusy
from bot.core.requests import ChatRequest
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn
from bot.plugins import Plugins
from bot.ports import Page
from bot.sandbox.workspace.rate_limits import MethodRateLimits
from bot.testing.model import ModelScript, ScriptedModel
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface

WRITES_PER_MINUTE = 45
KEY = ThreadKey(platform="paper", workspace="T1", channel="C1", root="")


class StrictPaper(PaperSurface):
    """Paper with Slack's limits, as the sandbox keeps them."""

    def __init__(self, *, page: int = 1_000_000) -> None:
        super().__init__(page_size=page, write_seconds=0.02)
        self.rates = MethodRateLimits()
        self.closed: dict[str, float] = {}
        self.refused: list[float] = []

    async def post(self, thread: ThreadKey, page: Page) -> str:
        self._admit("chat.postMessage", thread)
        return await super().post(thread, page)

    async def edit(self, thread: ThreadKey, message_id: str, page: Page) -> None:
        self._admit("chat.update", thread)
        await super().edit(thread, message_id, page)

    def refuses(self, method: str, seconds: float) -> None:
        """Refuse all calls of a method for some seconds, as a platform may without a known reason."""
        self.closed[method] = asyncio.get_running_loop().time() + seconds

    def _admit(self, method: str, thread: ThreadKey) -> None:
        now = asyncio.get_running_loop().time()
        closed = max(0.0, self.closed.get(method, 0.0) - now)
        if wait := closed or self.rates.admit(method, thread.channel, now):
            self.refused.append(now)
            raise SurfaceBusy(retry_after=wait)


class SpeakingModel(ScriptedModel):
    """Writes what each question asks for: so many words at a pace; records when it wrote the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: dict[str, float] = {}

    @asynccontextmanager
    async def stream(self, request: ChatRequest, **_: object) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        yield self._said(request.messages[-1].content)

    async def _said(self, question: str) -> AsyncIterator[StreamEvent]:
        _, words, pace = question.split()
        for number in range(int(words)):
            await asyncio.sleep(float(pace))
            yield TextDelta(f"{number} ")
        self.ended[question] = asyncio.get_running_loop().time()
        yield ChoiceFinished("stop")


class RateWorld:
    """Answers to many threads of one workspace, all by the same script."""

    def __init__(
        self,
        script: ModelScript = (),
        *,
        model: ScriptedModel | None = None,
        surface: PaperSurface | None = None,
    ) -> None:
        self.surface = surface or PaperSurface(page_size=100_000, write_seconds=0.02)
        self.store = MemoryStore()
        self.answering = Answerer(
            store=self.store,
            model=model or ScriptedModel(script),
            surfaces={"paper": self.surface},
            options=RequestOptions(deployment_config=ScopeConfig(parameters={"model": "m"}), user_key=b"k"),
            plugins=Plugins(),
        )

    async def ask(self, thread: str, message: str = "q", *, channel: str = "C1", text: str = "Why?") -> Turn:
        turn = await self.store.accept(
            IncomingMessage(
                thread=replace(KEY, root=thread, channel=channel),
                message_id=f"{thread} {message}",
                author=Author(id="U1"),
                text=text,
                addressed=AddressingKind.MENTION,
            ),
            claim=True,
        )
        assert turn is not None
        return turn

    async def answer(self, threads: int) -> None:
        turns = [await self.ask(f"{number}") for number in range(threads)]
        await asyncio.gather(*(self.answering.answer(turn) for turn in turns))
