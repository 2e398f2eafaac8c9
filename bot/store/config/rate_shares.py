"""`RateShares` in SQL: how many answers each process writes in each workspace, and which limits were refused.

In each exchange a process replaces its own rows of `loads`, and reads the rows of all living processes. Its share of
a workspace is its own number of answers over the sum of all.

- A process writes only its own rows of `loads`, so processes do not wait for each other there. Rows of dead processes
  do not count, and any process deletes them.
- A row of `refusals` counts until its time is over, even if the process that wrote it dies.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, literal, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.ports.rate_shares import RateLimitKey, RateShare, WorkspaceKey
from bot.store.database import Database
from bot.store.schema import loads, now, refusals, workers

DELETE_OWN_LOADS: Final = delete(loads).where(loads.c.worker == bindparam("process"))

_IS_OF_DEAD_WORKER = loads.c.worker.not_in(select(workers.c.id))

DELETE_LOADS_OF_DEAD_WORKERS: Final = delete(loads).where(
    loads.c.worker.in_(select(loads.c.worker).where(_IS_OF_DEAD_WORKER).with_for_update(skip_locked=True))
)

SAVE_LOADS: Final = upsert(loads)

SELECT_LOADS: Final = select(loads).join(workers, workers.c.id == loads.c.worker)

REFUSAL_CHANNEL: Final = "threadkeeper_refused"
"""The PostgreSQL channel on which a process tells the others that there are new refusals."""

_LIMIT_KEY = (refusals.c.platform, refusals.c.workspace, refusals.c.name)

DELETE_EXPIRED_REFUSALS: Final = delete(refusals).where(
    tuple_(*_LIMIT_KEY).in_(select(*_LIMIT_KEY).where(refusals.c.until <= now()).with_for_update(skip_locked=True))
)

SAVE_REFUSAL: Final = (
    upsert(refusals)
    .values(until=now() + bindparam("seconds"))
    .on_conflict_do_update(
        index_elements=[*_LIMIT_KEY], set_={"until": func.greatest(refusals.c.until, literal_column("excluded.until"))}
    )
)

NOTIFY_REFUSAL: Final = select(func.pg_notify(literal(REFUSAL_CHANNEL), literal("")))

SELECT_REFUSALS: Final = select(*_LIMIT_KEY, (refusals.c.until - now()).label("seconds")).where(
    refusals.c.until > now()
)

COUNT_WORKERS: Final = select(func.count()).select_from(workers)


class SqlRateShares:
    """`RateShares` on PostgreSQL; on SQLite, which one process uses alone, its share is always all."""

    def __init__(self, database: Database, owner: str) -> None:
        """`owner` is the name of this process, as in `SqlStore`."""
        self._database = database
        self._owner = owner

    async def exchange(self, answers: Mapping[WorkspaceKey, int], refused: Mapping[RateLimitKey, float]) -> RateShare:
        """Tell the others what this process writes and what it was refused; return its share."""
        if not self._database.is_shared:
            return RateShare(fractions=dict.fromkeys(answers, 1.0))
        return await self._database.tx(exchange, self._owner, answers, refused)

    def call_on_refusal(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever a process reports a refusal."""
        self._database.notification_callbacks[REFUSAL_CHANNEL] = wake


def exchange(
    connection: Connection, owner: str, answers: Mapping[WorkspaceKey, int], refused: Mapping[RateLimitKey, float]
) -> RateShare:
    """Replace a process's rows, add what it was refused, and read the rows of all living processes."""
    connection.execute(DELETE_OWN_LOADS, {"process": owner})
    connection.execute(DELETE_LOADS_OF_DEAD_WORKERS)
    if answers:
        connection.execute(SAVE_LOADS, [_load_values(owner, key, number) for key, number in answers.items()])
    if refused:
        _save_refusals(connection, refused)
    totals: Counter[WorkspaceKey] = Counter()
    for row in connection.execute(SELECT_LOADS):
        totals[row.platform, row.workspace] += row.answers
    still = connection.execute(SELECT_REFUSALS).all()
    # A process that was taken for dead is missing from the sum; it counts itself all the same.
    return RateShare(
        fractions={workspace: number / max(totals[workspace], number) for workspace, number in answers.items()},
        processes=max(connection.scalar(COUNT_WORKERS) or 1, 1),
        refused={(each.platform, each.workspace, each.name): each.seconds for each in still},
    )


def _save_refusals(connection: Connection, refused: Mapping[RateLimitKey, float]) -> None:
    """Save refusals in the order of their keys and delete expired ones last, so that processes never deadlock."""
    for (platform, workspace, name), seconds in sorted(refused.items()):
        values = {"platform": platform, "workspace": workspace, "name": name, "seconds": seconds}
        connection.execute(SAVE_REFUSAL, values)
    connection.execute(DELETE_EXPIRED_REFUSALS)
    connection.execute(NOTIFY_REFUSAL)


def _load_values(owner: str, workspace: WorkspaceKey, number: int) -> dict[str, Any]:
    return {"worker": owner, "platform": workspace[0], "workspace": workspace[1], "answers": number}
