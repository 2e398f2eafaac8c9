"""The processes of an installation: heartbeats, turns of dead processes, rows that expire, and shared secrets.

A process has a row in `workers` while it lives. Each heartbeat updates that row, deletes the rows of processes that
were silent for a lease, and frees the turns whose owner has no row. Several processes may do this at the same time:
each statement skips rows that another process has locked, so none waits for another.

On PostgreSQL the row names an advisory lock besides, which the process's session holds: see `process_session`. The
row also decides between a process that lost its session and those that want its turns: either it replaces the key
first, or they delete the row first.
"""

import socket
from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    null,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.store.config import drafts
from bot.store.conversations.statements import RELEASED_VALUES, WORK_CHANNEL
from bot.store.schema import deliveries, now, secrets, turns, workers

DELIVERY_TTL_SECONDS: Final = 7 * 24 * 3600.0
"""How long the id of a delivery is kept. Slack repeats one for five minutes: https://docs.slack.dev/apis/events-api

With "Delayed Events" enabled Slack repeats one every hour for a day.
"""

SWEEP_BATCH_SIZE: Final = 1000
"""How many rows one transaction deletes, so that none takes long."""

SAVE_HEARTBEAT = upsert(workers).on_conflict_do_update(index_elements=["id"], set_={"beat_at": now()})

DELETE_SILENT_WORKERS = delete(workers).where(
    workers.c.id.in_(
        select(workers.c.id)
        .where(workers.c.id != bindparam("process"), workers.c.beat_at <= now() - bindparam("lease"))
        .with_for_update(skip_locked=True)
    )
)

DELETE_WORKER = delete(workers).where(workers.c.id == bindparam("process"))

DELETE_ALL_WORKERS = delete(workers)


def _free_turns(condition: ColumnElement[bool]) -> Update:
    chosen = select(turns.c.id).where(condition).with_for_update(skip_locked=True)
    return update(turns).where(turns.c.id.in_(chosen)).values(RELEASED_VALUES)


_IS_OF_DEAD_WORKER = and_(turns.c.owner.is_not(None), turns.c.owner.not_in(select(workers.c.id)))

FREE_TURNS_OF_DEAD_WORKERS = _free_turns(_IS_OF_DEAD_WORKER)

ARE_TURNS_OF_DEAD_WORKERS_LEFT = select(exists().where(_IS_OF_DEAD_WORKER))

FREE_TURNS_OF_WORKER = _free_turns(turns.c.owner == bindparam("process"))

SET_SESSION = update(workers).where(workers.c.id == bindparam("process")).values(session_key=bindparam("key"))

_HAS_THIS_SESSION = and_(workers.c.id == bindparam("process"), workers.c.session_key == bindparam("key"))

END_SESSION = update(workers).where(_HAS_THIS_SESSION).values(session_key=null())

DELETE_WORKER_OF_SESSION = delete(workers).where(_HAS_THIS_SESSION)

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
    """Save a process as living; if it is `alone`, delete all others."""
    if alone:
        connection.execute(DELETE_ALL_WORKERS)
    connection.execute(SAVE_HEARTBEAT, {"id": owner, "host": socket.gethostname()})


def record_heartbeat(connection: Connection, owner: str, lease: float) -> None:
    """Save the heartbeat, delete processes silent for `lease` seconds, and free the turns of deleted processes."""
    connection.execute(SAVE_HEARTBEAT, {"id": owner, "host": socket.gethostname()})
    connection.execute(DELETE_SILENT_WORKERS, {"process": owner, "lease": lease})
    connection.execute(FREE_TURNS_OF_DEAD_WORKERS)


def set_session(connection: Connection, owner: str, key: int) -> None:
    """Save which lock says that a process lives, if it is registered."""
    connection.execute(SET_SESSION, {"process": owner, "key": key})


def end_session(connection: Connection, owner: str, key: int) -> bool:
    """Let only its lease count for a process; return whether no other process has freed its turns before."""
    return connection.execute(END_SESSION, {"process": owner, "key": key}).rowcount > 0


def remove_dead_workers(connection: Connection, sessions: Iterable[tuple[str, int]]) -> bool:
    """Delete processes whose sessions ended, free their turns, and wake the other processes.

    Returns whether turns are left that a dying transaction still locks.
    """
    for owner, key in sessions:
        connection.execute(DELETE_WORKER_OF_SESSION, {"process": owner, "key": key})
    _notify_if_freed(connection, connection.execute(FREE_TURNS_OF_DEAD_WORKERS).rowcount)
    return bool(connection.scalar(ARE_TURNS_OF_DEAD_WORKERS_LEFT))


def unregister_worker(connection: Connection, owner: str) -> None:
    """Delete a process, free its turns, and wake the other processes."""
    connection.execute(DELETE_WORKER, {"process": owner})
    _notify_if_freed(connection, connection.execute(FREE_TURNS_OF_WORKER, {"process": owner}).rowcount)


def _notify_if_freed(connection: Connection, freed: int) -> None:
    if freed > 0 and connection.dialect.name == "postgresql":
        connection.execute(NOTIFY_WORKERS)


def delete_expired_rows(connection: Connection) -> bool:
    """Delete old deliveries and expired drafts, a batch of each; return whether there may be more."""
    swept = connection.execute(DELETE_OLD_DELIVERIES, {"age": DELIVERY_TTL_SECONDS, "batch": SWEEP_BATCH_SIZE})
    dropped = connection.execute(drafts.DELETE_EXPIRED_DRAFTS, {"batch": SWEEP_BATCH_SIZE})
    return SWEEP_BATCH_SIZE in {swept.rowcount, dropped.rowcount}


SELECT_SECRET = select(secrets.c.value).where(secrets.c.name == bindparam("name"))

INSERT_SECRET = upsert(secrets).on_conflict_do_nothing()


def get_or_create_secret(connection: Connection, name: str, make: Callable[[], str]) -> str:
    """Return a secret. If there is none, insert one, and return the one that was inserted first."""
    found: str | None = connection.scalar(SELECT_SECRET, {"name": name})
    if found is None:
        connection.execute(INSERT_SECRET, {"name": name, "value": make()})
        found = connection.execute(SELECT_SECRET, {"name": name}).scalar_one()
    return found
