"""The ledger in memory: `MemoryData` keeps each call, and every sum is counted anew from the calls.

`SqlLedger` keeps running sums instead. The contract suite holds the two together.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.core.config import Scope
from bot.core.errors import ClaimLost
from bot.core.periods import Span, find_period_end, name_period
from bot.core.requests import ModelCall
from bot.core.spending import budgets
from bot.core.spending.budgets import (
    Budget,
    BudgetChange,
    BudgetState,
    BudgetUnit,
    CallEstimate,
    CallPermit,
    Spending,
    SpendingDimension,
)
from bot.core.turns import Author, ThreadKey, Turn
from bot.store.storable_text import make_storable
from bot.testing.data import MemoryData


class MemoryLedger:
    """`Ledger` without a database."""

    def __init__(self, data: MemoryData, owner: str = "memory") -> None:
        """Share `data` and `owner` with a `MemoryStore`."""
        self._data = data
        self._owner = owner

    async def reserve(self, turn: Turn, limits: Sequence[Budget], estimate: CallEstimate) -> CallPermit:
        """Reserve what a call is estimated to need. Raises `BudgetSpent` or `PriceUnknown`."""
        stored = self._data.turns[turn.id]
        if self._data.owners.get(turn.id) != self._owner or stored.token != turn.token:
            raise ClaimLost
        at = self._data.clock()
        states = [self._read_budget_state(limit, turn.thread, at, but=turn.id) for limit in limits]
        budgets.check_budgets(states, estimate)
        self._data.reservations[turn.id] = (turn, estimate)
        warned = frozenset(
            span
            for of, call, then in self._data.calls
            for span in call.warns
            if _workspace_of(of.thread) == _workspace_of(turn.thread)
            and of.author.id == turn.author.id
            and name_period(span, then) == name_period(span, at)
        )
        return CallPermit(budget_states=tuple(states), warned_spans=warned)

    async def charge(self, turn: Turn, call: ModelCall) -> None:
        """Save a call that was made for a turn but did not answer it."""
        self._data.calls.append((turn, call, self._data.clock()))

    async def list_budget_states(self, workspace: Scope, *, person: str, channel: str) -> Sequence[BudgetState]:
        """Return the state of each budget that applies to a person in a channel."""
        here = _thread_in(workspace, channel)
        at = self._data.clock()
        return [self._read_budget_state(limit, here, at) for limit in self._data.list_applying_budgets(here, person)]

    async def set_budget(self, workspace: Scope, budget: Budget, *, by: Author, note: str = "") -> None:
        """Set, change or remove a budget."""
        author = Author(id=by.id, name=make_storable(by.name))
        change = BudgetChange(budget=budget, author=author, note=make_storable(note), created_at=self._data.clock())
        self._data.budgets.append((_thread_in(workspace, budget.subject), change))

    async def list_budgets(self, workspace: Scope) -> Sequence[BudgetChange]:
        """Return the budgets that are set."""
        newest = {
            (change.budget.scope, change.budget.subject, change.budget.span, change.budget.unit): change
            for change in self._list_changes(workspace)
        }
        return [newest[key] for key in sorted(newest) if newest[key].budget.amount is not None]

    async def list_budget_changes(self, workspace: Scope, *, limit: int) -> Sequence[BudgetChange]:
        """Return the changes of budgets, newest first."""
        return self._list_changes(workspace)[::-1][:limit]

    async def sum_by_subject(
        self, workspace: Scope, by: SpendingDimension, *, since: str, until: str
    ) -> Mapping[str, Spending]:
        """Return what calls cost in a range of days, for each subject."""
        return self._sum_calls(workspace, since, until, lambda turn, call, _at: _subject_of(by, turn, call))

    async def sum_by_day(
        self, workspace: Scope, of: SpendingDimension, subject: str, *, days: Sequence[str]
    ) -> Mapping[str, Spending]:
        """Return what one subject's calls cost, for each day."""

        def key(turn: Turn, call: ModelCall, at: float) -> str | None:
            day = name_period(Span.DAY, at)
            return day if day in days and _subject_of(of, turn, call) == subject else None

        return self._sum_calls(workspace, min(days, default=""), max(days, default=""), key)

    def _list_changes(self, workspace: Scope) -> list[BudgetChange]:
        return [change for place, change in self._data.budgets if _workspace_of(place) == _workspace_of(workspace)]

    def _sum_calls(
        self, workspace: Scope, since: str, until: str, key: Callable[[Turn, ModelCall, float], str | None]
    ) -> Mapping[str, Spending]:
        sums: dict[str, Spending] = {}
        for turn, call, at in self._data.calls:
            found = key(turn, call, at)
            is_meant = (
                _workspace_of(turn.thread) == _workspace_of(workspace) and since <= name_period(Span.DAY, at) <= until
            )
            if is_meant and found is not None:
                sums[found] = sums.get(found, Spending()) + budgets.spending_of(call)
        return sums

    def _read_budget_state(self, limit: Budget, here: ThreadKey, at: float, *, but: int = 0) -> BudgetState:
        def is_spender(turn: Turn) -> bool:
            who = {SpendingDimension.PERSON: turn.author.id, SpendingDimension.CHANNEL: turn.thread.channel}
            is_here = _workspace_of(turn.thread) == _workspace_of(here)
            return is_here and who.get(limit.scope, "") == limit.subject

        now = name_period(limit.span, at)
        spent = Spending()
        for turn, call, then in self._data.calls:
            if is_spender(turn) and name_period(limit.span, then) == now:
                spent += budgets.spending_of(call)
        reserved = [
            estimate for turn, estimate in self._data.reservations.values() if turn.id != but and is_spender(turn)
        ]
        return BudgetState(
            budget=limit,
            spent=budgets.measure(limit.unit, spent),
            reserved=sum(
                estimate.tokens if limit.unit is BudgetUnit.TOKENS else estimate.cost or 0 for estimate in reserved
            ),
            resets_at=find_period_end(limit.span, at),
        )


def _subject_of(by: SpendingDimension, turn: Turn, call: ModelCall) -> str:
    return {
        SpendingDimension.WORKSPACE: "",
        SpendingDimension.CHANNEL: turn.thread.channel,
        SpendingDimension.PERSON: turn.author.id,
        SpendingDimension.MODEL: call.model,
        SpendingDimension.VERSIONS: budgets.versions_key(call.versions),
    }[by]


def _workspace_of(of: Any) -> tuple[str, str]:
    return of.platform, of.workspace


def _thread_in(workspace: Scope, channel: str) -> ThreadKey:
    return ThreadKey(platform=workspace.platform, workspace=workspace.workspace, channel=channel, root="")
