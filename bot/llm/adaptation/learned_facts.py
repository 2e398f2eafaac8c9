"""What model servers have taught us, at hand for who asks them, and kept so that it outlives this process.

Separate because several learn: the client which fields a model takes, the asker how much. Rule: nothing ever
waits for it, and nothing fails because of it; a lesson that is lost is learnt again.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog

from bot.core.errors import StoreError
from bot.core.learned_facts import Fact
from bot.ports import LearnedFacts

CLOSE_TIMEOUT_SECONDS: Final = 2.0
"""Seconds that the end of the process waits for what is being written."""

log = structlog.get_logger()


class ModelFacts:
    """All that is known of all servers."""

    def __init__(self, store: LearnedFacts | None = None) -> None:
        """Without `kept`, what is learnt is known as long as this lives."""
        self._store = store
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Read what was learnt before."""
        try:
            lessons = await self._store.list_facts() if self._store else ()
        except StoreError as error:
            log.info("What was learnt of models is not known.", action="lessons_unread", error=error.code)
            return
        for lesson in lessons:
            self._known.setdefault((lesson.server, lesson.model), {})[lesson.subject] = lesson.content

    async def close(self) -> None:
        """Wait a little for what is being written."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=CLOSE_TIMEOUT_SECONDS)
        for task in tuple(self._writing):
            task.cancel()

    def for_server(self, server: str = "") -> "LearnedServerFacts":
        """Return what is known of a server; its address must hold no key."""
        return LearnedServerFacts(self, server)

    def read(self, server: str, model: str) -> Mapping[str, Any]:
        """Return what is known of a model, by subjects."""
        return self._known.get((server, model), {})

    def learn(self, fact: Fact) -> None:
        """Take in what was learnt, and keep it."""
        self._known.setdefault((fact.server, fact.model), {})[fact.subject] = fact.content
        if self._store:
            task = asyncio.create_task(self._store_fact(self._store, fact), name="lesson")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _store_fact(self, kept: LearnedFacts, lesson: Fact) -> None:
        try:
            await kept.save_fact(lesson)
        except StoreError as error:
            log.info("What was learnt of a model is not kept.", action="lesson_unkept", error=error.code)


class LearnedServerFacts:
    """What is known of one server."""

    def __init__(self, facts: ModelFacts, server: str) -> None:
        self._facts = facts
        self.server = server

    def read(self, model: str) -> Mapping[str, Any]:
        """Return what is known of a model, by subjects."""
        return self._facts.read(self.server, model)

    def learn(self, model: str, subject: str, content: Any) -> None:
        """Take in what was learnt of a model; `content` is a value that JSON knows."""
        self._facts.learn(Fact(server=self.server, model=model, subject=subject, content=content))
