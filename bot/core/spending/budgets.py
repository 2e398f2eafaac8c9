"""Spending and budgets: what calls of models cost, in sum, and whether another call is allowed.

A budget limits tokens or money for a person, a channel or the workspace, in each day or month. A budget set
for one person or channel replaces the budget set for all of them. A call is allowed only if, for every budget
that applies,

    spent + reserved for running calls + estimate of this call <= amount

A call whose price is unknown never fits a budget of money. `check_budgets` raises `BudgetSpent` for the
budget that blocks for the longest time. Once `WARNING_PERCENT` of a budget is spent, the next answer says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from bot.core.errors import BudgetSpent, PriceUnknown
from bot.core.periods import Span
from bot.core.requests import ModelCall
from bot.core.spending import prices
from bot.core.turns import Author

WARNING_PERCENT = 80
"""From this part of a budget on, people are warned."""
MAX_BUDGET_TOKENS = 10**12 - 1
"""Of a budget."""
ANY_SUBJECT = ""
"""The subject of a budget that every person, or every channel, has for itself."""


class SpendingDimension(StrEnum):
    """What calls are summed up by."""

    WORKSPACE = "workspace"
    CHANNEL = "channel"
    PERSON = "person"
    MODEL = "model"
    VERSIONS = "versions"  # the versions of prompts that applied, as `versions_key` names them


BUDGET_DIMENSIONS = (SpendingDimension.PERSON, SpendingDimension.CHANNEL, SpendingDimension.WORKSPACE)
"""What can have a budget."""


class BudgetUnit(StrEnum):
    """What a budget counts."""

    TOKENS = "tokens"
    MONEY = "money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """The cost of several calls together."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost: int = 0
    """In nano-units of the currency, of the calls with a known price."""
    unpriced: int = 0
    """Calls with an unknown price; they add nothing to `cost`."""
    estimated: int = 0
    """Calls whose tokens or price are partly guessed."""

    @property
    def tokens(self) -> int:
        """The tokens that a budget counts."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Spending") -> "Spending":
        """Return the cost of both together."""
        sums = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return Spending(**sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much may be spent in each period."""

    scope: SpendingDimension
    """One of `BUDGET_DIMENSIONS`."""
    subject: str = ANY_SUBJECT
    """Id of a person or a channel; always empty for a workspace."""
    span: Span
    unit: BudgetUnit
    amount: int | None
    """Tokens, or nano-units of the currency; None if the budget was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetChange:
    """A budget as an admin set it. It never changes; a later one replaces it."""

    budget: Budget
    author: Author
    note: str
    created_at: float
    """In seconds since 1970 by the store's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEstimate:
    """What a call may cost at most, estimated before the call."""

    tokens: int
    cost: int | None
    """In nano-units of the currency; None if the price is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """How much of a budget is used, in the budget's unit."""

    budget: Budget
    """Its subject is the person or channel that spends it, even if it is set for all."""
    spent: int
    reserved: int = 0
    """Reserved for calls that are running."""
    resets_at: int
    """When the period ends, in seconds since 1970."""

    @property
    def remaining(self) -> int:
        """What may still be spent."""
        return max((self.budget.amount or 0) - self.spent - self.reserved, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPermit:
    """Permission for a call."""

    budget_states: tuple[BudgetState, ...]
    """The state of all budgets that apply, before the call."""
    warned_spans: frozenset[Span] = frozenset()
    """Periods for which the person was already warned that a budget is nearly used up."""


def find_applying_budgets(budgets: Iterable[Budget], *, person: str, channel: str) -> tuple[Budget, ...]:
    """Return the budgets that apply to a person in a channel, with the spender as their subject."""
    who = {
        SpendingDimension.PERSON: person,
        SpendingDimension.CHANNEL: channel,
        SpendingDimension.WORKSPACE: ANY_SUBJECT,
    }
    found: dict[tuple[SpendingDimension, Span, BudgetUnit], Budget] = {}
    for budget in sorted(budgets, key=lambda each: each.subject):  # a budget for all comes first
        if budget.amount is not None and budget.subject in {ANY_SUBJECT, who[budget.scope]}:
            spender = replace(budget, subject=who[budget.scope])
            found[budget.scope, budget.span, budget.unit] = spender
    return tuple(found.values())


def measure(unit: BudgetUnit, of: CallEstimate | Spending) -> int:
    """Return what a budget of that unit counts.

    Raises `PriceUnknown` if that is money and the price is unknown.
    """
    if unit is BudgetUnit.TOKENS:
        return of.tokens
    if of.cost is None:
        raise PriceUnknown
    return of.cost


def check_budgets(states: Sequence[BudgetState], estimate: CallEstimate) -> None:
    """Raise `BudgetSpent` if a call does not fit, for the budget that blocks for the longest time."""
    full = [each for each in states if measure(each.budget.unit, estimate) > each.remaining]
    if full:
        raise BudgetSpent(max(full, key=lambda each: each.resets_at))


def find_nearly_spent(permit: CallPermit, call: ModelCall) -> tuple[BudgetState, ...]:
    """Return the budgets that the call brought near their end; the answer warns about them."""
    need = CallEstimate(tokens=call.tokens, cost=call.cost or 0)
    after = (
        replace(each, spent=each.spent + measure(each.budget.unit, need), reserved=0)
        for each in permit.budget_states
        if each.budget.span not in permit.warned_spans
    )
    return tuple(each for each in after if each.spent * 100 >= WARNING_PERCENT * (each.budget.amount or 0))


def spending_of(call: ModelCall) -> Spending:
    """Return what one call adds to each sum that it belongs to."""
    return Spending(
        calls=1,
        prompt_tokens=call.prompt_tokens,
        completion_tokens=call.completion_tokens,
        cached_tokens=call.cached_tokens,
        cost=call.cost or 0,
        unpriced=int(call.cost is None),
        estimated=int(call.is_estimated),
    )


def versions_key(versions: Iterable[int]) -> str:
    """Return the subject under which calls with these config versions are summed up."""
    return ",".join(map(str, versions))


def format_amount(unit: BudgetUnit, amount: int, currency: str) -> str:
    """Return an amount for people."""
    return prices.format_amount(amount, currency) if unit is BudgetUnit.MONEY else f"{amount:,} tokens"


def parse_amount(text: str, unit: BudgetUnit) -> int:
    """Return the amount that a person wrote. Raises ValueError with a sentence without its full stop."""
    if unit is BudgetUnit.MONEY:
        return prices.parse_amount(text)
    digits = text.strip().replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MAX_BUDGET_TOKENS))):
        raise ValueError(f"An amount of tokens must be a whole number from 0 to {MAX_BUDGET_TOKENS:,}")
    return int(digits)
