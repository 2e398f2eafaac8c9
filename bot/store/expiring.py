"""Conversations that are too old, erased some at a time, and sums of as old figures, which become nobody's.

Separate because it is a walk through all conversations, which nobody waits for. Rules: one process walks at a
time, since the chore's row is locked while it does; a conversation that somebody holds is left to the next
round; in one where a question still waits for its answer nothing is too old.
"""

from typing import Any, Final

from sqlalchemy import Connection, bindparam, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.store import calls, erasing, unnaming
from bot.store.schema import chores, conversations, is_open, is_said, now, turns

NAME: Final = "expire"
ROUND: Final = 3_600.0
"""Seconds from the end of a walk to the next one."""
AT_ONCE: Final = 20
"""Conversations that are erased in one transaction, so that none takes long."""

ADD_CHORE = upsert(chores).values(name=NAME, position=0, due_at=0.0).on_conflict_do_nothing()

DUE = (
    select(chores.c.position)
    .where(chores.c.name == NAME, chores.c.due_at <= now())
    .with_for_update(skip_locked=True)
)

WALK = (
    select(conversations.c.id)
    .where(conversations.c.id > bindparam("position"))
    .order_by(conversations.c.id)
    .limit(bindparam("limit"))
)

_here = turns.c.conversation_id == conversations.c.id
_oldest: Any = now() - bindparam("age")

# Said or open is all that is not forgotten, in the words of the two indexes that find a conversation's turns.
EXPIRED = (
    select(conversations.c.id)
    .where(
        conversations.c.id.in_(bindparam("walked", expanding=True)),
        exists().where(_here, is_said(turns)),
        ~exists().where(_here, is_open(turns)),
        ~exists().where(_here, is_said(turns), or_(turns.c.sent_at > _oldest, turns.c.ended_at > _oldest)),
    )
    .order_by(conversations.c.id)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True)
)

TURNS = select(turns.c.id).where(
    turns.c.conversation_id.in_(bindparam("expired", expanding=True)), is_said(turns)
)

SUMS = unnaming.NAMED.limit(bindparam("limit"))

GO_ON = update(chores).where(chores.c.name == NAME).values(position=bindparam("reached"))

END_ROUND = update(chores).where(chores.c.name == NAME).values(position=0, due_at=now() + bindparam("pause"))


def expire(connection: Connection, age: float, limit: int) -> bool:
    """Walk on by `limit` conversations, and erase those that are too old; return whether more are left."""
    connection.execute(ADD_CHORE)
    position = connection.scalar(DUE)
    if position is None:
        return False
    walked = list(connection.scalars(WALK, {"position": position, "limit": limit}))
    held = list(connection.scalars(EXPIRED, {"walked": walked, "age": age}))
    # Under the lock once more: somebody may have said something there just before it was ours.
    expired = list(connection.scalars(EXPIRED, {"walked": held, "age": age}))
    erasing.erase(connection, list(connection.scalars(TURNS, {"expired": expired})))
    if len(held) == AT_ONCE:
        connection.execute(GO_ON, {"reached": held[-1]})
    elif len(walked) == limit:
        connection.execute(GO_ON, {"reached": walked[-1]})
    elif _unname(connection, age, limit) < limit:
        connection.execute(END_ROUND, {"pause": ROUND})
        return False
    return True


def _unname(connection: Connection, age: float, limit: int) -> int:
    """Let old figures be nobody's; return how many."""
    oldest = unnaming.month(max(connection.execute(calls.NOW).scalar_one() - age, 0.0))
    return unnaming.unname(connection, SUMS, {"before": oldest, "limit": limit})
