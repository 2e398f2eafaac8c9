"""`Lessons` in SQL: what model servers have taught us, a row for each subject.

Separate because it has nothing to do with conversations, and nothing depends on it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, delete, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.lessons import KEPT, Lesson
from bot.store.database import Database
from bot.store.schema import lessons, now

SWEEP = delete(lessons).where(lessons.c.learnt_at <= now() - bindparam("age"))

ALL = select(lessons).order_by(lessons.c.server, lessons.c.model, lessons.c.subject)

NOTE = upsert(lessons).on_conflict_do_update(
    index_elements=["server", "model", "subject"],
    set_={"content": literal_column("excluded.content"), "learnt_at": now()},
)

FORGET = delete(lessons)


class SqlLessons:
    """`Lessons` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be one that a store uses too."""
        self._database = database

    async def known(self) -> Sequence[Lesson]:
        """Return what was learnt lately."""
        return await self._database.tx(known)

    async def note(self, lesson: Lesson) -> None:
        """Keep a lesson."""
        await self._database.tx(note, lesson)

    async def forget(self) -> int:
        """Drop all lessons."""
        return await self._database.tx(forget)


def known(connection: Connection) -> Sequence[Lesson]:
    """Drop what is too old, and read the rest."""
    connection.execute(SWEEP, {"age": KEPT})
    return [
        Lesson(server=row.server, model=row.model, subject=row.subject, content=json.loads(row.content))
        for row in connection.execute(ALL)
    ]


def note(connection: Connection, lesson: Lesson) -> None:
    """Insert a lesson, or replace the one of that subject."""
    connection.execute(NOTE, asdict(lesson) | {"content": json.dumps(lesson.content)})


def forget(connection: Connection) -> int:
    """Delete everything."""
    return connection.execute(FORGET).rowcount
