"""What calls of models cost, whom and where; and the budgets that they must fit into.

Separate because everybody who counts, shows or limits speaks these words. Pure. Rules: a budget of one person
or channel takes the place of the one that is set for all; a call is let in only where what is spent, what is
kept for calls that are under way, and what it may need itself stay within every budget that applies; one
whose price is unknown never fits a budget of money.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from bot.core.errors import ModelError
from bot.core.periods import Span, format_moment
from bot.core.requests import ModelCall
from bot.core.spending import prices
from bot.core.turns import Author

WARNING_PERCENT = 80
"""Per cent of a budget from which on people are told."""
MAX_BUDGET_TOKENS = 10**12 - 1
"""Of a budget."""
ANY_SUBJECT = ""
"""The subject of a budget that each person, or each channel, has."""


class SpendingDimension(StrEnum):
    """By what calls are summed up."""

    WORKSPACE = "workspace"
    CHANNEL = "channel"
    PERSON = "person"
    MODEL = "model"
    VERSIONS = "versions"  # the versions of prompts that applied, as `versions_key` names them


BUDGET_DIMENSIONS = (SpendingDimension.PERSON, SpendingDimension.CHANNEL, SpendingDimension.WORKSPACE)
"""What may have a budget."""


class BudgetUnit(StrEnum):
    """What a budget counts."""

    TOKENS = "tokens"
    MONEY = "money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What calls cost together."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost: int = 0
    """In nano-units, of the calls whose price is known."""
    unpriced: int = 0
    """Calls whose price is not known; nothing of them is in `cost`."""
    estimated: int = 0
    """Calls of which something is a guess."""

    @property
    def tokens(self) -> int:
        """What a budget of tokens counts."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Spending") -> "Spending":
        """Return what both cost together."""
        sums = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return Spending(**sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much may be spent in each period."""

    scope: SpendingDimension
    """One of `SCOPES`."""
    subject: str = ANY_SUBJECT
    """Id of a person or a channel; for a workspace always empty."""
    span: Span
    unit: BudgetUnit
    amount: int | None
    """Tokens, or nano-units; None if there is no such budget any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetChange:
    """What somebody set; never changed, only followed by a newer one."""

    budget: Budget
    author: Author
    note: str
    created_at: float
    """In seconds since 1970 by the store's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEstimate:
    """What a call may cost at most, as far as can be said before it."""

    tokens: int
    cost: int | None
    """In nano-units; None if the price is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """How a budget stands, in its own unit."""

    budget: Budget
    """With the subject that it is spent by, also where it is set for all."""
    spent: int
    reserved: int = 0
    """For calls that are under way."""
    resets_at: int
    """When it is full again, in seconds since 1970."""

    @property
    def remaining(self) -> int:
        """What may still be spent."""
        return max((self.budget.amount or 0) - self.spent - self.reserved, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPermit:
    """Leave to make a call."""

    budget_states: tuple[BudgetState, ...]
    """Of all budgets that apply, before the call."""
    warned_spans: frozenset[Span] = frozenset()
    """Periods of which the person was told that a budget is nearly used up."""


class BudgetSpent(ModelError):
    """A call does not fit into a budget that applies; nothing was asked."""

    code = "budget_spent"
    for_people = "A budget is used up. An admin can raise it."

    def __init__(self, state: BudgetState) -> None:
        """`standing` is that of the budget which is in the way."""
        super().__init__(self.for_people)
        self.state = state


class PriceUnknown(ModelError):
    """A budget of money applies, and nobody knows what the call would cost; nothing was asked."""

    code = "price_unknown"
    for_people = (
        "There is a budget of money here, and the price of this model is not known, so I can't answer. "
        "Whoever runs this bot needs to add it to `BOT_PRICES`."
    )


def find_applying_budgets(budgets: Iterable[Budget], *, person: str, channel: str) -> tuple[Budget, ...]:
    """Return the budgets that apply to a person in a channel, with who spends them as subjects."""
    who = {
        SpendingDimension.PERSON: person,
        SpendingDimension.CHANNEL: channel,
        SpendingDimension.WORKSPACE: ANY_SUBJECT,
    }
    found: dict[tuple[SpendingDimension, Span, BudgetUnit], Budget] = {}
    for budget in sorted(budgets, key=lambda each: each.subject):  # what is set for all comes first
        if budget.amount is not None and budget.subject in {ANY_SUBJECT, who[budget.scope]}:
            spender = replace(budget, subject=who[budget.scope])
            found[budget.scope, budget.span, budget.unit] = spender
    return tuple(found.values())


def measure(unit: BudgetUnit, of: CallEstimate | Spending) -> int:
    """Return what counts for a budget. Raises `PriceUnknown` where that is money, and unknown."""
    if unit is BudgetUnit.TOKENS:
        return of.tokens
    if of.cost is None:
        raise PriceUnknown
    return of.cost


def check_budgets(states: Sequence[BudgetState], estimate: CallEstimate) -> None:
    """Raise `BudgetSpent` if a call does not fit, with the budget that is in the way for longest."""
    full = [each for each in states if measure(each.budget.unit, estimate) > each.remaining]
    if full:
        raise BudgetSpent(max(full, key=lambda each: each.resets_at))


def find_nearly_spent(permit: CallPermit, call: ModelCall) -> tuple[BudgetState, ...]:
    """Return the budgets of which to tell the person below the answer that a call brought."""
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
    """Return the subject under which calls with these versions are summed up."""
    return ",".join(map(str, versions))


def format_amount(unit: BudgetUnit, amount: int, currency: str) -> str:
    """Return an amount for people."""
    return prices.format_amount(amount, currency) if unit is BudgetUnit.MONEY else f"{amount:,} tokens"


def format_used(state: BudgetState, currency: str) -> str:
    """Return how much of a budget is spent, such as `900 of 1,000 tokens`."""
    total = format_amount(state.budget.unit, state.budget.amount or 0, currency)
    if state.budget.unit is BudgetUnit.TOKENS:
        return f"{state.spent:,} of {total}"
    return f"{format_amount(state.budget.unit, state.spent, currency)} of {total}"


def parse_amount(text: str, unit: BudgetUnit) -> int:
    """Return the amount that somebody wrote. Raises ValueError, a sentence without its full stop."""
    if unit is BudgetUnit.MONEY:
        return prices.parse_amount(text)
    digits = text.strip().replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MAX_BUDGET_TOKENS))):
        raise ValueError(f"An amount of tokens must be a whole number from 0 to {MAX_BUDGET_TOKENS:,}")
    return int(digits)


def format_cost(spending: Spending, currency: str) -> str:
    """Return what calls cost for people; what is not known is not added up as nothing."""
    if not spending.unpriced:
        return prices.format_amount(spending.cost, currency)
    if spending.unpriced == spending.calls:
        return "unknown"
    plural = "s" if spending.unpriced > 1 else ""
    known = prices.format_amount(spending.cost, currency)
    return f"{known}, and {spending.unpriced:,} call{plural} of unknown price"


def describe_refusal(state: BudgetState, currency: str) -> str:
    """Return the sentences for a question that does not fit into a budget."""
    verdict = "is used up" if state.spent >= (state.budget.amount or 0) else "has too little left for this"
    kept = ""
    if state.reserved:
        kept = f" and {format_amount(state.budget.unit, state.reserved, currency)} kept for answers under way"
    return (
        f"{_name_budget(state.budget)} {verdict}: {format_used(state, currency)} used{kept}. "
        f"It is full again on {format_moment(state.resets_at)}; an admin can raise it."
    )


def describe_warning(state: BudgetState, currency: str) -> str:
    """Return the remark that a budget is nearly used up."""
    again = f"It is full again on {format_moment(state.resets_at)}."
    return f"_{_name_budget(state.budget)} is nearly used up: {format_used(state, currency)}. {again}_"


def _name_budget(budget: Budget) -> str:
    owner = {SpendingDimension.PERSON: "Your", SpendingDimension.CHANNEL: "This channel's"}.get(
        budget.scope, "The workspace's"
    )
    return f"{owner} budget for {'today' if budget.span is Span.DAY else 'this month'}"
