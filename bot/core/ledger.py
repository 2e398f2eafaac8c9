"""What calls of models cost, whom and where; and the budgets that they must fit into.

Separate because everybody who counts, shows or limits speaks these words. Pure. Rules: a budget of one person
or channel takes the place of the one that is set for all; a call is let in only where what is spent, what is
kept for calls that are under way, and what it may need itself stay within every budget that applies; one
whose price is unknown never fits a budget of money.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from bot.core import money
from bot.core.calls import Call
from bot.core.domain import Author
from bot.core.errors import ModelError
from bot.core.periods import Span, told

WARN_AT = 80
"""Per cent of a budget from which on people are told."""
MOST_TOKENS = 10**12 - 1
"""Of a budget."""
EVERYBODY = ""
"""The subject of a budget that each person, or each channel, has."""


class Dimension(StrEnum):
    """By what calls are summed up."""

    WORKSPACE = "workspace"
    CHANNEL = "channel"
    PERSON = "person"
    MODEL = "model"
    VERSIONS = "versions"  # the versions of prompts that applied, as `versions_key` names them


SCOPES = (Dimension.PERSON, Dimension.CHANNEL, Dimension.WORKSPACE)
"""What may have a budget."""


class Unit(StrEnum):
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

    scope: Dimension
    """One of `SCOPES`."""
    subject: str = EVERYBODY
    """Id of a person or a channel; for a workspace always empty."""
    span: Span
    unit: Unit
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
class Need:
    """What a call may cost at most, as far as can be said before it."""

    tokens: int
    cost: int | None
    """In nano-units; None if the price is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a budget stands, in its own unit."""

    budget: Budget
    """With the subject that it is spent by, also where it is set for all."""
    spent: int
    kept: int = 0
    """For calls that are under way."""
    ends_at: int
    """When it is full again, in seconds since 1970."""

    @property
    def left(self) -> int:
        """What may still be spent."""
        return max((self.budget.amount or 0) - self.spent - self.kept, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Leave to make a call."""

    standings: tuple[Standing, ...]
    """Of all budgets that apply, before the call."""
    warned: frozenset[Span] = frozenset()
    """Periods of which the person was told that a budget is nearly used up."""


class BudgetSpent(ModelError):
    """A call does not fit into a budget that applies; nothing was asked."""

    code = "budget_spent"
    for_people = "A budget is used up. An admin can raise it."

    def __init__(self, standing: Standing) -> None:
        """`standing` is that of the budget which is in the way."""
        super().__init__(self.for_people)
        self.standing = standing


class PriceUnknown(ModelError):
    """A budget of money applies, and nobody knows what the call would cost; nothing was asked."""

    code = "price_unknown"
    for_people = (
        "There is a budget of money here, and the price of this model is not known, so I can't answer. "
        "Whoever runs this bot needs to add it to `BOT_PRICES`."
    )


def applying(budgets: Iterable[Budget], *, person: str, channel: str) -> tuple[Budget, ...]:
    """Return the budgets that apply to a person in a channel, with who spends them as subjects."""
    who = {Dimension.PERSON: person, Dimension.CHANNEL: channel, Dimension.WORKSPACE: EVERYBODY}
    found: dict[tuple[Dimension, Span, Unit], Budget] = {}
    for budget in sorted(budgets, key=lambda each: each.subject):  # what is set for all comes first
        if budget.amount is not None and budget.subject in {EVERYBODY, who[budget.scope]}:
            spender = replace(budget, subject=who[budget.scope])
            found[budget.scope, budget.span, budget.unit] = spender
    return tuple(found.values())


def measured(unit: Unit, of: Need | Spending) -> int:
    """Return what counts for a budget. Raises `PriceUnknown` where that is money, and unknown."""
    if unit is Unit.TOKENS:
        return of.tokens
    if of.cost is None:
        raise PriceUnknown
    return of.cost


def check(standings: Sequence[Standing], need: Need) -> None:
    """Raise `BudgetSpent` if a call does not fit, with the budget that is in the way for longest."""
    full = [each for each in standings if measured(each.budget.unit, need) > each.left]
    if full:
        raise BudgetSpent(max(full, key=lambda each: each.ends_at))


def nearing(grant: Grant, call: Call) -> tuple[Standing, ...]:
    """Return the budgets of which to tell the person below the answer that a call brought."""
    need = Need(tokens=call.tokens, cost=call.cost or 0)
    after = (
        replace(each, spent=each.spent + measured(each.budget.unit, need), kept=0)
        for each in grant.standings
        if each.budget.span not in grant.warned
    )
    return tuple(each for each in after if each.spent * 100 >= WARN_AT * (each.budget.amount or 0))


def spent(call: Call) -> Spending:
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


def shown(unit: Unit, amount: int, currency: str) -> str:
    """Return an amount for people."""
    return money.show(amount, currency) if unit is Unit.MONEY else f"{amount:,} tokens"


def used(standing: Standing, currency: str) -> str:
    """Return how much of a budget is spent, such as `900 of 1,000 tokens`."""
    total = shown(standing.budget.unit, standing.budget.amount or 0, currency)
    if standing.budget.unit is Unit.TOKENS:
        return f"{standing.spent:,} of {total}"
    return f"{shown(standing.budget.unit, standing.spent, currency)} of {total}"


def amount_of(text: str, unit: Unit) -> int:
    """Return the amount that somebody wrote. Raises ValueError, a sentence without its full stop."""
    if unit is Unit.MONEY:
        return money.amount(text)
    digits = text.strip().replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MOST_TOKENS))):
        raise ValueError(f"An amount of tokens must be a whole number from 0 to {MOST_TOKENS:,}")
    return int(digits)


def costs(spent: Spending, currency: str) -> str:
    """Return what calls cost for people; what is not known is not added up as nothing."""
    if not spent.unpriced:
        return money.show(spent.cost, currency)
    if spent.unpriced == spent.calls:
        return "unknown"
    plural = "s" if spent.unpriced > 1 else ""
    return f"{money.show(spent.cost, currency)}, and {spent.unpriced:,} call{plural} of unknown price"


def refusal(standing: Standing, currency: str) -> str:
    """Return the sentences for a question that does not fit into a budget."""
    state = (
        "is used up" if standing.spent >= (standing.budget.amount or 0) else "has too little left for this"
    )
    kept = ""
    if standing.kept:
        kept = f" and {shown(standing.budget.unit, standing.kept, currency)} kept for answers under way"
    return (
        f"{_whose(standing.budget)} {state}: {used(standing, currency)} used{kept}. "
        f"It is full again on {told(standing.ends_at)}; an admin can raise it."
    )


def warning(standing: Standing, currency: str) -> str:
    """Return the remark that a budget is nearly used up."""
    again = f"It is full again on {told(standing.ends_at)}."
    return f"_{_whose(standing.budget)} is nearly used up: {used(standing, currency)}. {again}_"


def _whose(budget: Budget) -> str:
    owner = {Dimension.PERSON: "Your", Dimension.CHANNEL: "This channel's"}.get(
        budget.scope, "The workspace's"
    )
    return f"{owner} budget for {'today' if budget.span is Span.DAY else 'this month'}"
