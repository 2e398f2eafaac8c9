"""Stopping answers, in SQL: a mark on the turn, which its owner looks for, and who takes the turn finds.

Separate from the turns' own statements because it is the one change that somebody else makes to a turn
while its owner works on it. Rules: the mark changes no state, so there is nothing to fence; the message that
said so is kept as a key only, so that it is no question when it comes a second time.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.domain import TurnStatus
from bot.core.stopping import StopOutcome, StopRequest
from bot.store import statements as sql
from bot.store.processes import HAND_OVER_ALL
from bot.store.schema import is_open, turns
from bot.store.transactions import is_first

# What runs, or else what is next; of a turn that is named, that one.
MEANT: Final = (
    select(turns.c.id, turns.c.author_id)
    .where(
        turns.c.conversation_id == bindparam("conversation"),
        is_open(turns),
        or_(turns.c.id == bindparam("turn"), bindparam("turn") == 0),
    )
    .order_by(turns.c.owner.is_(None), turns.c.sent_at, turns.c.id)
    .limit(1)
)

MARK: Final = update(turns).where(turns.c.id == bindparam("meant")).values(stopped_by=bindparam("stopper"))

KEEP_KEY: Final = upsert(turns).on_conflict_do_update(
    index_elements=["platform", "workspace", "channel", "message_id"],
    set_={"status": TurnStatus.FORGOTTEN, "author_id": "", "author_name": "", "question": ""},
    where=turns.c.status == TurnStatus.NOTED,
)

MARKED: Final = select(turns.c.id).where(turns.c.owner == bindparam("me"), turns.c.stopped_by.is_not(None))


def stop(connection: Connection, request: StopRequest) -> StopOutcome:
    """Mark the turn that is meant, and wake its owner, or who takes it."""
    conversation = connection.scalar(sql.LOCK_CONVERSATION, asdict(request.thread))
    if conversation is None:
        return StopOutcome.NOTHING
    if not request.by_admin and _is_known(connection, request):
        return StopOutcome.KNOWN
    wanted = {"conversation": conversation, "turn": request.turn or 0}
    meant = connection.execute(MEANT, wanted).one_or_none()
    if meant is None:
        return StopOutcome.NOTHING
    if request.message_id:
        connection.execute(KEEP_KEY, _key(conversation, request))
    if not request.by_admin and meant.author_id != request.by:
        return StopOutcome.FORBIDDEN
    connection.execute(MARK, {"meant": meant.id, "stopper": request.by})
    if connection.dialect.name == "postgresql":
        connection.execute(HAND_OVER_ALL)
    return StopOutcome.TAKEN


def to_stop(connection: Connection, owner: str) -> Sequence[int]:
    """Return the marked turns of a process."""
    return connection.scalars(MARKED, {"me": owner}).all()


def _is_known(connection: Connection, request: StopRequest) -> bool:
    place = asdict(request.thread)
    if not request.message_id:
        return not is_first(connection, place, request.delivery)
    message = place | {"message_id": request.message_id, "delivery": ""}
    return bool(connection.scalar(sql.IS_KNOWN, message))


def _key(conversation: int, request: StopRequest) -> dict[str, object]:
    place = asdict(request.thread)
    del place["root"]
    return place | {
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
