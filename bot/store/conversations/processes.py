"""Which processes live, what becomes of the turns of those that do not, and what is swept away in time.

Separate from the turns' own life because nobody in a thread asks for any of this. Rule: several processes
may sweep at once; each passes over rows that another holds, so none waits in a circle.
"""

import socket
from typing import Final

from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.store.config import drafts
from bot.store.conversations.statements import RELEASED_VALUES, WORK_CHANNEL
from bot.store.schema import deliveries, now, turns, workers

DELIVERY_TTL_SECONDS: Final = 7 * 24 * 3600.0
"""Seconds for which a delivery is known; Slack's last one comes after five minutes (facts/slack.md 4)."""

SWEEP_BATCH_SIZE: Final = 1000
"""Deliveries forgotten in one transaction, so that none takes long."""

SAVE_HEARTBEAT = upsert(workers).on_conflict_do_update(index_elements=["id"], set_={"beat_at": now()})

DELETE_SILENT_WORKERS = delete(workers).where(
    workers.c.id.in_(
        select(workers.c.id)
        .where(workers.c.id != bindparam("me"), workers.c.beat_at <= now() - bindparam("lease"))
        .with_for_update(skip_locked=True)
    )
)

DELETE_WORKER = delete(workers).where(workers.c.id == bindparam("me"))

DELETE_ALL_WORKERS = delete(workers)


def _free_turns(condition: ColumnElement[bool]) -> Update:
    chosen = select(turns.c.id).where(condition).with_for_update(skip_locked=True)
    return update(turns).where(turns.c.id.in_(chosen)).values(RELEASED_VALUES)


FREE_TURNS_OF_DEAD_WORKERS = _free_turns(and_(turns.c.owner.is_not(None), turns.c.owner.not_in(select(workers.c.id))))

FREE_TURNS_OF_WORKER = _free_turns(turns.c.owner == bindparam("me"))

NOTIFY_WORKERS = select(func.pg_notify(literal(WORK_CHANNEL), literal("")))

_DELIVERY_KEY = (deliveries.c.platform, deliveries.c.workspace, deliveries.c.id)

DELETE_OLD_DELIVERIES = delete(deliveries).where(
    tuple_(*_DELIVERY_KEY).in_(
        select(*_DELIVERY_KEY)
        .where(deliveries.c.at <= now() - bindparam("age"))
        .order_by(deliveries.c.at)
        .limit(bindparam("batch"))
        .with_for_update(skip_locked=True)
    )
)


def register_worker(connection: Connection, owner: str, *, alone: bool) -> None:
    """Put this process among the living, as the only one if it is `alone`."""
    if alone:
        connection.execute(DELETE_ALL_WORKERS)
    connection.execute(SAVE_HEARTBEAT, {"id": owner, "host": socket.gethostname()})


def record_heartbeat(connection: Connection, owner: str, lease: float) -> None:
    """Renew the heartbeat, bury processes silent for `lease` seconds, and free what they held."""
    connection.execute(SAVE_HEARTBEAT, {"id": owner, "host": socket.gethostname()})
    connection.execute(DELETE_SILENT_WORKERS, {"me": owner, "lease": lease})
    connection.execute(FREE_TURNS_OF_DEAD_WORKERS)


def unregister_worker(connection: Connection, owner: str) -> None:
    """Bury this process, and hand its turns over."""
    connection.execute(DELETE_WORKER, {"me": owner})
    is_work_left = connection.execute(FREE_TURNS_OF_WORKER, {"me": owner}).rowcount > 0
    if is_work_left and connection.dialect.name == "postgresql":
        connection.execute(NOTIFY_WORKERS)


def delete_expired_rows(connection: Connection) -> bool:
    """Forget old deliveries, and drafts that have expired; return whether there may be more of them."""
    swept = connection.execute(DELETE_OLD_DELIVERIES, {"age": DELIVERY_TTL_SECONDS, "batch": SWEEP_BATCH_SIZE})
    dropped = connection.execute(drafts.DELETE_EXPIRED_DRAFTS, {"batch": SWEEP_BATCH_SIZE})
    return SWEEP_BATCH_SIZE in {swept.rowcount, dropped.rowcount}
