"""The fence of a turn: a condition that is true only for its newest owner, and a row lock under it."""

from sqlalchemy import and_, bindparam, select

from bot.store.schema import turns

FENCE = and_(turns.c.id == bindparam("turn"), turns.c.token == bindparam("fence"), turns.c.owner == bindparam("holder"))
"""True of no row once somebody else has claimed the turn, or this process was taken for dead."""
LOCK_OWN_TURN = select(turns.c.id).where(FENCE).with_for_update(read=True)
