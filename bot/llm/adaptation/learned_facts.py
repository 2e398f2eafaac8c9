"""What was learned about the models of each server: in memory for readers, and in the store for later processes.

The chat client learns which request fields a model refuses, and the request builder learns the size of its
window. Both read and write facts here, by server, model and subject:

    server = facts.for_server("https://api.openai.com/v1")
    server.learn("m-1", "window", 128_000)
    server.read("m-1")                              {"window": 128_000}

A fact is stored in the background: nothing waits for the store, and nothing fails because of it. A fact that
is lost will be learned again.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog

from bot.core.errors import StoreError
from bot.core.learned_facts import Fact
from bot.ports import LearnedFacts

CLOSE_TIMEOUT_SECONDS: Final = 2.0
"""How long the end of the process waits for facts that are still being stored."""

log = structlog.get_logger()


class ModelFacts:
    """What was learned about the models of all servers; kept in memory, and saved by `LearnedFacts` in the store."""

    def __init__(self, store: LearnedFacts | None = None) -> None:
        """Without a `store`, facts are known as long as this object lives."""
        self._store = store
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Read the stored facts."""
        try:
            facts = await self._store.list_facts() if self._store else ()
        except StoreError as error:
            log.info("The stored facts about models could not be read.", action="lessons_unread", error=error.code)
            return
        for fact in facts:
            self._known.setdefault((fact.server, fact.model), {})[fact.subject] = fact.content

    async def close(self) -> None:
        """Wait a little for facts that are still being stored."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=CLOSE_TIMEOUT_SECONDS)
        for task in tuple(self._writing):
            task.cancel()

    def for_server(self, server: str = "") -> "LearnedServerFacts":
        """Return the facts about a server; its address must contain no key."""
        return LearnedServerFacts(self, server)

    def read(self, server: str, model: str) -> Mapping[str, Any]:
        """Return the facts about a model, by subject."""
        return self._known.get((server, model), {})

    def learn(self, fact: Fact) -> None:
        """Add a fact, and store it."""
        self._known.setdefault((fact.server, fact.model), {})[fact.subject] = fact.content
        if self._store:
            task = asyncio.create_task(self._store_fact(self._store, fact), name="store-learned-fact")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _store_fact(self, store: LearnedFacts, fact: Fact) -> None:
        try:
            await store.save_fact(fact)
        except StoreError as error:
            log.info("A fact about a model could not be stored.", action="lesson_unkept", error=error.code)


class LearnedServerFacts:
    """The part of `ModelFacts` about one server, with its models: the `ServerFacts` that reads and saves."""

    def __init__(self, facts: ModelFacts, server: str) -> None:
        self._facts = facts
        self.server = server

    def read(self, model: str) -> Mapping[str, Any]:
        """Return the facts about a model, by subject."""
        return self._facts.read(self.server, model)

    def learn(self, model: str, subject: str, content: Any) -> None:
        """Add a fact about a model; `content` is a JSON value."""
        self._facts.learn(Fact(server=self.server, model=model, subject=subject, content=content))
