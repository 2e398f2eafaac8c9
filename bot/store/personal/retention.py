"""Erases conversations that were silent too long, and anonymises equally old sums: the setting for retention.

One round walks through all conversations in the order of their ids, some in each call, and remembers its position in
the row of its chore:

    expire(limit=100)   conversations 1-100     position 100
    expire(limit=100)   conversations 101-200   position 200
    ...
    expire(limit=100)   none is left            position 0, due again in an hour

The row is locked during each call, so only one process walks at a time. A conversation that another transaction has
locked is left to the next round. A conversation with an unanswered question never expires.
"""

from typing import Any, Final

from sqlalchemy import Connection, bindparam, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.store.personal import anonymize, erasing
from bot.store.schema import chores, conversations, is_in_history, is_open, now, turns
from bot.store.spending import model_calls

CHORE_NAME: Final = "expire"
ROUND_INTERVAL_SECONDS: Final = 3_600.0
"""How long after the end of a round the next one begins."""
MAX_CONVERSATIONS_PER_TRANSACTION: Final = 20
"""How many conversations one transaction erases, so that none takes long."""

ADD_CHORE = upsert(chores).values(name=CHORE_NAME, position=0, due_at=0.0).on_conflict_do_nothing()

SELECT_POSITION_IF_DUE = (
    select(chores.c.position)
    .where(chores.c.name == CHORE_NAME, chores.c.due_at <= now())
    .with_for_update(skip_locked=True)
)

SELECT_NEXT_CONVERSATIONS = (
    select(conversations.c.id)
    .where(conversations.c.id > bindparam("position"))
    .order_by(conversations.c.id)
    .limit(bindparam("limit"))
)

_IS_OF_CONVERSATION = turns.c.conversation_id == conversations.c.id
_OLDEST_KEPT: Any = now() - bindparam("age")

# In history or open: every turn that is not forgotten, in the words of the two partial indexes.
LOCK_EXPIRED_CONVERSATIONS = (
    select(conversations.c.id)
    .where(
        conversations.c.id.in_(bindparam("walked", expanding=True)),
        exists().where(_IS_OF_CONVERSATION, is_in_history(turns)),
        ~exists().where(_IS_OF_CONVERSATION, is_open(turns)),
        ~exists().where(
            _IS_OF_CONVERSATION,
            is_in_history(turns),
            or_(turns.c.sent_at > _OLDEST_KEPT, turns.c.ended_at > _OLDEST_KEPT),
        ),
    )
    .order_by(conversations.c.id)
    .limit(MAX_CONVERSATIONS_PER_TRANSACTION)
    .with_for_update(skip_locked=True)
)

SELECT_TURNS = select(turns.c.id).where(
    turns.c.conversation_id.in_(bindparam("expired", expanding=True)), is_in_history(turns)
)

SELECT_OLD_SUMS = anonymize.SELECT_NAMED_SUMS.limit(bindparam("limit"))

SAVE_POSITION = update(chores).where(chores.c.name == CHORE_NAME).values(position=bindparam("reached"))

END_ROUND = update(chores).where(chores.c.name == CHORE_NAME).values(position=0, due_at=now() + bindparam("pause"))


def expire_conversations(connection: Connection, age: float, limit: int) -> bool:
    """Look at the next `limit` conversations and erase those that are too old; return whether more are left."""
    connection.execute(ADD_CHORE)
    position = connection.scalar(SELECT_POSITION_IF_DUE)
    if position is None:
        return False
    walked = list(connection.scalars(SELECT_NEXT_CONVERSATIONS, {"position": position, "limit": limit}))
    locked = list(connection.scalars(LOCK_EXPIRED_CONVERSATIONS, {"walked": walked, "age": age}))
    # Once more, under the lock: somebody may have written there just before it was locked.
    expired = list(connection.scalars(LOCK_EXPIRED_CONVERSATIONS, {"walked": locked, "age": age}))
    erasing.erase_turns(connection, list(connection.scalars(SELECT_TURNS, {"expired": expired})))
    if len(locked) == MAX_CONVERSATIONS_PER_TRANSACTION:
        connection.execute(SAVE_POSITION, {"reached": locked[-1]})
    elif len(walked) == limit:
        connection.execute(SAVE_POSITION, {"reached": walked[-1]})
    elif _anonymize_old_sums(connection, age, limit) < limit:
        connection.execute(END_ROUND, {"pause": ROUND_INTERVAL_SECONDS})
        return False
    return True


def _anonymize_old_sums(connection: Connection, age: float, limit: int) -> int:
    """Anonymise old sums; return how many."""
    oldest = anonymize.month_of(max(connection.execute(model_calls.SELECT_NOW).scalar_one() - age, 0.0))
    return anonymize.anonymize_sums(connection, SELECT_OLD_SUMS, {"before": oldest, "limit": limit})
