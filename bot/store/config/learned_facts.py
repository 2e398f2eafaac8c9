"""`LearnedFacts` in SQL: one row for each server, model and subject.

A fact expires: facts that are too old are deleted when the facts are read, which each process does at its start.
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
    """`LearnedFacts` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be shared with other stores."""
        self._database = database

    async def list_facts(self) -> Sequence[Fact]:
        """Return the facts that have not expired."""
        return await self._database.tx(list_facts)

    async def save_fact(self, fact: Fact) -> None:
        """Save a fact."""
        await self._database.tx(save_fact, fact)

    async def forget_all(self) -> int:
        """Delete all facts."""
        return await self._database.tx(forget_all)


def list_facts(connection: Connection) -> Sequence[Fact]:
    """Delete expired facts, and read the rest."""
    connection.execute(DELETE_OLD_FACTS, {"age": FACT_LIFETIME_SECONDS})
    return [
        Fact(server=row.server, model=row.model, subject=row.subject, content=json.loads(row.content))
        for row in connection.execute(SELECT_FACTS)
    ]


def save_fact(connection: Connection, fact: Fact) -> None:
    """Insert a fact, or replace the one of the same server, model and subject."""
    connection.execute(SAVE_FACT, asdict(fact) | {"content": json.dumps(fact.content)})


def forget_all(connection: Connection) -> int:
    """Delete all facts, and return how many there were."""
    return connection.execute(DELETE_FACTS).rowcount
