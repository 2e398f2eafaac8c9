"""Erases turns, many at a time.

Separate from `second_thoughts`, where one message is deleted, and its delivery counts. Rules: conversations
are locked before their turns, in the order of their ids; what is erased is gone from every table, but for the
key of its message, and for figures that are nobody's.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, null, select, update

from bot.core.domain import TurnStatus
from bot.store.schema import (
    calls,
    conversations,
    now,
    pages,
    reservations,
    summaries,
    turns,
    variants,
    votes,
)
from bot.store.transactions import hand_over

CHUNK: Final = 1_000
"""Turns in one statement; SQLite takes 32,766 parameters."""

_THESE: Any = bindparam("turns", expanding=True)
_THERE: Any = bindparam("conversations", expanding=True)

CONVERSATIONS = select(turns.c.conversation_id).where(turns.c.id.in_(_THESE)).distinct()

LOCK = (
    select(conversations.c.id)
    .where(conversations.c.id.in_(_THERE))
    .order_by(conversations.c.id)
    .with_for_update()
)

NOTHING: dict[str, Any] = {
    **dict.fromkeys(
        ("author_id", "author_name", "question", "answer", "model", "finish_reason", "error"), ""
    ),
    **dict.fromkeys(("made_with", "prompt_tokens", "completion_tokens", "cached_tokens"), null()),
    **dict.fromkeys(("files", "stopped_by", "owner", "answered_at"), null()),
    "status": TurnStatus.FORGOTTEN,
    "ended_at": now(),
}
"""What stays of a turn beside its key: nothing."""

ERASE = update(turns).where(turns.c.id.in_(_THESE), turns.c.status != TurnStatus.FORGOTTEN).values(NOTHING)

DROP = tuple(
    delete(table).where(table.c.turn_id.in_(_THESE)) for table in (pages, variants, votes, reservations)
)

UNNAME_CALLS = update(calls).where(calls.c.turn_id.in_(_THESE)).values(turn_id=null(), root="", author_id="")

REVISE = (
    update(conversations).where(conversations.c.id.in_(_THERE)).values(revision=conversations.c.revision + 1)
)

DROP_SUMMARIES = delete(summaries).where(summaries.c.conversation_id.in_(_THERE))


def erase(connection: Connection, ids: Sequence[int]) -> int:
    """Erase turns, whoever works on them, and hand their threads over; return how many were not yet."""
    return sum(_erase(connection, ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK))


def _erase(connection: Connection, ids: Sequence[int]) -> int:
    these = {"turns": list(ids)}
    there = {"conversations": sorted(connection.scalars(CONVERSATIONS, these))}
    connection.execute(LOCK, there)
    erased = connection.execute(ERASE, these).rowcount
    for statement in (*DROP, UNNAME_CALLS):
        connection.execute(statement, these)
    for statement in (REVISE, DROP_SUMMARIES):
        connection.execute(statement, there)
    for conversation in there["conversations"]:
        hand_over(connection, conversation)
    return erased
