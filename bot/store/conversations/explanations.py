"""`Explanations` in SQL: how the answer came about that a message shows.

The caller gives the thread as well as the message, because a thread's turns are found by index; a page is not found
by its message alone. Only reads.
"""

from dataclasses import asdict
from dataclasses import fields as fields_of
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, or_, select

from bot.core.history.explanation import Explanation
from bot.core.requests import Usage
from bot.core.turns import Author, ThreadKey, TurnStatus
from bot.store.config import versions
from bot.store.conversations import answer_columns
from bot.store.database import Database
from bot.store.schema import conversations, is_in_history, pages, turns
from bot.store.spending import model_calls

SELECT_TURN_OF_MESSAGE = (
    select(turns)
    .join_from(conversations, turns)
    .where(
        *(conversations.c[part] == bindparam(part) for part in ("platform", "workspace", "channel", "root")),
        is_in_history(turns),
        turns.c.status != TurnStatus.NOTED,
        or_(
            turns.c.message_id == bindparam("message"),
            exists().where(pages.c.turn_id == turns.c.id, pages.c.message_id == bindparam("message")),
        ),
    )
)


class SqlExplanations:
    """`Explanations` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be shared with other stores."""
        self._database = database

    async def explain(self, thread: ThreadKey, message_id: str) -> Explanation | None:
        """Return how an answer came about, by its question or by any message that shows it."""
        return await self._database.tx(explain_answer, thread, message_id)


def explain_answer(connection: Connection, thread: ThreadKey, message_id: str) -> Explanation | None:
    """Read the turn of a message, and the versions of the configuration that its answer was made with."""
    row = _find_row(connection, thread, message_id)
    if row is None:
        return None
    made_with = answer_columns.provenance_from(row)
    return Explanation(
        thread=thread,
        author=Author(id=row.author_id, name=row.author_name),
        status=TurnStatus(row.status),
        attempt=row.attempt,
        model=row.model,
        finish_reason=row.finish_reason,
        error=row.error,
        usage=_usage_from(row),
        made_with=made_with,
        versions=versions.read_by_ids(connection, made_with.versions) if made_with else (),
        files=answer_columns.files_from_json(row.files),
        asked_at=row.created_at,
        begun_at=row.claimed_at,
        answered_at=row.answered_at,
        spent=model_calls.read_turn_spending(connection, row.id),
    )


def find_turn(connection: Connection, thread: ThreadKey, message_id: str) -> int | None:
    """Return the id of the ended turn whose question or page a message is."""
    row = _find_row(connection, thread, message_id)
    return row.id if row else None


def _find_row(connection: Connection, thread: ThreadKey, message_id: str) -> Row[Any] | None:
    return connection.execute(SELECT_TURN_OF_MESSAGE, asdict(thread) | {"message": message_id}).one_or_none()


def _usage_from(row: Row[Any]) -> Usage | None:
    counted = {field.name: getattr(row, field.name) for field in fields_of(Usage)}
    if counted["prompt_tokens"] is None:
        return None
    return Usage(**{name: number or 0 for name, number in counted.items()})
