"""`Summaries` in SQL, and how a changed turn deletes the summaries that cover it.

Example: turns 1 to 9 are summarised up to turn 6 while a person edits question 4. The edit increments the
conversation's `revision` and deletes the summaries up to turn 4 or later, in its own transaction. A summary that was
being made at the old revision is then refused by `save_summary`.
"""

from dataclasses import asdict

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_, update

from bot.core.chat.summaries import MAX_KEPT_SUMMARIES, Summary, ThreadSummaries
from bot.core.turns import ThreadKey
from bot.store.conversations.statements import LOCK_CONVERSATION
from bot.store.database import Database
from bot.store.schema import conversations, summaries, turns

_THIS_THREAD = tuple(conversations.c[part] == bindparam(part) for part in ("platform", "workspace", "channel", "root"))
_OF_TURN = select(turns.c.conversation_id).where(turns.c.id == bindparam("changed")).scalar_subquery()
_OF_CONVERSATION = summaries.c.conversation_id == bindparam("conversation")

SELECT_SUMMARIES = (
    select(conversations.c.revision, summaries.c.until_turn, summaries.c.content)
    .outerjoin_from(conversations, summaries)
    .where(*_THIS_THREAD)
    .order_by(summaries.c.id)
)

SELECT_REVISION = select(conversations.c.revision).where(conversations.c.id == bindparam("conversation"))

DELETE_REPLACED = delete(summaries).where(summaries.c.until_turn == bindparam("until_turn"))

INSERT_SUMMARY = insert(summaries)

_NEWEST = select(summaries.c.id).where(_OF_CONVERSATION).order_by(summaries.c.id.desc()).limit(MAX_KEPT_SUMMARIES)

DELETE_SURPLUS = delete(summaries).where(_OF_CONVERSATION, summaries.c.id.not_in(_NEWEST))

INCREMENT_REVISION = (
    update(conversations).where(conversations.c.id == _OF_TURN).values(revision=conversations.c.revision + 1)
)

_changed = turns.alias("changed_turn")
_CHANGED_POSITION = select(_changed.c.sent_at, _changed.c.id).where(_changed.c.id == bindparam("changed")).subquery()

DELETE_OUTDATED = delete(summaries).where(
    summaries.c.conversation_id == _OF_TURN,
    summaries.c.until_turn.in_(
        select(turns.c.id).where(
            turns.c.conversation_id == _OF_TURN,
            tuple_(turns.c.sent_at, turns.c.id) >= tuple_(_CHANGED_POSITION.c.sent_at, _CHANGED_POSITION.c.id),
        )
    ),
)


class SqlSummaries:
    """`Summaries` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be shared with other stores."""
        self._database = database

    async def read_summaries(self, thread: ThreadKey) -> ThreadSummaries:
        """Return a thread's summaries and its revision."""
        return await self._database.tx(read_summaries, thread)

    async def save_summary(self, thread: ThreadKey, summary: Summary, *, revision: int) -> bool:
        """Save a summary, unless the thread's revision has changed."""
        return await self._database.tx(save_summary, thread, summary, revision)


def read_summaries(connection: Connection, thread: ThreadKey) -> ThreadSummaries:
    """Read the summaries of a thread."""
    rows = connection.execute(SELECT_SUMMARIES, asdict(thread)).all()
    found = (Summary(until=row.until_turn, text=row.content) for row in rows if row.until_turn is not None)
    return ThreadSummaries(revision=rows[0].revision if rows else 0, summaries=tuple(found))


def save_summary(connection: Connection, thread: ThreadKey, summary: Summary, revision: int) -> bool:
    """Insert a summary in place of one up to the same turn, and delete the oldest ones."""
    conversation = connection.scalar(LOCK_CONVERSATION, asdict(thread))
    values = {"conversation": conversation}
    if connection.scalar(SELECT_REVISION, values) != revision:
        return False
    row = {"conversation_id": conversation, "until_turn": summary.until, "content": summary.text}
    connection.execute(DELETE_REPLACED, row)
    connection.execute(INSERT_SUMMARY, row)
    connection.execute(DELETE_SURPLUS, values)
    return True


def delete_outdated(connection: Connection, turn: int) -> None:
    """Delete the summaries that cover a changed or erased turn; the caller has locked its conversation."""
    connection.execute(INCREMENT_REVISION, {"changed": turn})
    connection.execute(DELETE_OUTDATED, {"changed": turn})
