"""A thread on paper whose older turns are summarised, by a model that does so on request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.conversation.answering import Answerer
from bot.conversation.request_builder import RequestOptions
from bot.core.chat.stream import ChoiceFinished, StreamEvent, TextDelta
from bot.core.chat.summaries import SUMMARY_BEGINNING, TASK_PROMPT
from bot.core.config import Prompt, ScopeConfig
from bot.core.errors import BotError
from bot.core.requests import ChatRequest
from bot.core.turns import AddressingKind, Author, IncomingMessage, MessageKey
from bot.plugins import Plugin, Plugins
from bot.policy.spending import SpendingPolicy
from bot.ports import Summaries
from bot.testing.ledger import MemoryLedger
from bot.testing.records import MemorySummaries
from bot.testing.store import MemoryStore
from bot.testing.surface import PaperSurface
from tests.conversation.test_request_builder import LONG, THREAD

CONTEXT_TOKENS = 1_500


class SummarisingModel:
    """Answers `fine` to questions; summarises in `takes` seconds, or raises `fails`."""

    def __init__(self) -> None:
        self.questions: list[ChatRequest] = []
        self.tasks: list[ChatRequest] = []
        self.takes = 1.0
        self.fails: BotError | None = None
        self.reason = "stop"

    @asynccontextmanager
    async def stream(self, request: ChatRequest, **_: object) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        is_task = request.messages[0].content.startswith(TASK_PROMPT.partition(".")[0])
        (self.tasks if is_task else self.questions).append(request)
        yield self._summary() if is_task else _fine()

    async def _summary(self) -> AsyncIterator[StreamEvent]:
        number = len(self.tasks)
        await asyncio.sleep(self.takes)
        if self.fails:
            raise self.fails
        yield TextDelta(f"Story {number}.")
        yield ChoiceFinished(self.reason)


async def _fine() -> AsyncIterator[StreamEvent]:
    yield TextDelta("fine")
    yield ChoiceFinished("stop")


class SummaryWorld:
    """A thread on paper whose older turns are summarised."""

    def __init__(self, *plugins: Plugin, summaries: Summaries | None = None) -> None:
        self.model = SummarisingModel()
        self.surface = PaperSurface(page_size=10_000)
        self.store = MemoryStore(owner="me")
        self.summaries = summaries or MemorySummaries(self.store.data)
        self.ledger = MemoryLedger(self.store.data, "me")
        self.plugins = Plugins(plugins)
        self.asked = 0
        self.start()

    def start(self) -> None:
        """Start the bot, which knows nothing but what is stored."""
        steering = ScopeConfig(
            prompt=Prompt("Be kind."),
            parameters={"model": "m", "temperature": 0.5, "reasoning_effort": "low"},
        )
        self.answering = Answerer(
            store=self.store,
            model=self.model,
            surfaces={"paper": self.surface},
            options=RequestOptions(
                deployment_config=steering, user_key=b"k", context_tokens=CONTEXT_TOKENS, summaries=self.summaries
            ),
            plugins=self.plugins,
            spending=SpendingPolicy(self.ledger),
        )

    async def ask(self, question: str = LONG, *, waits: float = 10.0) -> str:
        """Ask, return what stands below the question, and wait some seconds."""
        self.asked += 1
        message = IncomingMessage(
            thread=THREAD,
            message_id=f"q{self.asked}",
            author=Author(id="U1"),
            text=f"{self.asked}: {question}",
            addressed=AddressingKind.MENTION,
            sent_at=float(self.asked),
        )
        turn = await self.store.accept(message, claim=True)
        assert turn
        await self.answering.answer(turn)
        await asyncio.sleep(waits)
        return self.surface.list_texts(THREAD)[-1]

    async def forget(self, number: int) -> None:
        key = MessageKey(platform="paper", workspace="T1", channel="C1", message_id=f"q{number}")
        assert await self.store.forget(key)

    @property
    def fronts(self) -> list[str]:
        """The first message after the system prompt of each question."""
        return [request.messages[1].content for request in self.model.questions]

    @property
    def summarised(self) -> list[bool]:
        return [SUMMARY_BEGINNING in front for front in self.fronts]
