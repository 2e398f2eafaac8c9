"""`Ledger` in memory: the twin of the one in SQL, for tests and for authors of plugins.

Separate because it needs no library. It passes the same contract suite.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.core import ledger as core
from bot.core.calls import Call
from bot.core.domain import Author, PromptKey, ThreadKey, Turn
from bot.core.errors import ClaimLost
from bot.core.ledger import Budget, BudgetChange, Dimension, Grant, Need, Spending, Standing
from bot.core.periods import Span, end, period
from bot.store.memory_data import MemoryData
from bot.store.text import storable


class MemoryLedger:
    """`Ledger` without a database."""

    def __init__(self, data: MemoryData, owner: str = "memory") -> None:
        """Share `data` and `owner` with a `MemoryStore`."""
        self._data = data
        self._owner = owner

    async def reserve(self, turn: Turn, limits: Sequence[Budget], need: Need) -> Grant:
        """Keep what a call may need. Raises `BudgetSpent`."""
        stored = self._data.turns[turn.id]
        if self._data.owners.get(turn.id) != self._owner or stored.token != turn.token:
            raise ClaimLost
        at = self._data.clock()
        standings = [self._standing(limit, turn.thread, at, but=turn.id) for limit in limits]
        core.check(standings, need)
        self._data.kept[turn.id] = (turn, need)
        warned = frozenset(
            span
            for of, call, then in self._data.calls
            for span in call.warns
            if _place(of.thread) == _place(turn.thread)
            and of.author.id == turn.author.id
            and period(span, then) == period(span, at)
        )
        return Grant(standings=tuple(standings), warned=warned)

    async def charge(self, turn: Turn, call: Call) -> None:
        """Write a call that was made beside the one that answered a turn."""
        self._data.calls.append((turn, call, self._data.clock()))

    async def standings(self, workspace: PromptKey, *, person: str, channel: str) -> Sequence[Standing]:
        """Return how the budgets stand that apply to a person in a channel."""
        here = _thread(workspace, channel)
        at = self._data.clock()
        return [self._standing(limit, here, at) for limit in self._data.applying(here, person)]

    async def set_budget(self, workspace: PromptKey, budget: Budget, *, by: Author, note: str = "") -> None:
        """Set, change or take away a budget."""
        author = Author(id=by.id, name=storable(by.name))
        change = BudgetChange(
            budget=budget, author=author, note=storable(note), created_at=self._data.clock()
        )
        self._data.budgets.append((_thread(workspace, budget.subject), change))

    async def budgets(self, workspace: PromptKey) -> Sequence[BudgetChange]:
        """Return the budgets there are."""
        newest = {
            (change.budget.scope, change.budget.subject, change.budget.span, change.budget.unit): change
            for change in self._changes(workspace)
        }
        return [newest[key] for key in sorted(newest) if newest[key].budget.amount is not None]

    async def changes(self, workspace: PromptKey, *, limit: int) -> Sequence[BudgetChange]:
        """Return what was set, newest first."""
        return self._changes(workspace)[::-1][:limit]

    async def by_subject(
        self, workspace: PromptKey, by: Dimension, *, since: str, until: str
    ) -> Mapping[str, Spending]:
        """Return what calls cost in some days, for each subject."""
        return self._sums(workspace, since, until, lambda turn, call, _at: _subject(by, turn, call))

    async def by_day(
        self, workspace: PromptKey, of: Dimension, subject: str, *, days: Sequence[str]
    ) -> Mapping[str, Spending]:
        """Return what one subject's calls cost, for each day."""

        def key(turn: Turn, call: Call, at: float) -> str | None:
            day = period(Span.DAY, at)
            return day if day in days and _subject(of, turn, call) == subject else None

        return self._sums(workspace, min(days, default=""), max(days, default=""), key)

    def _changes(self, workspace: PromptKey) -> list[BudgetChange]:
        return [change for place, change in self._data.budgets if _place(place) == _place(workspace)]

    def _sums(
        self, workspace: PromptKey, since: str, until: str, key: Callable[[Turn, Call, float], str | None]
    ) -> Mapping[str, Spending]:
        sums: dict[str, Spending] = {}
        for turn, call, at in self._data.calls:
            found = key(turn, call, at)
            is_meant = _place(turn.thread) == _place(workspace) and since <= period(Span.DAY, at) <= until
            if is_meant and found is not None:
                sums[found] = sums.get(found, Spending()) + core.spent(call)
        return sums

    def _standing(self, limit: Budget, here: ThreadKey, at: float, *, but: int = 0) -> Standing:
        def is_spender(turn: Turn) -> bool:
            who = {Dimension.PERSON: turn.author.id, Dimension.CHANNEL: turn.thread.channel}
            is_here = _place(turn.thread) == _place(here)
            return is_here and who.get(limit.scope, "") == limit.subject

        now = period(limit.span, at)
        spent = Spending()
        for turn, call, then in self._data.calls:
            if is_spender(turn) and period(limit.span, then) == now:
                spent += core.spent(call)
        kept = [need for turn, need in self._data.kept.values() if turn.id != but and is_spender(turn)]
        return Standing(
            budget=limit,
            spent=core.measured(limit.unit, spent),
            kept=sum(need.tokens if limit.unit is core.Unit.TOKENS else need.cost or 0 for need in kept),
            ends_at=end(limit.span, at),
        )


def _subject(by: Dimension, turn: Turn, call: Call) -> str:
    return {
        Dimension.WORKSPACE: "",
        Dimension.CHANNEL: turn.thread.channel,
        Dimension.PERSON: turn.author.id,
        Dimension.MODEL: call.model,
        Dimension.VERSIONS: core.versions_key(call.versions),
    }[by]


def _place(of: Any) -> tuple[str, str]:
    return of.platform, of.workspace


def _thread(workspace: PromptKey, channel: str) -> ThreadKey:
    return ThreadKey(platform=workspace.platform, workspace=workspace.workspace, channel=channel, root="")
