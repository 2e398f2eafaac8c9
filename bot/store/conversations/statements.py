"""The SQL statements of the turn queue, built once at import, since building one costs more than running it.

`turn_queue` runs them. Statements that few turns need are in the modules that run them: `changes`,
`stop_requests`, `variants` and `processes`. Rules:

- values that are no columns of a statement's table are its `bindparam`s;
- a statement that changes a turn for its owner contains `FENCE`;
- a turn gets an owner only while its conversation is locked.

`INSERT ... ON CONFLICT` is a PostgreSQL construct that SQLAlchemy compiles for SQLite, too, which understands the
same words. `FOR UPDATE` is left out on SQLite, where only one transaction runs at a time.
"""

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Text,
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

from bot.core.turns import TRANSITIONS, TurnStatus
from bot.store.conversations.person_limits import (
    ASKER_MAY_RUN,
    COUNT_RECENT_QUESTIONS,
    MAX_RUNNING,
    NO_LIMIT,
    count_running,
    lock_person,
    person_of,
    try_lock_person,
)
from bot.store.schema import FENCE, conversations, deliveries, is_open, now, pages, reservations, status_in, turns

WORK_CHANNEL: Final = "threadkeeper_work"
"""The PostgreSQL channel that wakes other processes when there is work for them."""

TURN_COLUMNS: Final = tuple(column for column in turns.c if not column.name.endswith(("_at", "_tokens")))
"""The columns needed to answer a turn (no timestamps or token counts)."""

_other = turns.alias("other")

_IS_IN_THIS_CHANNEL = and_(
    turns.c.platform == bindparam("platform"),
    turns.c.workspace == bindparam("workspace"),
    turns.c.channel == bindparam("channel"),
)

IS_THIS_MESSAGE = and_(_IS_IN_THIS_CHANNEL, turns.c.message_id == bindparam("message_id"))


def _has_turn(conversation: ColumnElement[int], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a conversation has a turn for which `condition` on the alias `_other` is true."""
    return exists().where(_other.c.conversation_id == conversation, condition)


THIS_CONVERSATION: ColumnElement[int] = bindparam("conversation")


# --- incoming messages --------------------------------------------------------------------------------

# A noted turn does not count: the message was read in the thread before its event came, and may be a question.
IS_KNOWN = select(
    or_(
        exists().where(IS_THIS_MESSAGE, turns.c.status != TurnStatus.NOTED),
        exists().where(
            deliveries.c.platform == bindparam("platform"),
            deliveries.c.workspace == bindparam("workspace"),
            deliveries.c.id == bindparam("delivery"),
        ),
    ).label("is_known")
)

# Also locks the person who asks, and counts their recent questions.
IS_KNOWN_OF_PERSON = IS_KNOWN.add_columns(
    COUNT_RECENT_QUESTIONS.scalar_subquery().label("recent_questions"),
    lock_person(bindparam("person_lock", type_=Text)),
)

SELECT_KNOWN_MESSAGES = select(turns.c.message_id).where(
    _IS_IN_THIS_CHANNEL, turns.c.message_id.in_(bindparam("message_ids", expanding=True))
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

# The update changes nothing: it locks and returns the row if another process has just inserted it.
LOCK_OR_INSERT_CONVERSATION = (
    upsert(conversations)
    .on_conflict_do_update(
        index_elements=["platform", "workspace", "channel", "root"], set_={"root": conversations.c.root}
    )
    .returning(conversations.c.id)
)

SAVE_READ_TIME = update(conversations).where(conversations.c.id == THIS_CONVERSATION).values(read_at=now())

INSERT_DELIVERY = upsert(deliveries).on_conflict_do_nothing().returning(deliveries.c.id)

_IS_CLAIMED = and_(
    bindparam("new_owner", type_=Text).is_not(None), ~_has_turn(THIS_CONVERSATION, is_open(_other)), ASKER_MAY_RUN
)

_CLAIMED_VALUES: Final = {
    "owner": case((_IS_CLAIMED, bindparam("new_owner", type_=Text))),
    "token": case((_IS_CLAIMED, 1), else_=0),
    "attempt": case((_IS_CLAIMED, 1), else_=0),
    "claimed_at": case((_IS_CLAIMED, now())),
    "status": case((_IS_CLAIMED, TurnStatus.ANSWERING), else_=TurnStatus.WAITING),
}
"""The state of a new question: claimed by `new_owner`, if one is given, no other turn of the thread is open, and the
limit of the person allows it.
"""

# Returns no row if the message is recorded already, unless it was noted and becomes a question now.
INSERT_TURN = (
    upsert(turns)
    .values(_CLAIMED_VALUES)
    .on_conflict_do_update(
        index_elements=["platform", "workspace", "channel", "message_id"],
        set_={name: literal_column(f"excluded.{name}") for name in _CLAIMED_VALUES},
        where=and_(
            turns.c.status == TurnStatus.NOTED, literal_column("excluded.conversation_id") == turns.c.conversation_id
        ),
    )
    .returning(*TURN_COLUMNS)
)

INSERT_NOTES = upsert(turns).on_conflict_do_nothing()

# --- claiming -----------------------------------------------------------------------------------------

_earlier = turns.alias("earlier")

# Each waiting turn that is the next of its thread, numbered among those of the same person.
_candidates = (
    select(
        *(turns.c[name] for name in ("id", "conversation_id", "sent_at", "platform", "workspace", "author_id")),
        func.row_number().over(partition_by=person_of(turns), order_by=(turns.c.sent_at, turns.c.id)).label("nth"),
    )
    .where(
        is_open(turns),
        ~exists().where(
            _earlier.c.conversation_id == turns.c.conversation_id,
            tuple_(_earlier.c.sent_at, _earlier.c.id) < tuple_(turns.c.sent_at, turns.c.id),
            is_open(_earlier),
        ),
        ~_has_turn(turns.c.conversation_id, _other.c.owner.is_not(None)),
    )
    .subquery("candidates")
)

_IS_SERVED = or_(
    bindparam("serves_all", type_=Boolean),
    tuple_(_candidates.c.platform, _candidates.c.workspace).in_(bindparam("served", expanding=True)),
)

_ROUND = (_candidates.c.nth + count_running(_candidates)).label("round")

# Conversations where a turn may be claimed, going round over people: first a turn of everybody of whom none runs.
# SKIP LOCKED skips those that another process is changing right now; under the lock the turn must be looked up again.
LOCK_CLAIMABLE_CONVERSATIONS = (
    select(
        conversations.c.id,
        conversations.c.root,
        _ROUND,
        try_lock_person(person_of(_candidates)).label("has_person_lock"),
    )
    .join_from(_candidates, conversations, conversations.c.id == _candidates.c.conversation_id)
    .where(_IS_SERVED, _candidates.c.nth <= MAX_RUNNING, _candidates.c.nth + count_running(_candidates) <= MAX_RUNNING)
    .order_by(_ROUND, _candidates.c.sent_at, _candidates.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=conversations)
)

_OLDEST_OPEN_TURN = (
    select(_earlier.c.id)
    .where(_earlier.c.conversation_id == THIS_CONVERSATION, is_open(_earlier))
    .order_by(_earlier.c.sent_at, _earlier.c.id)
    .limit(1)
    .scalar_subquery()
)


def _claim_turn(*conditions: ColumnElement[bool]) -> ReturningUpdate[Any]:
    return (
        update(turns)
        .where(*conditions)
        .values(
            owner=bindparam("new_owner"),
            token=turns.c.token + 1,
            attempt=turns.c.attempt + 1,
            claimed_at=now(),
            status=case((turns.c.status == TurnStatus.WAITING, TurnStatus.ANSWERING), else_=turns.c.status),
        )
        .returning(*TURN_COLUMNS)
    )


# Its author may be another person than the one whose turn has just ended, and has no lock yet then.
CLAIM_NEXT = _claim_turn(
    turns.c.id == _OLDEST_OPEN_TURN,
    ~_has_turn(THIS_CONVERSATION, _other.c.owner.is_not(None)),
    or_(MAX_RUNNING == NO_LIMIT, and_(try_lock_person(person_of(turns)), count_running(turns) < MAX_RUNNING)),
)

CLAIM_IF_ALONE = _claim_turn(
    turns.c.id == bindparam("turn"),
    ~_has_turn(turns.c.conversation_id, and_(is_open(_other), _other.c.id != turns.c.id)),
    count_running(turns) < MAX_RUNNING,
)

SELECT_PAGES = select(pages.c.message_id).where(pages.c.turn_id == bindparam("turn")).order_by(pages.c.page)

# On PostgreSQL only: wakes other processes at the commit, if the conversation has an open turn and no owner.
NOTIFY_IF_WORK = select(func.pg_notify(WORK_CHANNEL, "")).where(
    _has_turn(THIS_CONVERSATION, is_open(_other)), ~_has_turn(THIS_CONVERSATION, _other.c.owner.is_not(None))
)

# --- changes by the owner -----------------------------------------------------------------------------

# Returns no row if this process does not own the turn any more.
SAVE_PAGE = (
    upsert(pages)
    .from_select(
        ["turn_id", "page", "message_id"],
        select(turns.c.id, bindparam("shown", type_=Integer), bindparam("message", type_=Text))
        .where(FENCE)
        .with_for_update(read=True),
    )
    .on_conflict_do_update(
        index_elements=["turn_id", "page"], set_={"message_id": literal_column("excluded.message_id")}
    )
    .returning(pages.c.turn_id)
)

DELETE_PAGES = delete(pages).where(pages.c.turn_id == bindparam("turn")).returning(*pages.c)

# Most turns have no reservation; only the owner makes one, and never while it ends the turn.
_HAS_RESERVATION = exists().where(reservations.c.turn_id == bindparam("turn")).label("has_reservation")

# Executed with the columns of the answer as further parameters, which SQLAlchemy adds to SET.
SAVE_ANSWER = (
    update(turns)
    .where(FENCE, turns.c.status == TurnStatus.ANSWERING)
    .values(status=TurnStatus.ANSWERED, answered_at=now())
    .returning(turns.c.answered_at.label("at"), _HAS_RESERVATION)
)

# PostgreSQL evaluates this to find the turn, so the conversation is locked before the turn.
_LOCKED_CONVERSATION_OF_TURN = (
    select(conversations.c.id)
    .join_from(_other, conversations)
    .where(_other.c.id == bindparam("turn"))
    .with_for_update(of=conversations)
    .scalar_subquery()
)


def _end_turn(status: TurnStatus) -> ReturningUpdate[Any]:
    before = [state for state, following in TRANSITIONS.items() if status in following]
    return (
        update(turns)
        .where(turns.c.conversation_id == _LOCKED_CONVERSATION_OF_TURN, FENCE, status_in(turns.c.status, before))
        .values(status=status, owner=null(), ended_at=now())
        .returning(turns.c.conversation_id, turns.c.ended_at.label("at"), _HAS_RESERVATION)
    )


# Executed with `error`, and with the columns of a partial answer if there is one. Each locks the conversation:
# otherwise a question that is accepted at the same moment would find the thread busy, and the transaction that ends
# the turn would not see the question; no process would answer it.
END_TURN = {status: _end_turn(status) for status in (TurnStatus.DONE, TurnStatus.STOPPED, TurnStatus.FAILED)}

RELEASED_VALUES = {
    "owner": null(),
    "status": case((turns.c.status == TurnStatus.ANSWERING, TurnStatus.WAITING), else_=turns.c.status),
}
"""What `SET` does to a turn that its owner gives back, or that is taken from a dead process."""

RELEASE_TURN = update(turns).where(FENCE).values(RELEASED_VALUES).returning(turns.c.conversation_id)
