"""`Shares` in SQL: a row for each process and workspace, read as a whole: there are few.

Separate from the store because nothing depends on it: a share that is a few seconds old is as good. Rules: a
process writes its own rows and nobody else's, so that none waits for another; rows of the dead count nothing,
and whoever comes across them removes them.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.ports.shares import Place, Shared
from bot.store.database import Database
from bot.store.schema import loads, workers

FORGET: Final = delete(loads).where(loads.c.worker == bindparam("me"))

_DEAD = loads.c.worker.not_in(select(workers.c.id))

FORGET_THE_DEAD: Final = delete(loads).where(
    loads.c.worker.in_(select(loads.c.worker).where(_DEAD).with_for_update(skip_locked=True))
)

TELL: Final = upsert(loads)

TOLD: Final = select(loads).join(workers, workers.c.id == loads.c.worker)

LIVING: Final = select(func.count()).select_from(workers)


class SqlShares:
    """`Shares` on PostgreSQL; on SQLite, which one process uses alone, everything is its own."""

    def __init__(self, database: Database, owner: str) -> None:
        """`owner` is this process's name among the living, as in `SqlStore`."""
        self._database = database
        self._owner = owner

    async def exchange(self, answers: Mapping[Place, int]) -> Shared:
        """Tell how many answers this process writes now, and return its parts."""
        if not self._database.is_shared:
            return Shared(parts=dict.fromkeys(answers, 1.0))
        return await self._database.tx(exchange, self._owner, answers)


def exchange(connection: Connection, owner: str, answers: Mapping[Place, int]) -> Shared:
    """Replace a process's rows, and read those of all the living."""
    connection.execute(FORGET, {"me": owner})
    connection.execute(FORGET_THE_DEAD)
    if answers:
        connection.execute(TELL, [_row(owner, place, number) for place, number in answers.items()])
    totals: Counter[Place] = Counter()
    for row in connection.execute(TOLD):
        totals[row.platform, row.workspace] += row.answers
    # Who was taken for dead is not among the living, and counts itself all the same.
    parts = {place: number / max(totals[place], number) for place, number in answers.items()}
    return Shared(parts=parts, processes=max(connection.scalar(LIVING) or 1, 1))


def _row(owner: str, place: Place, number: int) -> dict[str, Any]:
    return {"worker": owner, "platform": place[0], "workspace": place[1], "answers": number}
