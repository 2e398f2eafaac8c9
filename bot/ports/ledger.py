"""The door to what calls of models cost, and to the budgets that they must fit into."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.core.config import Scope
from bot.core.requests import ModelCall
from bot.core.spending.budgets import (
    Budget,
    BudgetChange,
    BudgetState,
    CallEstimate,
    CallPermit,
    Spending,
    SpendingDimension,
)
from bot.core.turns import Author, Turn


class Ledger(Protocol):
    """Budgets and spending. One method is one transaction; each raises `StoreUnavailable`.

    Calls that answer are written by `Store.answered` and `Store.settle`. Days are named as by
    `core.periods`, in UTC. Of a `workspace` only the platform and the workspace count.
    """

    async def reserve(self, turn: Turn, limits: Sequence[Budget], need: CallEstimate) -> CallPermit:
        """Keep what a call may need, until the turn ends, is forgotten, or reserves again.

        `limits` are `Context.budgets` of the turn. Raises `BudgetSpent` or `PriceUnknown` where it does not
        fit, and `ClaimLost` for a turn that is not this process's.
        """
        ...

    async def charge(self, turn: Turn, call: ModelCall) -> None:
        """Write a call that was made beside the one that answered a turn, whatever became of that.

        Nothing was kept for it.
        """
        ...

    async def list_budget_states(self, workspace: Scope, *, person: str, channel: str) -> Sequence[BudgetState]:
        """Return how the budgets stand that apply to a person in a channel, which may be empty."""
        ...

    async def set_budget(self, workspace: Scope, budget: Budget, *, by: Author, note: str = "") -> None:
        """Set or change a budget, or take it away; it counts from the next call on."""
        ...

    async def list_budgets(self, workspace: Scope) -> Sequence[BudgetChange]:
        """Return the budgets there are, each with who set it last, ordered by scope and subject."""
        ...

    async def list_budget_changes(self, workspace: Scope, *, limit: int) -> Sequence[BudgetChange]:
        """Return what was set and taken away, newest first."""
        ...

    async def sum_by_subject(
        self, workspace: Scope, by: SpendingDimension, *, since: str, until: str
    ) -> Mapping[str, Spending]:
        """Return what calls cost from one day to another, both included, for each subject with any."""
        ...

    async def sum_by_day(
        self, workspace: Scope, of: SpendingDimension, subject: str, *, days: Sequence[str]
    ) -> Mapping[str, Spending]:
        """Return what one subject's calls cost, for each of those days with any."""
        ...
