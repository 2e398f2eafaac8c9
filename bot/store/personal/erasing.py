"""Erases many turns at once: of a person, or of conversations that expired.

An erased turn keeps the key of its message, so that the message is not recorded again, and the figures of its calls
without a name. Everything else goes from every table. Conversations are locked in the order of their ids, before
their turns, so that two transactions never deadlock. One message that is deleted on the platform is erased by
`changes.forget_message` instead, where its delivery counts.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, null, select, update

from bot.core.turns import TurnStatus
from bot.store.conversations.turn_queue import notify_if_work
from bot.store.schema import calls, conversations, now, pages, reservations, summaries, turns, variants, votes

MAX_TURNS_PER_STATEMENT: Final = 1_000
"""How many turns one statement names; SQLite takes 32,766 parameters."""

_TURN_IDS: Any = bindparam("turns", expanding=True)
_CONVERSATION_IDS: Any = bindparam("conversations", expanding=True)

SELECT_CONVERSATION_IDS = select(turns.c.conversation_id).where(turns.c.id.in_(_TURN_IDS)).distinct()

LOCK_CONVERSATIONS = (
    select(conversations.c.id)
    .where(conversations.c.id.in_(_CONVERSATION_IDS))
    .order_by(conversations.c.id)
    .with_for_update()
)

ERASED_VALUES: dict[str, Any] = {
    **dict.fromkeys(("author_id", "author_name", "question", "answer", "model", "finish_reason", "error"), ""),
    **dict.fromkeys(("made_with", "prompt_tokens", "completion_tokens", "cached_tokens"), null()),
    **dict.fromkeys(("files", "stopped_by", "owner", "answered_at"), null()),
    "status": TurnStatus.FORGOTTEN,
    "ended_at": now(),
}
"""The values of an erased turn."""

ERASE_TURNS = (
    update(turns).where(turns.c.id.in_(_TURN_IDS), turns.c.status != TurnStatus.FORGOTTEN).values(ERASED_VALUES)
)

DELETE_ROWS_OF_TURNS = tuple(
    delete(table).where(table.c.turn_id.in_(_TURN_IDS)) for table in (pages, variants, votes, reservations)
)

ANONYMIZE_CALLS = update(calls).where(calls.c.turn_id.in_(_TURN_IDS)).values(turn_id=null(), root="", author_id="")

INCREMENT_REVISIONS = (
    update(conversations).where(conversations.c.id.in_(_CONVERSATION_IDS)).values(revision=conversations.c.revision + 1)
)

DELETE_SUMMARIES = delete(summaries).where(summaries.c.conversation_id.in_(_CONVERSATION_IDS))


def erase_turns(connection: Connection, ids: Sequence[int]) -> int:
    """Erase turns, even those that a process owns, and wake other processes; return how many were erased now."""
    return sum(
        _erase_batch(connection, ids[start : start + MAX_TURNS_PER_STATEMENT])
        for start in range(0, len(ids), MAX_TURNS_PER_STATEMENT)
    )


def _erase_batch(connection: Connection, ids: Sequence[int]) -> int:
    turn_ids = {"turns": list(ids)}
    conversation_ids = {"conversations": sorted(connection.scalars(SELECT_CONVERSATION_IDS, turn_ids))}
    connection.execute(LOCK_CONVERSATIONS, conversation_ids)
    erased = connection.execute(ERASE_TURNS, turn_ids).rowcount
    for statement in (*DELETE_ROWS_OF_TURNS, ANONYMIZE_CALLS):
        connection.execute(statement, turn_ids)
    for statement in (INCREMENT_REVISIONS, DELETE_SUMMARIES):
        connection.execute(statement, conversation_ids)
    for conversation in conversation_ids["conversations"]:
        notify_if_work(connection, conversation)
    return erased
