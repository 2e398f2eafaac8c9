"""Sums of model calls by any column, for the command `bot usage`.

They are read from the rows of `calls`, one by one. That takes longer than the running sums of `ledger`, but can be
grouped and filtered in every way.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, select

from bot.core.config import Scope
from bot.core.spending.budgets import Spending
from bot.store.schema import budgets, calls
from bot.store.spending.model_calls import spending_from

GROUPING_COLUMNS: Final[Mapping[str, Any]] = {
    "day": calls.c.day,
    "month": func.substr(calls.c.day, 1, len("2026-11")),
    "workspace": calls.c.workspace,
    "channel": calls.c.channel,
    "person": calls.c.author_id,
    "model": calls.c.model,
    "version": calls.c.versions,
}
"""The columns by which calls can be grouped."""

FILTER_NAMES: Final = ("workspace", "channel", "person", "model")
"""The names of `GROUPING_COLUMNS` by which calls can be filtered."""

_SUMS = (
    func.count().label("calls"),
    *(
        func.coalesce(func.sum(calls.c[name]), 0).label(name)
        for name in ("prompt_tokens", "completion_tokens", "cached_tokens", "cost")
    ),
    (func.count() - func.count(calls.c.cost)).label("unpriced"),
    func.count().filter(calls.c.is_estimated).label("estimated"),
)


def sum_usage(
    connection: Connection, by: str, *, since: str, until: str, only: Mapping[str, str]
) -> Mapping[str, Spending]:
    """Read what calls cost from one day to another, both included; `only` has values of `FILTER_NAMES`."""
    key = GROUPING_COLUMNS[by]
    wanted = [GROUPING_COLUMNS[name] == value for name, value in only.items()]
    statement = select(key.label("key"), *_SUMS).where(calls.c.day.between(since, until), *wanted)
    return {row.key: spending_from(row) for row in connection.execute(statement.group_by(key))}


def list_budget_workspaces(connection: Connection) -> Sequence[Scope]:
    """Read the workspaces in which a budget was ever set."""
    rows = connection.execute(select(budgets.c.platform, budgets.c.workspace).distinct())
    return sorted(
        (Scope(platform=row.platform, workspace=row.workspace) for row in rows),
        key=lambda each: (each.platform, each.workspace),
    )
