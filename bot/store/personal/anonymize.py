"""Removes people from the running sums of what calls cost. The sums themselves stay.

Sums of past months are moved from the person to the subject `ERASED_PERSON`; those of this month stay with the person,
because budgets need them. They are moved in the order of their keys, so that two transactions never deadlock.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, delete, select

from bot.core.history.personal_data import ERASED_PERSON
from bot.core.periods import Span, name_period
from bot.core.spending.budgets import Spending, SpendingDimension
from bot.store.schema import tallies
from bot.store.spending import model_calls

TALLY_KEY_COLUMNS: Final = ("platform", "workspace", "dimension", "span", "period")
"""The columns of a sum's key, without its subject."""

SELECT_NAMED_SUMS = select(tallies).where(
    tallies.c.dimension == SpendingDimension.PERSON,
    tallies.c.subject != ERASED_PERSON,
    tallies.c.period < bindparam("before"),
)

DELETE_SUMS = delete(tallies).where(
    *(tallies.c[name] == bindparam(f"of_{name}") for name in (*TALLY_KEY_COLUMNS, "subject"))
)


def month_of(at: float) -> str:
    """Return the name of the month of a moment; months compare by their names."""
    return name_period(Span.MONTH, at)


def anonymize_sums(connection: Connection, chosen: Select[Any], values: Mapping[str, Any]) -> int:
    """Move the sums that `chosen`, a narrowed `SELECT_NAMED_SUMS`, returns to `ERASED_PERSON`; return how many."""
    rows = connection.execute(chosen, values).all()
    moved: dict[tuple[str, ...], Spending] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in TALLY_KEY_COLUMNS)
        moved[key] = moved.get(key, Spending()) + model_calls.spending_from(row)
    for key, sums in sorted(moved.items(), key=lambda item: item[0]):
        connection.execute(model_calls.ADD_TALLY, _anonymous_values(key, sums))
    if rows:
        connection.execute(DELETE_SUMS, [_key_values(row) for row in rows])
    return len(rows)


def _anonymous_values(key: tuple[str, ...], sums: Spending) -> dict[str, Any]:
    return (
        dict(zip(TALLY_KEY_COLUMNS, key, strict=True)) | asdict(sums) | {"subject": ERASED_PERSON, "is_warned": False}
    )


def _key_values(row: Row[Any]) -> dict[str, str]:
    return {f"of_{name}": getattr(row, name) for name in (*TALLY_KEY_COLUMNS, "subject")}
