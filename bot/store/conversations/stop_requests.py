"""Stopping answers: a mark on the turn, `turns.stopped_by`.

`request_stop` sets the mark and wakes all processes. The owner finds it with `list_turns_to_stop` and ends the turn.
If the turn has no owner yet, the process that claims it reads the mark and ends the turn without asking the model.

The mark changes no state and no owner, so it needs no fencing token. The message that said "stop" is recorded as a
`FORGOTTEN` turn without text: its key is known, so a second delivery of it does not become a question.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.turns import TurnStatus
from bot.store.conversations import statements as sql
from bot.store.conversations.processes import NOTIFY_WORKERS
from bot.store.conversations.turn_queue import is_first_delivery
from bot.store.schema import is_open, turns

# The turn with an owner, or else the next one; if the request names a turn, that turn.
SELECT_TURN_TO_STOP: Final = (
    select(turns.c.id, turns.c.author_id)
    .where(
        turns.c.conversation_id == bindparam("conversation"),
        is_open(turns),
        or_(turns.c.id == bindparam("turn"), bindparam("turn") == 0),
    )
    .order_by(turns.c.owner.is_(None), turns.c.sent_at, turns.c.id)
    .limit(1)
)

MARK_TURN: Final = update(turns).where(turns.c.id == bindparam("turn")).values(stopped_by=bindparam("requested_by"))

INSERT_MESSAGE_KEY: Final = upsert(turns).on_conflict_do_update(
    index_elements=["platform", "workspace", "channel", "message_id"],
    set_={"status": TurnStatus.FORGOTTEN, "author_id": "", "author_name": "", "question": ""},
    where=turns.c.status == TurnStatus.NOTED,
)

SELECT_MARKED_TURNS: Final = select(turns.c.id).where(
    turns.c.owner == bindparam("process"), turns.c.stopped_by.is_not(None)
)


def request_stop(connection: Connection, request: StopRequest) -> StopOutcome:
    """Mark the turn that is to be stopped, and wake all processes."""
    conversation = connection.scalar(sql.LOCK_CONVERSATION, asdict(request.thread))
    if conversation is None:
        return StopOutcome.NOTHING
    if not request.is_by_admin and _is_known(connection, request):
        return StopOutcome.KNOWN
    values = {"conversation": conversation, "turn": request.turn or 0}
    turn = connection.execute(SELECT_TURN_TO_STOP, values).one_or_none()
    if turn is None:
        return StopOutcome.NOTHING
    if request.message_id:
        connection.execute(INSERT_MESSAGE_KEY, _key_values(conversation, request))
    if not request.is_by_admin and turn.author_id != request.requested_by:
        return StopOutcome.FORBIDDEN
    connection.execute(MARK_TURN, {"turn": turn.id, "requested_by": request.requested_by})
    if connection.dialect.name == "postgresql":
        connection.execute(NOTIFY_WORKERS)
    return StopOutcome.TAKEN


def list_turns_to_stop(connection: Connection, owner: str) -> Sequence[int]:
    """Return the marked turns that a process owns."""
    return connection.scalars(SELECT_MARKED_TURNS, {"process": owner}).all()


def _is_known(connection: Connection, request: StopRequest) -> bool:
    thread = asdict(request.thread)
    if not request.message_id:
        return not is_first_delivery(connection, thread, request.delivery)
    message = thread | {"message_id": request.message_id, "delivery": ""}
    return bool(connection.scalar(sql.IS_KNOWN, message))


def _key_values(conversation: int, request: StopRequest) -> dict[str, object]:
    thread = asdict(request.thread)
    del thread["root"]
    return thread | {
        "conversation_id": conversation,
        "message_id": request.message_id,
        "author_id": "",
        "author_name": "",
        "question": "",
        "sent_at": 0.0,
        "status": TurnStatus.FORGOTTEN,
        "token": 0,
        "attempt": 0,
    }
