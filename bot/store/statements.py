"""Every SQL statement about turns, built once.

Separate from the functions that run them because building a statement costs more than running it, and so
that this SQL can be read in one place; what else there is stands in `second_thoughts`, `stopping`, `kept` and
`processes`. Rules:
parameters that a statement takes beyond a table's columns are in its `bindparam`s; a statement that changes
a turn for its owner carries the fence; a turn gets an owner only while its conversation is locked.

`INSERT ... ON CONFLICT` is PostgreSQL's construct, which SQLAlchemy compiles for SQLite word for word.
`FOR UPDATE` disappears on SQLite, where one transaction runs at a time.
"""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.dml import ReturningUpdate

from bot.core.domain import TRANSITIONS, TurnStatus
from bot.store.schema import conversations, deliveries, is_open, is_said, now, pages, status_in, turns

WORK: Final = "threadkeeper_work"
"""PostgreSQL's channel on which work is handed to other processes."""

_other = turns.alias("other")

_IN_THIS_CHANNEL = and_(
    turns.c.platform == bindparam("platform"),
    turns.c.workspace == bindparam("workspace"),
    turns.c.channel == bindparam("channel"),
)

IS_THIS_MESSAGE = and_(_IN_THIS_CHANNEL, turns.c.message_id == bindparam("message_id"))


def _has_turn(conversation: ColumnElement[int], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a conversation has a turn, called `_other`, of which `condition` is true."""
    return exists().where(_other.c.conversation_id == conversation, condition)


THIS_CONVERSATION: ColumnElement[int] = bindparam("conversation")


# --- what comes in ------------------------------------------------------------------------------------

# A note is no answer: what was read in the thread before its event came is still a question.
IS_KNOWN = select(
    or_(
        exists().where(IS_THIS_MESSAGE, turns.c.status != TurnStatus.NOTED),
        exists().where(
            deliveries.c.platform == bindparam("platform"),
            deliveries.c.workspace == bindparam("workspace"),
            deliveries.c.id == bindparam("delivery"),
        ),
    )
)

KNOWN_AMONG = select(turns.c.message_id).where(
    _IN_THIS_CHANNEL, turns.c.message_id.in_(bindparam("message_ids", expanding=True))
)

LOCK_CONVERSATION = (
    select(conversations.c.id)
    .where(
        conversations.c.platform == bindparam("platform"),
        conversations.c.workspace == bindparam("workspace"),
        conversations.c.channel == bindparam("channel"),
        conversations.c.root == bindparam("root"),
    )
    .with_for_update()
)

# The update changes nothing; it locks the row that another process has just inserted, and returns it.
ADD_CONVERSATION = (
    upsert(conversations)
    .on_conflict_do_update(
        index_elements=["platform", "workspace", "channel", "root"], set_={"root": conversations.c.root}
    )
    .returning(conversations.c.id)
)

NOTE_READING = update(conversations).where(conversations.c.id == THIS_CONVERSATION).values(read_at=now())

ADD_DELIVERY = upsert(deliveries).on_conflict_do_nothing().returning(deliveries.c.id)

# Returns nothing where the message is there already, unless it was a note and is a question now.
ADD_TURN = (
    upsert(turns)
    .on_conflict_do_update(
        index_elements=["platform", "workspace", "channel", "message_id"],
        set_={"status": literal_column("excluded.status")},
        where=and_(
            turns.c.status == TurnStatus.NOTED,
            literal_column("excluded.status") == TurnStatus.WAITING,
            literal_column("excluded.conversation_id") == turns.c.conversation_id,
        ),
    )
    .returning(*turns.c)
)

ADD_NOTES = upsert(turns).on_conflict_do_nothing()

# --- who works on what --------------------------------------------------------------------------------

_earlier = turns.alias("earlier")

# Some conversations where something may be claimed. SKIP LOCKED passes over those where somebody is at it
# right now; what there is to claim must be looked up again under the lock.
CLAIMABLE = (
    select(conversations.c.id, conversations.c.root)
    .join_from(turns, conversations)
    .where(
        is_open(turns),
        ~exists().where(
            _earlier.c.conversation_id == turns.c.conversation_id,
            tuple_(_earlier.c.sent_at, _earlier.c.id) < tuple_(turns.c.sent_at, turns.c.id),
            is_open(_earlier),
        ),
        ~_has_turn(turns.c.conversation_id, _other.c.owner.is_not(None)),
    )
    .order_by(turns.c.sent_at, turns.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=conversations)
)

LOCK_CONVERSATION_OF_TURN = (
    select(conversations.c.id)
    .join_from(turns, conversations)
    .where(turns.c.id == bindparam("turn"))
    .with_for_update(of=conversations)
)

_OLDEST_OPEN = (
    select(_earlier.c.id)
    .where(_earlier.c.conversation_id == THIS_CONVERSATION, is_open(_earlier))
    .order_by(_earlier.c.sent_at, _earlier.c.id)
    .limit(1)
    .scalar_subquery()
)


def _take(*conditions: ColumnElement[bool]) -> ReturningUpdate[Any]:
    return (
        update(turns)
        .where(*conditions)
        .values(
            owner=bindparam("taker"),
            token=turns.c.token + 1,
            attempt=turns.c.attempt + 1,
            claimed_at=now(),
            status=case((turns.c.status == TurnStatus.WAITING, TurnStatus.ANSWERING), else_=turns.c.status),
        )
        .returning(*turns.c)
    )


TAKE_NEXT = _take(turns.c.id == _OLDEST_OPEN, ~_has_turn(THIS_CONVERSATION, _other.c.owner.is_not(None)))

TAKE_IF_ALONE = _take(
    turns.c.id == bindparam("turn"),
    ~_has_turn(turns.c.conversation_id, and_(is_open(_other), _other.c.id != turns.c.id)),
)

PAGES = select(pages.c.message_id).where(pages.c.turn_id == bindparam("turn")).order_by(pages.c.page)

# For PostgreSQL: wake other processes at the commit, if the conversation has work that nobody does.
HAND_OVER = select(func.pg_notify(WORK, "")).where(
    _has_turn(THIS_CONVERSATION, is_open(_other)),
    ~_has_turn(THIS_CONVERSATION, _other.c.owner.is_not(None)),
)

# --- changes by the owner -----------------------------------------------------------------------------

FENCE = and_(
    turns.c.id == bindparam("turn"),
    turns.c.token == bindparam("fence"),
    turns.c.owner == bindparam("holder"),
)
"""True of no row once somebody else has claimed the turn, or this process was taken for dead."""

HOLD = select(turns.c.id).where(FENCE).with_for_update(read=True)

SHOW_PAGE = upsert(pages).on_conflict_do_update(
    index_elements=["turn_id", "page"], set_={"message_id": literal_column("excluded.message_id")}
)

ERASE_PAGES = delete(pages).where(pages.c.turn_id == bindparam("turn")).returning(*pages.c)

# Executed with the columns of the answer as further parameters, which SQLAlchemy adds to SET.
SAVE_ANSWER = (
    update(turns)
    .where(FENCE, turns.c.status == TurnStatus.ANSWERING)
    .values(status=TurnStatus.ANSWERED, answered_at=now())
)


def _end(status: TurnStatus) -> Update:
    before = [state for state, following in TRANSITIONS.items() if status in following]
    return (
        update(turns)
        .where(FENCE, status_in(turns.c.status, before))
        .values(status=status, owner=null(), ended_at=now())
    )


# Executed with `error`, and with the columns of a partial answer where there is one.
END = {status: _end(status) for status in (TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED)}

FREE = {
    "owner": null(),
    "status": case((turns.c.status == TurnStatus.ANSWERING, TurnStatus.WAITING), else_=turns.c.status),
}
"""What `SET` does to a turn that is given back, or taken from a dead process."""

RELEASE = update(turns).where(FENCE).values(FREE).returning(turns.c.conversation_id)

# --- reading ------------------------------------------------------------------------------------------

POSITION = (
    select(turns.c.conversation_id, turns.c.sent_at, conversations.c.read_at)
    .join_from(turns, conversations)
    .where(turns.c.id == bindparam("turn"))
)

HISTORY = (
    select(turns)
    .where(
        turns.c.conversation_id == THIS_CONVERSATION,
        tuple_(turns.c.sent_at, turns.c.id) < tuple_(bindparam("sent_at"), bindparam("turn")),
        is_said(turns),
    )
    .order_by(turns.c.sent_at.desc(), turns.c.id.desc())
    .limit(bindparam("limit"))
)
