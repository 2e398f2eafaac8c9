"""Takes people out of the sums of what calls cost, month by month; the sums stay.

Separate from `calls`, which only adds. Rules: only past months, since budgets count on this one; sums are
moved in the order of their keys, so that no two who do it wait for each other in a circle.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, delete, select

from bot.core.ledger import Dimension, Spending
from bot.core.periods import Span, period
from bot.core.personal import ERASED
from bot.store import calls
from bot.store.schema import tallies

PLACE: Final = ("platform", "workspace", "dimension", "span", "period")
"""Columns of a tally's key but for its subject."""

NAMED = select(tallies).where(
    tallies.c.dimension == Dimension.PERSON,
    tallies.c.subject != ERASED,
    tallies.c.period < bindparam("before"),
)

DROP = delete(tallies).where(
    *(tallies.c[name] == bindparam(f"of_{name}") for name in (*PLACE, "subject")),
)


def month(at: float) -> str:
    """Return the name of a moment's month; what is before it is past."""
    return period(Span.MONTH, at)


def unname(connection: Connection, chosen: Select[Any], values: Mapping[str, Any]) -> int:
    """Move the sums that a narrower `NAMED` chooses to nobody; return how many."""
    rows = connection.execute(chosen, values).all()
    moved: dict[tuple[str, ...], Spending] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in PLACE)
        moved[key] = moved.get(key, Spending()) + calls.spending(row)
    for key, sums in sorted(moved.items(), key=lambda item: item[0]):
        connection.execute(calls.ADD_TALLY, _nobodys(key, sums))
    if rows:
        connection.execute(DROP, [_key(row) for row in rows])
    return len(rows)


def _nobodys(key: tuple[str, ...], sums: Spending) -> dict[str, Any]:
    return dict(zip(PLACE, key, strict=True)) | asdict(sums) | {"subject": ERASED, "is_warned": False}


def _key(row: Row[Any]) -> dict[str, str]:
    return {f"of_{name}": getattr(row, name) for name in (*PLACE, "subject")}
