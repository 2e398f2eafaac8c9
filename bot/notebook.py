"""What model servers have taught us, at hand for who asks them, and kept so that it outlives this process.

Separate because several learn: the client which fields a model takes, the asker how much. Rule: nothing ever
waits for it, and nothing fails because of it; a lesson that is lost is learnt again.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog

from bot.core.errors import StoreError
from bot.core.lessons import Lesson
from bot.ports import Lessons

PATIENCE: Final = 2.0
"""Seconds that the end of the process waits for what is being written."""

log = structlog.get_logger()


class Notebook:
    """All that is known of all servers."""

    def __init__(self, kept: Lessons | None = None) -> None:
        """Without `kept`, what is learnt is known as long as this lives."""
        self._kept = kept
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Read what was learnt before."""
        try:
            lessons = await self._kept.known() if self._kept else ()
        except StoreError as error:
            log.info("What was learnt of models is not known.", action="lessons_unread", error=error.code)
            return
        for lesson in lessons:
            self._known.setdefault((lesson.server, lesson.model), {})[lesson.subject] = lesson.content

    async def close(self) -> None:
        """Wait a little for what is being written."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=PATIENCE)
        for task in tuple(self._writing):
            task.cancel()

    def page(self, server: str = "") -> "Page":
        """Return what is known of a server; its address must hold no key."""
        return Page(self, server)

    def read(self, server: str, model: str) -> Mapping[str, Any]:
        """Return what is known of a model, by subjects."""
        return self._known.get((server, model), {})

    def write(self, lesson: Lesson) -> None:
        """Take in what was learnt, and keep it."""
        self._known.setdefault((lesson.server, lesson.model), {})[lesson.subject] = lesson.content
        if self._kept:
            task = asyncio.create_task(self._keep(self._kept, lesson), name="lesson")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _keep(self, kept: Lessons, lesson: Lesson) -> None:
        try:
            await kept.note(lesson)
        except StoreError as error:
            log.info("What was learnt of a model is not kept.", action="lesson_unkept", error=error.code)


class Page:
    """What is known of one server."""

    def __init__(self, notebook: Notebook, server: str) -> None:
        self._notebook = notebook
        self.server = server

    def read(self, model: str) -> Mapping[str, Any]:
        """Return what is known of a model, by subjects."""
        return self._notebook.read(self.server, model)

    def write(self, model: str, subject: str, content: Any) -> None:
        """Take in what was learnt of a model; `content` is a value that JSON knows."""
        self._notebook.write(Lesson(server=self.server, model=model, subject=subject, content=content))
