"""`Ledger` in SQL: budgets, reservations of running calls, and what was spent.

`reserve` is one transaction: it locks the workspace's month (`model_calls.lock_spending`), sums up what was spent
and what is reserved, compares that with the budgets, and inserts the reservation. The lock lets only one transaction
of a workspace spend or reserve at a time, so two calls never count on the same money. Example: of 1,000 tokens 850
are spent; two calls of 100 tokens reserve at the same time; the first gets 950, the second is refused.

A turn has at most one reservation. A process that takes over a turn replaces the reservation of the dead process.
Rows of budgets are only added; the newest one counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, literal_column, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.config import Scope
from bot.core.errors import ClaimLost
from bot.core.periods import Span, find_period_end, name_period
from bot.core.requests import ModelCall
from bot.core.spending.budgets import (
    ANY_SUBJECT,
    BUDGET_DIMENSIONS,
    Budget,
    BudgetChange,
    BudgetState,
    BudgetUnit,
    CallEstimate,
    CallPermit,
    Spending,
    SpendingDimension,
    check_budgets,
    find_applying_budgets,
    measure,
)
from bot.core.turns import Author, ThreadKey, Turn
from bot.store.database import Database
from bot.store.schema import LOCK_OWN_TURN, budgets, reservations, tallies
from bot.store.spending import model_calls

_IS_IN_WORKSPACE = (tallies.c.platform == bindparam("platform"), tallies.c.workspace == bindparam("workspace"))

_SUBJECT_PARAMETERS = {
    SpendingDimension.PERSON: "person",
    SpendingDimension.CHANNEL: "channel",
    SpendingDimension.WORKSPACE: "any_subject",
}

# Each part is one lookup of a whole key, whatever statistics PostgreSQL has.
SELECT_TALLIES = union_all(
    *(
        select(tallies).where(
            *_IS_IN_WORKSPACE,
            tallies.c.dimension == literal_column(f"'{scope}'"),
            tallies.c.span == literal_column(f"'{span}'"),
            tallies.c.period == bindparam(span.value),
            tallies.c.subject == bindparam(_SUBJECT_PARAMETERS[scope]),
        )
        for scope in BUDGET_DIMENSIONS
        for span in Span
    )
)

SELECT_RESERVATIONS = select(reservations).where(
    reservations.c.platform == bindparam("platform"),
    reservations.c.workspace == bindparam("workspace"),
    reservations.c.turn_id != bindparam("turn"),
)

_INSERT_RESERVATION = upsert(reservations)
SAVE_RESERVATION = _INSERT_RESERVATION.on_conflict_do_update(
    index_elements=["turn_id"],
    set_={"tokens": _INSERT_RESERVATION.excluded.tokens, "cost": _INSERT_RESERVATION.excluded.cost},
)

INSERT_BUDGET = insert(budgets)

_IS_BUDGET_OF_WORKSPACE = (budgets.c.platform == bindparam("platform"), budgets.c.workspace == bindparam("workspace"))

SELECT_APPLYING_BUDGETS = (
    select(budgets)
    .where(
        *_IS_BUDGET_OF_WORKSPACE,
        or_(budgets.c.subject == "", budgets.c.subject.in_(bindparam("subjects", expanding=True))),
    )
    .order_by(budgets.c.id)
)

SELECT_BUDGETS = select(budgets).where(*_IS_BUDGET_OF_WORKSPACE).order_by(budgets.c.id)

SELECT_BUDGET_CHANGES = (
    select(budgets).where(*_IS_BUDGET_OF_WORKSPACE).order_by(budgets.c.id.desc()).limit(bindparam("limit"))
)

_SUMS_OF_COLUMNS = tuple(func.sum(tallies.c[name]).label(name) for name in model_calls.SUM_COLUMNS)
_IS_OF_DAYS = (
    *_IS_IN_WORKSPACE,
    tallies.c.dimension == bindparam("dimension"),
    tallies.c.span == literal_column("'day'"),
)

SUM_BY_SUBJECT = (
    select(tallies.c.subject.label("key"), *_SUMS_OF_COLUMNS)
    .where(*_IS_OF_DAYS, tallies.c.period.between(bindparam("since"), bindparam("until")))
    .group_by(tallies.c.subject)
)

# A list of days, not a range: each is one lookup of a whole key, and other subjects are not read.
SUM_BY_DAY = select(tallies.c.period.label("key"), *(tallies.c[name] for name in model_calls.SUM_COLUMNS)).where(
    *_IS_OF_DAYS, tallies.c.period.in_(bindparam("days", expanding=True)), tallies.c.subject == bindparam("subject")
)


class SqlLedger:
    """`Ledger` on SQLite or PostgreSQL."""

    def __init__(self, database: Database, owner: str = "") -> None:
        """`owner` is the name of this process, as in `SqlStore`; without it nothing can be reserved."""
        self._database = database
        self._owner = owner

    async def reserve(self, turn: Turn, limits: Sequence[Budget], estimate: CallEstimate) -> CallPermit:
        """Reserve what a call is estimated to need. Raises `BudgetSpent` or `PriceUnknown`."""
        return await self._database.tx(reserve, self._owner, turn, limits, estimate)

    async def charge(self, turn: Turn, call: ModelCall) -> None:
        """Write a call that was made for a turn but did not answer it."""
        await self._database.tx(model_calls.charge_extra_call, turn, call)

    async def list_budget_states(self, workspace: Scope, *, person: str, channel: str) -> Sequence[BudgetState]:
        """Return the state of each budget that applies to a person in a channel."""
        return await self._database.tx(list_budget_states, workspace, person, channel)

    async def set_budget(self, workspace: Scope, budget: Budget, *, by: Author, note: str = "") -> None:
        """Set, change or remove a budget."""
        await self._database.tx(set_budget, workspace, budget, by, note)

    async def list_budgets(self, workspace: Scope) -> Sequence[BudgetChange]:
        """Return the budgets that are set."""
        return await self._database.tx(list_budgets, workspace)

    async def list_budget_changes(self, workspace: Scope, *, limit: int) -> Sequence[BudgetChange]:
        """Return the changes of budgets, newest first."""
        return await self._database.tx(list_budget_changes, workspace, limit)

    async def sum_by_subject(
        self, workspace: Scope, by: SpendingDimension, *, since: str, until: str
    ) -> Mapping[str, Spending]:
        """Return what calls cost in a range of days, for each subject."""
        named = {"dimension": by, "since": since, "until": until}
        return await self._database.tx(_read_sums, SUM_BY_SUBJECT, _workspace_values(workspace) | named)

    async def sum_by_day(
        self, workspace: Scope, of: SpendingDimension, subject: str, *, days: Sequence[str]
    ) -> Mapping[str, Spending]:
        """Return what one subject's calls cost, for each day."""
        named = {"dimension": of, "subject": subject, "days": days}
        return await self._database.tx(_read_sums, SUM_BY_DAY, _workspace_values(workspace) | named)


def reserve(
    connection: Connection, owner: str, turn: Turn, limits: Sequence[Budget], estimate: CallEstimate
) -> CallPermit:
    """Lock the workspace's spending, check the budgets, and save the reservation."""
    claimed = {"turn": turn.id, "claim_token": turn.token, "current_owner": owner}
    if connection.scalar(LOCK_OWN_TURN, claimed) is None:
        raise ClaimLost
    at = connection.execute(model_calls.SELECT_NOW).scalar_one()
    model_calls.lock_spending(connection, turn.thread, at)
    spent = _read_tallies(connection, turn.thread, turn.author.id, at)
    reserved = connection.execute(SELECT_RESERVATIONS, _workspace_values(turn.thread) | {"turn": turn.id}).all()
    states = [_budget_state_from(budget, spent, reserved, at) for budget in limits]
    check_budgets(states, estimate)
    where = _workspace_values(turn.thread) | {"channel": turn.thread.channel, "author_id": turn.author.id}
    connection.execute(SAVE_RESERVATION, where | {"turn_id": turn.id, **asdict(estimate)})
    sums = ((span, spent.get((SpendingDimension.PERSON, span, turn.author.id))) for span in Span)
    return CallPermit(
        budget_states=tuple(states), warned_spans=frozenset(span for span, row in sums if row and row.is_warned)
    )


def read_applying_budgets(connection: Connection, thread: ThreadKey, person: str) -> tuple[Budget, ...]:
    """Read the budgets that apply to a person in a thread."""
    subjects = {"subjects": [person, thread.channel]}
    rows = connection.execute(SELECT_APPLYING_BUDGETS, _workspace_values(thread) | subjects)
    return find_applying_budgets(_newest_budgets(rows), person=person, channel=thread.channel)


def list_budget_states(connection: Connection, workspace: Scope, person: str, channel: str) -> Sequence[BudgetState]:
    """Read the state of each budget that applies to a person in a channel."""
    thread = ThreadKey(**asdict(workspace) | {"channel": channel})
    at = connection.execute(model_calls.SELECT_NOW).scalar_one()
    spent = _read_tallies(connection, thread, person, at)
    reserved = connection.execute(SELECT_RESERVATIONS, _workspace_values(thread) | {"turn": 0}).all()
    return [
        _budget_state_from(budget, spent, reserved, at) for budget in read_applying_budgets(connection, thread, person)
    ]


def set_budget(connection: Connection, workspace: Scope, budget: Budget, by: Author, note: str) -> None:
    """Insert a row, which counts from now on."""
    set_by = {"author_id": by.id, "author_name": by.name, "note": note}
    connection.execute(INSERT_BUDGET, _workspace_values(workspace) | asdict(budget) | set_by)


def list_budgets(connection: Connection, workspace: Scope) -> Sequence[BudgetChange]:
    """Read the newest row of each budget, without those that remove one."""
    newest: dict[tuple[Any, ...], BudgetChange] = {}
    for row in connection.execute(SELECT_BUDGETS, _workspace_values(workspace)):
        change = _change_from(row)
        newest[_budget_key(change.budget)] = change
    return [newest[key] for key in sorted(newest) if newest[key].budget.amount is not None]


def list_budget_changes(connection: Connection, workspace: Scope, limit: int) -> Sequence[BudgetChange]:
    """Read rows of budgets, newest first."""
    return [
        _change_from(row)
        for row in connection.execute(SELECT_BUDGET_CHANGES, _workspace_values(workspace) | {"limit": limit})
    ]


def _read_sums(connection: Connection, statement: Any, named: Mapping[str, Any]) -> Mapping[str, Spending]:
    return {row.key: model_calls.spending_from(row) for row in connection.execute(statement, named)}


def _read_tallies(connection: Connection, thread: ThreadKey, person: str, at: float) -> Mapping[Any, Row[Any]]:
    """Read the sums of the person, the channel and the workspace, by dimension, span and subject."""
    wanted = {"person": person, "channel": thread.channel, "any_subject": ANY_SUBJECT}
    wanted |= {span.value: name_period(span, at) for span in Span}
    rows = connection.execute(SELECT_TALLIES, _workspace_values(thread) | wanted)
    return {(row.dimension, row.span, row.subject): row for row in rows}


def _budget_state_from(
    budget: Budget, spent: Mapping[Any, Row[Any]], reserved: Sequence[Row[Any]], at: float
) -> BudgetState:
    row = spent.get((budget.scope, budget.span, budget.subject))
    column = {SpendingDimension.PERSON: "author_id", SpendingDimension.CHANNEL: "channel"}.get(budget.scope)
    matching = [each for each in reserved if column is None or getattr(each, column) == budget.subject]
    is_money = budget.unit is BudgetUnit.MONEY
    return BudgetState(
        budget=budget,
        spent=measure(budget.unit, model_calls.spending_from(row)) if row else 0,
        reserved=sum((each.cost or 0) if is_money else each.tokens for each in matching),
        resets_at=find_period_end(budget.span, at),
    )


def _change_from(row: Row[Any]) -> BudgetChange:
    author = Author(id=row.author_id, name=row.author_name)
    return BudgetChange(budget=_budget_from(row), author=author, note=row.note, created_at=row.created_at)


def _newest_budgets(rows: Any) -> Sequence[Budget]:
    newest = {_budget_key(budget): budget for budget in map(_budget_from, rows)}
    return list(newest.values())


def _budget_key(budget: Budget) -> tuple[str, ...]:
    return budget.scope, budget.subject, budget.span, budget.unit


def _budget_from(row: Row[Any]) -> Budget:
    return Budget(
        scope=SpendingDimension(row.scope),
        subject=row.subject,
        span=Span(row.span),
        unit=BudgetUnit(row.unit),
        amount=row.amount,
    )


def _workspace_values(of: ThreadKey | Scope) -> dict[str, Any]:
    return {"platform": of.platform, "workspace": of.workspace}
