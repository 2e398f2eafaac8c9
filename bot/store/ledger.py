"""`Ledger` in SQL: budgets, what is kept for calls under way, and what was spent.

Separate from `calls`, which only adds up. Rules: a call is let in under the lock of the workspace's month,
so two of them never count on the same money; what is kept is a row of the turn, so who takes a turn over
replaces what the dead had kept; rows of budgets are only added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, literal_column, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core import ledger as core
from bot.core.calls import Call
from bot.core.domain import Author, PromptKey, ThreadKey, Turn
from bot.core.errors import ClaimLost
from bot.core.ledger import (
    EVERYBODY,
    SCOPES,
    Budget,
    BudgetChange,
    Dimension,
    Grant,
    Need,
    Spending,
    Standing,
    Unit,
)
from bot.core.periods import Span, end, period
from bot.store import calls
from bot.store.database import Database
from bot.store.schema import budgets, reservations, tallies
from bot.store.schema.fencing import HOLD

_HERE = (
    tallies.c.platform == bindparam("platform"),
    tallies.c.workspace == bindparam("workspace"),
)

_SPENDERS = {Dimension.PERSON: "person", Dimension.CHANNEL: "channel", Dimension.WORKSPACE: "nobody"}

# Each part is one look into the whole key, whatever PostgreSQL knows of the table.
SPENT = union_all(
    *(
        select(tallies).where(
            *_HERE,
            tallies.c.dimension == literal_column(f"'{scope}'"),
            tallies.c.span == literal_column(f"'{span}'"),
            tallies.c.period == bindparam(span.value),
            tallies.c.subject == bindparam(_SPENDERS[scope]),
        )
        for scope in SCOPES
        for span in Span
    )
)

KEPT = select(reservations).where(
    reservations.c.platform == bindparam("platform"),
    reservations.c.workspace == bindparam("workspace"),
    reservations.c.turn_id != bindparam("turn"),
)

_keep = upsert(reservations)
KEEP = _keep.on_conflict_do_update(
    index_elements=["turn_id"], set_={"tokens": _keep.excluded.tokens, "cost": _keep.excluded.cost}
)

ADD_BUDGET = insert(budgets)

_OF_WORKSPACE = (
    budgets.c.platform == bindparam("platform"),
    budgets.c.workspace == bindparam("workspace"),
)

APPLYING = (
    select(budgets)
    .where(
        *_OF_WORKSPACE,
        or_(budgets.c.subject == "", budgets.c.subject.in_(bindparam("subjects", expanding=True))),
    )
    .order_by(budgets.c.id)
)

ALL = select(budgets).where(*_OF_WORKSPACE).order_by(budgets.c.id)

CHANGES = select(budgets).where(*_OF_WORKSPACE).order_by(budgets.c.id.desc()).limit(bindparam("limit"))

_SUMS = tuple(func.sum(tallies.c[name]).label(name) for name in calls.SUMS)
_OF_DAYS = (*_HERE, tallies.c.dimension == bindparam("dimension"), tallies.c.span == literal_column("'day'"))

BY_SUBJECT = (
    select(tallies.c.subject.label("key"), *_SUMS)
    .where(*_OF_DAYS, tallies.c.period.between(bindparam("since"), bindparam("until")))
    .group_by(tallies.c.subject)
)

# Days by their names, not from one to another: each is one look into the key, past all other subjects.
BY_DAY = select(tallies.c.period.label("key"), *(tallies.c[name] for name in calls.SUMS)).where(
    *_OF_DAYS,
    tallies.c.period.in_(bindparam("days", expanding=True)),
    tallies.c.subject == bindparam("subject"),
)


class SqlLedger:
    """`Ledger` on SQLite or PostgreSQL; `owner` is the name of the store's process."""

    def __init__(self, database: Database, owner: str = "") -> None:
        """`database` is one that a store uses too; without an `owner` nothing can be reserved."""
        self._database = database
        self._owner = owner

    async def reserve(self, turn: Turn, limits: Sequence[Budget], need: Need) -> Grant:
        """Keep what a call may need. Raises `BudgetSpent`."""
        return await self._database.tx(reserve, self._owner, turn, limits, need)

    async def charge(self, turn: Turn, call: Call) -> None:
        """Write a call that was made beside the one that answered a turn."""
        await self._database.tx(calls.charge_beside, turn, call)

    async def standings(self, workspace: PromptKey, *, person: str, channel: str) -> Sequence[Standing]:
        """Return how the budgets stand that apply to a person in a channel."""
        return await self._database.tx(standings, workspace, person, channel)

    async def set_budget(self, workspace: PromptKey, budget: Budget, *, by: Author, note: str = "") -> None:
        """Set, change or take away a budget."""
        await self._database.tx(set_budget, workspace, budget, by, note)

    async def budgets(self, workspace: PromptKey) -> Sequence[BudgetChange]:
        """Return the budgets there are."""
        return await self._database.tx(all_budgets, workspace)

    async def changes(self, workspace: PromptKey, *, limit: int) -> Sequence[BudgetChange]:
        """Return what was set, newest first."""
        return await self._database.tx(changes, workspace, limit)

    async def by_subject(
        self, workspace: PromptKey, by: Dimension, *, since: str, until: str
    ) -> Mapping[str, Spending]:
        """Return what calls cost in some days, for each subject."""
        named = {"dimension": by, "since": since, "until": until}
        return await self._database.tx(_sums, BY_SUBJECT, _place(workspace) | named)

    async def by_day(
        self, workspace: PromptKey, of: Dimension, subject: str, *, days: Sequence[str]
    ) -> Mapping[str, Spending]:
        """Return what one subject's calls cost, for each day."""
        named = {"dimension": of, "subject": subject, "days": days}
        return await self._database.tx(_sums, BY_DAY, _place(workspace) | named)


def reserve(connection: Connection, owner: str, turn: Turn, limits: Sequence[Budget], need: Need) -> Grant:
    """Look what is left under the lock, and keep what a call may need of it."""
    fence = {"turn": turn.id, "fence": turn.token, "holder": owner}
    if connection.scalar(HOLD, fence) is None:
        raise ClaimLost
    at = connection.execute(calls.NOW).scalar_one()
    calls.lock(connection, turn.thread, at)
    spent = _spent(connection, turn.thread, turn.author.id, at)
    kept = connection.execute(KEPT, _place(turn.thread) | {"turn": turn.id}).all()
    found = [_standing(limit, spent, kept, at) for limit in limits]
    core.check(found, need)
    where = _place(turn.thread) | {"channel": turn.thread.channel, "author_id": turn.author.id}
    connection.execute(KEEP, where | {"turn_id": turn.id, **asdict(need)})
    mine = ((span, spent.get((Dimension.PERSON, span, turn.author.id))) for span in Span)
    return Grant(
        standings=tuple(found), warned=frozenset(span for span, row in mine if row and row.is_warned)
    )


def applying(connection: Connection, thread: ThreadKey, person: str) -> tuple[Budget, ...]:
    """Read the budgets that apply to a person in a thread."""
    subjects = {"subjects": [person, thread.channel]}
    rows = connection.execute(APPLYING, _place(thread) | subjects)
    return core.applying(_newest(rows), person=person, channel=thread.channel)


def standings(connection: Connection, workspace: PromptKey, person: str, channel: str) -> Sequence[Standing]:
    """Read how the budgets stand that apply to a person in a channel."""
    thread = ThreadKey(**asdict(workspace) | {"channel": channel})
    at = connection.execute(calls.NOW).scalar_one()
    spent = _spent(connection, thread, person, at)
    kept = connection.execute(KEPT, _place(thread) | {"turn": 0}).all()
    return [_standing(limit, spent, kept, at) for limit in applying(connection, thread, person)]


def set_budget(connection: Connection, workspace: PromptKey, budget: Budget, by: Author, note: str) -> None:
    """Add a row, which counts from now on."""
    set_by = {"author_id": by.id, "author_name": by.name, "note": note}
    connection.execute(ADD_BUDGET, _place(workspace) | asdict(budget) | set_by)


def all_budgets(connection: Connection, workspace: PromptKey) -> Sequence[BudgetChange]:
    """Read the newest row of each budget, but those that take one away."""
    newest: dict[tuple[Any, ...], BudgetChange] = {}
    for row in connection.execute(ALL, _place(workspace)):
        change = _change(row)
        newest[_key(change.budget)] = change
    return [newest[key] for key in sorted(newest) if newest[key].budget.amount is not None]


def changes(connection: Connection, workspace: PromptKey, limit: int) -> Sequence[BudgetChange]:
    """Read rows of budgets, newest first."""
    return [_change(row) for row in connection.execute(CHANGES, _place(workspace) | {"limit": limit})]


def _sums(connection: Connection, statement: Any, named: Mapping[str, Any]) -> Mapping[str, Spending]:
    return {row.key: calls.spending(row) for row in connection.execute(statement, named)}


def _spent(connection: Connection, thread: ThreadKey, person: str, at: float) -> Mapping[Any, Row[Any]]:
    """Read the tallies of whoever may have a budget, by dimension, span and subject."""
    wanted = {"person": person, "channel": thread.channel, "nobody": EVERYBODY}
    wanted |= {span.value: period(span, at) for span in Span}
    rows = connection.execute(SPENT, _place(thread) | wanted)
    return {(row.dimension, row.span, row.subject): row for row in rows}


def _standing(limit: Budget, spent: Mapping[Any, Row[Any]], kept: Sequence[Row[Any]], at: float) -> Standing:
    row = spent.get((limit.scope, limit.span, limit.subject))
    column = {Dimension.PERSON: "author_id", Dimension.CHANNEL: "channel"}.get(limit.scope)
    mine = [each for each in kept if column is None or getattr(each, column) == limit.subject]
    is_money = limit.unit is Unit.MONEY
    return Standing(
        budget=limit,
        spent=core.measured(limit.unit, calls.spending(row)) if row else 0,
        kept=sum((each.cost or 0) if is_money else each.tokens for each in mine),
        ends_at=end(limit.span, at),
    )


def _change(row: Row[Any]) -> BudgetChange:
    author = Author(id=row.author_id, name=row.author_name)
    return BudgetChange(budget=_budget(row), author=author, note=row.note, created_at=row.created_at)


def _newest(rows: Any) -> Sequence[Budget]:
    newest = {_key(budget): budget for budget in map(_budget, rows)}
    return list(newest.values())


def _key(budget: Budget) -> tuple[str, ...]:
    return budget.scope, budget.subject, budget.span, budget.unit


def _budget(row: Row[Any]) -> Budget:
    return Budget(
        scope=Dimension(row.scope),
        subject=row.subject,
        span=Span(row.span),
        unit=Unit(row.unit),
        amount=row.amount,
    )


def _place(of: ThreadKey | PromptKey) -> dict[str, Any]:
    return {"platform": of.platform, "workspace": of.workspace}
