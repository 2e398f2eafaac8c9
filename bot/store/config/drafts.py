"""`Drafts` in SQL: configurations that admins try in a thread before they save them.

A draft has an end. After it the draft is treated as absent, even before `processes.delete_expired_rows` deletes it.
"""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.chat import scoped_config
from bot.core.chat.drafts import Draft
from bot.core.turns import ThreadKey
from bot.store.database import Database
from bot.store.schema import drafts, now

_THREAD = (drafts.c.platform, drafts.c.workspace, drafts.c.channel, drafts.c.root)
_IS_OF_THREAD = [column == bindparam(column.name) for column in _THREAD]

IS_UNEXPIRED = drafts.c.expires_at > now()

DRAFT_COLUMNS = tuple(drafts.c[name] for name in ("level", "based_on", "author_id", "note", "content"))
"""The columns of a `Draft`, without its thread."""

INSERT_DRAFT = upsert(drafts).values(expires_at=now() + bindparam("lifetime"))

SELECT_DRAFT = select(*DRAFT_COLUMNS).where(*_IS_OF_THREAD, IS_UNEXPIRED)

DELETE_DRAFT = delete(drafts).where(*_IS_OF_THREAD, IS_UNEXPIRED)

DELETE_EXPIRED_DRAFTS = delete(drafts).where(
    tuple_(*_THREAD).in_(
        select(*_THREAD)
        .where(drafts.c.expires_at <= now())
        .order_by(drafts.c.expires_at)
        .limit(bindparam("batch"))
        .with_for_update(skip_locked=True)
    )
)


class SqlDrafts:
    """`Drafts` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be shared with other stores."""
        self._database = database

    async def save_draft(self, draft: Draft, *, lifetime: float) -> None:
        """Save a draft; it is tried in its thread for `lifetime` seconds."""
        await self._database.tx(save_draft, draft, lifetime)

    async def find_draft(self, thread: ThreadKey) -> Draft | None:
        """Return the draft that is tried in a thread."""
        return await self._database.tx(find_draft, thread)

    async def delete_draft(self, thread: ThreadKey) -> bool:
        """Delete a thread's draft; return whether there was one."""
        return await self._database.tx(delete_draft, thread)


def save_draft(connection: Connection, draft: Draft, lifetime: float) -> None:
    """Insert a draft."""
    row = asdict(draft.thread) | {
        "level": scoped_config.name_scope(draft.scope),
        "based_on": draft.based_on,
        "author_id": draft.author,
        "note": draft.note,
        "content": scoped_config.to_json(draft.config),
    }
    connection.execute(INSERT_DRAFT, row | {"lifetime": lifetime})


def find_draft(connection: Connection, thread: ThreadKey) -> Draft | None:
    """Read a thread's draft."""
    row = connection.execute(SELECT_DRAFT, asdict(thread)).one_or_none()
    return draft_from(row, thread) if row else None


def delete_draft(connection: Connection, thread: ThreadKey) -> bool:
    """Delete a thread's draft; return whether there was one."""
    return connection.execute(DELETE_DRAFT, asdict(thread)).rowcount > 0


def draft_from(row: Row[Any], thread: ThreadKey) -> Draft:
    """Return the draft in a row."""
    return Draft(
        thread=thread,
        scope=scoped_config.parse_scope(row.level, thread.platform),
        based_on=row.based_on,
        config=scoped_config.from_json(row.content),
        author=row.author_id,
        note=row.note,
    )
