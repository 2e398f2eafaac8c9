"""`Lessons` in SQL: what model servers have taught us, a row for each subject.

Separate because it has nothing to do with conversations, and nothing depends on it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, delete, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.learned_facts import FACT_LIFETIME_SECONDS, Fact
from bot.store.database import Database
from bot.store.schema import lessons, now

DELETE_OLD_FACTS = delete(lessons).where(lessons.c.learnt_at <= now() - bindparam("age"))

SELECT_FACTS = select(lessons).order_by(lessons.c.server, lessons.c.model, lessons.c.subject)

SAVE_FACT = upsert(lessons).on_conflict_do_update(
    index_elements=["server", "model", "subject"],
    set_={"content": literal_column("excluded.content"), "learnt_at": now()},
)

DELETE_FACTS = delete(lessons)


class SqlLearnedFacts:
    """`Lessons` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be shared with other stores."""
        self._database = database

    async def list_facts(self) -> Sequence[Fact]:
        """Return what was learnt lately."""
        return await self._database.tx(list_facts)

    async def save_fact(self, lesson: Fact) -> None:
        """Keep a lesson."""
        await self._database.tx(save_fact, lesson)

    async def forget_all(self) -> int:
        """Drop all lessons."""
        return await self._database.tx(forget_all)


def list_facts(connection: Connection) -> Sequence[Fact]:
    """Drop what is too old, and read the rest."""
    connection.execute(DELETE_OLD_FACTS, {"age": FACT_LIFETIME_SECONDS})
    return [
        Fact(server=row.server, model=row.model, subject=row.subject, content=json.loads(row.content))
        for row in connection.execute(SELECT_FACTS)
    ]


def save_fact(connection: Connection, lesson: Fact) -> None:
    """Insert a lesson, or replace the one of that subject."""
    connection.execute(SAVE_FACT, asdict(lesson) | {"content": json.dumps(lesson.content)})


def forget_all(connection: Connection) -> int:
    """Delete everything."""
    return connection.execute(DELETE_FACTS).rowcount
