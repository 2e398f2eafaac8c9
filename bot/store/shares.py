"""`Shares` in SQL: a row for each process and workspace, read as a whole: there are few. So are refusals.

Separate from the store because nothing depends on it: a share that is a few seconds old is as good. Rules: of
loads a process writes its own rows and nobody else's, so that none waits for another; rows of the dead count
nothing, and whoever comes across them removes them. A refusal holds until its time is over, whoever dies.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, literal, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.ports.shares import Limit, Place, Shared
from bot.store.database import Database
from bot.store.schema import loads, now, refusals, workers

FORGET: Final = delete(loads).where(loads.c.worker == bindparam("me"))

_DEAD = loads.c.worker.not_in(select(workers.c.id))

FORGET_THE_DEAD: Final = delete(loads).where(
    loads.c.worker.in_(select(loads.c.worker).where(_DEAD).with_for_update(skip_locked=True))
)

TELL: Final = upsert(loads)

TOLD: Final = select(loads).join(workers, workers.c.id == loads.c.worker)

REFUSED: Final = "threadkeeper_refused"
"""The channel on which processes notify each other that there are new refusals."""

_LIMIT = (refusals.c.platform, refusals.c.workspace, refusals.c.name)

FORGET_REFUSALS: Final = delete(refusals).where(
    tuple_(*_LIMIT).in_(select(*_LIMIT).where(refusals.c.until <= now()).with_for_update(skip_locked=True))
)

REFUSE: Final = (
    upsert(refusals)
    .values(until=now() + bindparam("seconds"))
    .on_conflict_do_update(
        index_elements=[*_LIMIT],
        set_={"until": func.greatest(refusals.c.until, literal_column("excluded.until"))},
    )
)

NOTIFY: Final = select(func.pg_notify(literal(REFUSED), literal("")))

STILL_REFUSED: Final = select(*_LIMIT, (refusals.c.until - now()).label("seconds")).where(
    refusals.c.until > now()
)

LIVING: Final = select(func.count()).select_from(workers)


class SqlShares:
    """`Shares` on PostgreSQL; on SQLite, which one process uses alone, everything is its own."""

    def __init__(self, database: Database, owner: str) -> None:
        """`owner` is this process's name among the living, as in `SqlStore`."""
        self._database = database
        self._owner = owner

    async def exchange(self, answers: Mapping[Place, int], refused: Mapping[Limit, float]) -> Shared:
        """Tell how many answers this process writes now, and what was refused; return its parts."""
        if not self._database.is_shared:
            return Shared(parts=dict.fromkeys(answers, 1.0))
        return await self._database.tx(exchange, self._owner, answers, refused)

    def hear(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever a process tells of a refusal."""
        self._database.heard[REFUSED] = wake


def exchange(
    connection: Connection, owner: str, answers: Mapping[Place, int], refused: Mapping[Limit, float]
) -> Shared:
    """Replace a process's rows, add what was refused, and read those of all the living."""
    connection.execute(FORGET, {"me": owner})
    connection.execute(FORGET_THE_DEAD)
    if answers:
        connection.execute(TELL, [_row(owner, place, number) for place, number in answers.items()])
    if refused:
        _refuse(connection, refused)
    totals: Counter[Place] = Counter()
    for row in connection.execute(TOLD):
        totals[row.platform, row.workspace] += row.answers
    still = connection.execute(STILL_REFUSED).all()
    # Who was taken for dead is not among the living, and counts itself all the same.
    return Shared(
        parts={place: number / max(totals[place], number) for place, number in answers.items()},
        processes=max(connection.scalar(LIVING) or 1, 1),
        refused={(each.platform, each.workspace, each.name): each.seconds for each in still},
    )


def _refuse(connection: Connection, refused: Mapping[Limit, float]) -> None:
    """Tell all of refusals, in one order; and forget old ones last, so that no two wait in a circle."""
    for (platform, workspace, name), seconds in sorted(refused.items()):
        values = {"platform": platform, "workspace": workspace, "name": name, "seconds": seconds}
        connection.execute(REFUSE, values)
    connection.execute(FORGET_REFUSALS)
    connection.execute(NOTIFY)


def _row(owner: str, place: Place, number: int) -> dict[str, Any]:
    return {"worker": owner, "platform": place[0], "workspace": place[1], "answers": number}
