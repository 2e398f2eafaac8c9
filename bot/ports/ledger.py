"""The port to spending: what model calls cost, and the budgets that they must fit into.

The life of a call that a budget covers:

    reserve   before the call: its estimated tokens and cost count as spent; raises `BudgetSpent` if they do not fit
    (call)    the model answers
    charge    afterwards the actual figures take the place of the reservation: `Conversations.save_answer` and
              `settle` do it for the call that answers a turn, `Ledger.charge` for any other call
"""

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

    Days are named as `core.periods` names them, in UTC. Of a `workspace` only the platform and the workspace count.
    """

    async def reserve(self, turn: Turn, limits: Sequence[Budget], estimate: CallEstimate) -> CallPermit:
        """Reserve what a call is estimated to need, until the turn ends, is forgotten, or reserves again.

        `limits` are the turn's `TurnContext.budgets`. Raises `BudgetSpent` or `PriceUnknown` if the estimate does
        not fit, and `ClaimLost` if this process does not own the turn.
        """
        ...

    async def charge(self, turn: Turn, call: ModelCall) -> None:
        """Write a call that was made for a turn but did not answer it, such as a summary.

        The turn may be forgotten by now. Its reservation is not touched.
        """
        ...

    async def list_budget_states(self, workspace: Scope, *, person: str, channel: str) -> Sequence[BudgetState]:
        """Return the state of each budget that applies to a person in a channel, which may be empty."""
        ...

    async def set_budget(self, workspace: Scope, budget: Budget, *, by: Author, note: str = "") -> None:
        """Set, change or remove a budget; it counts from the next call on."""
        ...

    async def list_budgets(self, workspace: Scope) -> Sequence[BudgetChange]:
        """Return the budgets that are set, each with who set it last, ordered by scope and subject."""
        ...

    async def list_budget_changes(self, workspace: Scope, *, limit: int) -> Sequence[BudgetChange]:
        """Return the newest `limit` changes and removals of budgets, newest first."""
        ...

    async def sum_by_subject(
        self, workspace: Scope, by: SpendingDimension, *, since: str, until: str
    ) -> Mapping[str, Spending]:
        """Return what calls cost from one day to another, both included, for each subject that has any."""
        ...

    async def sum_by_day(
        self, workspace: Scope, of: SpendingDimension, subject: str, *, days: Sequence[str]
    ) -> Mapping[str, Spending]:
        """Return what one subject's calls cost on each of these days that has any."""
        ...
