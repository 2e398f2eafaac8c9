"""A bot without Slack and without a model, to measure the bot's own part of an answer.

Store, worker and answering are real; the surface and the model take no time. The test that counts statements
(`test_cost`) and the benchmark that measures time (`intake`) use the same bot.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, insert

from bot.conversation.answering import Answerer
from bot.conversation.intake import Intake
from bot.conversation.lease import Lease
from bot.conversation.request_builder import RequestOptions
from bot.conversation.worker import Worker
from bot.core.chat.stream import ChoiceFinished, StreamEvent, TextDelta
from bot.core.config import Prompt, ScopeConfig
from bot.core.requests import ChatRequest
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, Turn, TurnStatus
from bot.plugins import Plugins
from bot.policy.spending import SpendingPolicy
from bot.ports import ClaimRules
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from bot.store.schema import conversations, turns
from bot.testing.surface import PaperSurface

TURNS_PER_THREAD = 20
"""Turns of each conversation in a filled database."""
BATCH_ROWS = 5_000
UNLIMITED = 1e9


class InstantModel:
    """A model that answers one word at once, and records when it was asked."""

    def __init__(self) -> None:
        self.asked_at = 0.0

    @asynccontextmanager
    async def stream(self, request: ChatRequest, **_: object) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        self.asked_at = time.perf_counter()
        yield _word()


async def _word() -> AsyncIterator[StreamEvent]:
    yield TextDelta("fine")
    yield ChoiceFinished("stop")


class WatchedAnswering:
    """An `Answerer` that sets an event when a turn has ended."""

    def __init__(self, answering: Answerer) -> None:
        self._answering = answering
        self.event = asyncio.Event()
        self.give_up = answering.give_up
        self.stop = answering.stop
        self.finishing = 0

    async def answer(self, turn: Turn) -> Turn | None:
        following = await self._answering.answer(turn)
        self.event.set()
        return following


def place(root: str) -> ThreadKey:
    return ThreadKey(platform="paper", workspace="T1", channel="C1", root=root)


@dataclass
class BenchBot:
    """A bot without background tasks."""

    database: Database
    model: InstantModel
    ended: asyncio.Event
    intake: Intake
    asked: int = 0

    async def ask(self, root: str) -> float:
        """Ask, wait until the turn has ended, and return the ms from the message to the model's request."""
        self.asked += 1
        key = f"asked {self.asked}"
        message = IncomingMessage(
            thread=place(root),
            message_id=key,
            author=Author(id="U1", name="Ada"),
            text="Why?",
            addressed=AddressingKind.MENTION,
            sent_at=time.time(),
            delivery=key,
        )
        began = time.perf_counter()
        await self.intake.accept(message)
        await self.ended.wait()
        self.ended.clear()
        return (self.model.asked_at - began) * 1000

    async def fill(self, number: int, *, per_thread: int = TURNS_PER_THREAD) -> str:
        """Insert so many answered turns into the tables; return the root of the last thread."""
        return await self.database.tx(_fill, number, per_thread)


@asynccontextmanager
async def open_bench_bot(url: URL) -> AsyncIterator[BenchBot]:
    """Open a bot on a migrated database."""
    database = Database(url)
    await database.open()
    try:
        served = frozenset({("paper", "T1")})
        rules = ClaimRules(served=served, answers_per_person=3, questions_per_minute=100)
        store = SqlStore(database, "bench", rules)
        await store.open()
        model = InstantModel()
        surface = PaperSurface(edit_interval=0.0, write_seconds=0.0)
        surface.limits = replace(surface.limits, posts_per_minute=UNLIMITED, edits_per_minute=UNLIMITED)
        answering = Answerer(
            store=store,
            model=model,
            surfaces={"paper": surface},
            options=RequestOptions(
                deployment_config=ScopeConfig(prompt=Prompt("Be kind."), parameters={"model": "m"}),
                user_key=b"k",
            ),
            plugins=Plugins(()),
            spending=SpendingPolicy(store.ledger()),
        )
        watched = WatchedAnswering(answering)
        worker = Worker(store, watched, lease=Lease(30.0), max_threads=100)
        yield BenchBot(database, model, watched.event, Intake(store, worker, answering))
    finally:
        await database.close()


def _fill(connection: Connection, number: int, per_thread: int) -> str:
    threads = -(-number // per_thread)
    rows = (asdict(place(f"filled {each}")) for each in range(threads))
    for batch in _batches(rows):
        connection.execute(insert(conversations), batch)
    filled = {
        row.root: row.id
        for row in connection.execute(conversations.select().where(conversations.c.root.like("filled %")))
    }
    written = (_answered(n, filled[f"filled {n // per_thread}"]) for n in range(number))
    for batch in _batches(written):
        connection.execute(insert(turns), batch)
    return f"filled {threads - 1}"


def _answered(number: int, conversation: int) -> dict[str, Any]:
    return {
        "conversation_id": conversation,
        "platform": "paper",
        "workspace": "T1",
        "channel": "C1",
        "message_id": f"filled {number}",
        "author_id": "U1",
        "author_name": "Ada",
        "question": "A question of a usual length, as people write them in a thread.",
        "answer": "An answer that is somewhat longer than that, as models give them. " * 6,
        "status": TurnStatus.DONE,
        "sent_at": float(number),
        "created_at": float(number),
        "token": 1,
        "attempt": 1,
    }


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass
class DatabaseTraffic:
    """The transactions and statements that were sent to the database."""

    transactions: int = 0
    statements: list[str] = field(default_factory=list)


@contextmanager
def count_traffic() -> Iterator[DatabaseTraffic]:
    """Count the transactions and statements of all engines of this process while the context is open."""
    traffic = DatabaseTraffic()

    def committed(_connection: Connection) -> None:
        traffic.transactions += 1

    def executed(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        traffic.statements.append(statement)

    event.listen(Engine, "commit", committed)
    event.listen(Engine, "before_cursor_execute", executed)
    try:
        yield traffic
    finally:
        event.remove(Engine, "commit", committed)
        event.remove(Engine, "before_cursor_execute", executed)
