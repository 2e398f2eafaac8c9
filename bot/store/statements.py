"""Every SQL statement of the store, built once.

Separate from the functions that run them because building a statement costs more than running it, and so
that all SQL can be read in one place. Rules: parameters that a statement takes beyond a table's columns are
in its `bindparam`s; a statement that changes a turn for its owner carries the fence.

`INSERT ... ON CONFLICT` is PostgreSQL's construct, which SQLAlchemy compiles for SQLite word for word.
`FOR UPDATE` disappears on SQLite, where one transaction runs at a time.
"""

from sqlalchemy import (
    ColumnElement,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.domain import TRANSITIONS, TurnStatus
from bot.store.schema import (
    conversations,
    is_open,
    now,
    pages,
    prompts,
    secrets,
    status_in,
    turns,
    workers,
)

# --- accept -------------------------------------------------------------------------------------------

IS_KNOWN = select(
    exists().where(
        turns.c.platform == bindparam("platform"),
        turns.c.workspace == bindparam("workspace"),
        turns.c.channel == bindparam("channel"),
        turns.c.message_id == bindparam("message_id"),
    )
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
        index_elements=["platform", "workspace", "channel", "root"],
        set_={"root": conversations.c.root},
    )
    .returning(conversations.c.id)
)

IS_BUSY = select(exists().where(turns.c.conversation_id == bindparam("conversation_id"), is_open(turns)))

ADD_TURN = upsert(turns).on_conflict_do_nothing().returning(*turns.c)

# --- claim --------------------------------------------------------------------------------------------

_earlier = turns.alias("earlier")

# An owned turn is always the oldest open one of its thread; so "nothing earlier is open" also says "nothing
# runs". SKIP LOCKED alone would look past a turn that somebody claims right now, and reorder the thread.
# Ordering by `id + 0` keeps SQLite from walking the whole table in the order of `id`; few turns are open.
CLAIMABLE = (
    select(turns.c.id, conversations.c.root)
    .join_from(turns, conversations)
    .where(
        is_open(turns),
        turns.c.owner.is_(None),
        ~exists().where(
            _earlier.c.conversation_id == turns.c.conversation_id,
            _earlier.c.id < turns.c.id,
            is_open(_earlier),
        ),
    )
    .order_by(turns.c.id + 0)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, of=turns)
)

LOCK_CONVERSATION_OF_TURN = (
    select(conversations.c.id)
    .where(
        conversations.c.id
        == select(turns.c.conversation_id).where(turns.c.id == bindparam("id")).scalar_subquery()
    )
    .with_for_update()
)

NEXT_IN_CONVERSATION = (
    select(turns.c.id)
    .where(turns.c.conversation_id == bindparam("conversation_id"), is_open(turns))
    .order_by(turns.c.id)
    .limit(1)
)

TAKE = (
    update(turns)
    .where(turns.c.id == bindparam("turn"))
    .values(
        owner=bindparam("taker"),
        token=turns.c.token + 1,
        claimed_at=now(),
        status=case(
            (turns.c.status == TurnStatus.WAITING, TurnStatus.ANSWERING),
            else_=turns.c.status,
        ),
    )
    .returning(*turns.c)
)

PAGES = select(pages.c.message_id).where(pages.c.turn_id == bindparam("id")).order_by(pages.c.page)

# --- changes by the owner -----------------------------------------------------------------------------

FENCE = and_(
    turns.c.id == bindparam("turn"),
    turns.c.token == bindparam("fence"),
    turns.c.owner == bindparam("holder"),
)
"""True of no row once somebody else has claimed the turn, or this process was taken for dead."""

HOLD = select(turns.c.id).where(FENCE).with_for_update(read=True)

SHOW_PAGE = upsert(pages).on_conflict_do_update(
    index_elements=["turn_id", "page"],
    set_={"message_id": literal_column("excluded.message_id")},
)

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

_FREE = {
    "owner": null(),
    "status": case(
        (turns.c.status == TurnStatus.ANSWERING, TurnStatus.WAITING),
        else_=turns.c.status,
    ),
}

RELEASE = update(turns).where(FENCE).values(_FREE)

# --- processes ----------------------------------------------------------------------------------------
# Several processes may sweep at once. Each passes over rows that another holds: none waits in a circle.

BEAT = upsert(workers).on_conflict_do_update(index_elements=["id"], set_={"beat_at": now()})

FORGET_SILENT = delete(workers).where(
    workers.c.id.in_(
        select(workers.c.id)
        .where(workers.c.id != bindparam("me"), workers.c.beat_at <= now() - bindparam("lease"))
        .with_for_update(skip_locked=True)
    )
)

FORGET = delete(workers).where(workers.c.id == bindparam("me"))

FORGET_ALL = delete(workers)


def _free(condition: ColumnElement[bool]) -> Update:
    chosen = select(turns.c.id).where(condition).with_for_update(skip_locked=True)
    return update(turns).where(turns.c.id.in_(chosen)).values(_FREE)


FREE_OF_THE_DEAD = _free(and_(turns.c.owner.is_not(None), turns.c.owner.not_in(select(workers.c.id))))

FREE_MINE = _free(turns.c.owner == bindparam("me"))

# --- reading, prompts, secrets ------------------------------------------------------------------------

HISTORY = (
    select(turns)
    .where(
        turns.c.conversation_id
        == select(turns.c.conversation_id).where(turns.c.id == bindparam("turn")).scalar_subquery(),
        turns.c.id < bindparam("turn"),
        status_in(turns.c.status, set(TurnStatus) - {TurnStatus.WAITING, TurnStatus.ANSWERING}),
    )
    .order_by(turns.c.id.desc())
    .limit(bindparam("limit"))
)

_PROMPT_KEY = (prompts.c.platform, prompts.c.workspace, prompts.c.channel, prompts.c.root)

PROMPTS_FOR = select(prompts).where(*(part.in_(["", bindparam(part.name)]) for part in _PROMPT_KEY))

_THIS_PROMPT = and_(*(part == bindparam(f"this_{part.name}") for part in _PROMPT_KEY))

PROMPT = select(prompts.c.text).where(_THIS_PROMPT)

SET_PROMPT = upsert(prompts).on_conflict_do_update(
    index_elements=_PROMPT_KEY,
    set_={"text": literal_column("excluded.text"), "updated_at": now()},
)

UNSET_PROMPT = delete(prompts).where(_THIS_PROMPT)

SECRET = select(secrets.c.value).where(secrets.c.name == bindparam("name"))

ADD_SECRET = upsert(secrets).on_conflict_do_nothing()
