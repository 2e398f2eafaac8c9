"""Which processes live, what becomes of the turns of those that do not, and what is swept away in time.

Separate from the turns' own life because nobody in a thread asks for any of this. Rule: several processes
may sweep at once; each passes over rows that another holds, so none waits in a circle.
"""

import socket
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Update,
    and_,
    bindparam,
    delete,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.store import drafts
from bot.store.schema import deliveries, now, turns, workers
from bot.store.statements import FREE, WORK

REMEMBERED: Final = 7 * 24 * 3600.0
"""Seconds for which a delivery is known; Slack's last one comes after five minutes (facts/slack.md 4)."""

BATCH: Final = 1000
"""Deliveries forgotten in one transaction, so that none takes long."""

BEAT = upsert(workers).on_conflict_do_update(index_elements=["id"], set_={"beat_at": now()})

BURY_SILENT = delete(workers).where(
    workers.c.id.in_(
        select(workers.c.id)
        .where(workers.c.id != bindparam("me"), workers.c.beat_at <= now() - bindparam("lease"))
        .with_for_update(skip_locked=True)
    )
)

BURY = delete(workers).where(workers.c.id == bindparam("me"))

BURY_ALL = delete(workers)


def _free(condition: ColumnElement[bool]) -> Update:
    chosen = select(turns.c.id).where(condition).with_for_update(skip_locked=True)
    return update(turns).where(turns.c.id.in_(chosen)).values(FREE)


FREE_OF_THE_DEAD = _free(and_(turns.c.owner.is_not(None), turns.c.owner.not_in(select(workers.c.id))))

FREE_MINE = _free(turns.c.owner == bindparam("me"))

HAND_OVER_ALL = select(func.pg_notify(literal(WORK), literal("")))

_DELIVERY = (deliveries.c.platform, deliveries.c.workspace, deliveries.c.id)

SWEEP_DELIVERIES = delete(deliveries).where(
    tuple_(*_DELIVERY).in_(
        select(*_DELIVERY)
        .where(deliveries.c.at <= now() - bindparam("age"))
        .order_by(deliveries.c.at)
        .limit(bindparam("batch"))
        .with_for_update(skip_locked=True)
    )
)


def enter(connection: Connection, owner: str, *, alone: bool) -> None:
    """Put this process among the living, as the only one if it is `alone`."""
    if alone:
        connection.execute(BURY_ALL)
    connection.execute(BEAT, {"id": owner, "host": socket.gethostname()})


def beat(connection: Connection, owner: str, lease: float) -> None:
    """Renew the heartbeat, bury processes silent for `lease` seconds, and free what they held."""
    connection.execute(BEAT, {"id": owner, "host": socket.gethostname()})
    connection.execute(BURY_SILENT, {"me": owner, "lease": lease})
    connection.execute(FREE_OF_THE_DEAD)


def leave(connection: Connection, owner: str) -> None:
    """Bury this process, and hand its turns over."""
    connection.execute(BURY, {"me": owner})
    is_work_left = connection.execute(FREE_MINE, {"me": owner}).rowcount > 0
    if is_work_left and connection.dialect.name == "postgresql":
        connection.execute(HAND_OVER_ALL)


def sweep(connection: Connection) -> bool:
    """Forget old deliveries, and drafts that have expired; return whether there may be more of them."""
    swept = connection.execute(SWEEP_DELIVERIES, {"age": REMEMBERED, "batch": BATCH})
    dropped = connection.execute(drafts.SWEEP, {"batch": BATCH})
    return BATCH in {swept.rowcount, dropped.rowcount}
