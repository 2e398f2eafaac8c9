"""Describes spending to people: in sentences, in figures, and in charts made of characters.

    format_used(state, "USD")              "900 of 1,000 tokens"
    describe_refusal(state, "USD")         "Your budget for today is used up: ..."
    draw_columns([1, 4, 2], height=1)      ["▂█▄"]
    draw_bar(part=3, whole=4, width=8)     "██████░░"

A chart is made of Unicode's block characters, which every client and every phone can show. Each column is as
high as its share of the largest value, in eighths of a cell, rounded up, so that a small value stays visible.
"""

from collections.abc import Sequence
from typing import Final

from bot.core.periods import Span, format_moment
from bot.core.spending import prices
from bot.core.spending.budgets import Budget, BudgetState, BudgetUnit, Spending, SpendingDimension, format_amount

BLOCK_CHARACTERS: Final = " ▁▂▃▄▅▆▇█"
"""Index n is a cell of which n eighths are filled (Unicode's block elements)."""
EIGHTHS_PER_CELL: Final = len(BLOCK_CHARACTERS) - 1


def format_used(state: BudgetState, currency: str) -> str:
    """Return how much of a budget is spent, such as `900 of 1,000 tokens`."""
    total = format_amount(state.budget.unit, state.budget.amount or 0, currency)
    if state.budget.unit is BudgetUnit.TOKENS:
        return f"{state.spent:,} of {total}"
    return f"{format_amount(state.budget.unit, state.spent, currency)} of {total}"


def format_cost(spending: Spending, currency: str) -> str:
    """Return the cost of calls for people; calls with an unknown price are counted, not added as zero."""
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
    reserved = ""
    if state.reserved:
        reserved = (
            f" and {format_amount(state.budget.unit, state.reserved, currency)} reserved for answers being written"
        )
    return (
        f"{_name_budget(state.budget)} {verdict}: {format_used(state, currency)} used{reserved}. "
        f"It resets on {format_moment(state.resets_at)}; an admin can raise it."
    )


def describe_warning(state: BudgetState, currency: str) -> str:
    """Return the remark that a budget is nearly used up."""
    reset = f"It resets on {format_moment(state.resets_at)}."
    return f"_{_name_budget(state.budget)} is nearly used up: {format_used(state, currency)}. {reset}_"


def _name_budget(budget: Budget) -> str:
    owner = {SpendingDimension.PERSON: "Your", SpendingDimension.CHANNEL: "This channel's"}.get(
        budget.scope, "The workspace's"
    )
    return f"{owner} budget for {'today' if budget.span is Span.DAY else 'this month'}"


def draw_columns(values: Sequence[int], height: int) -> list[str]:
    """Return a column of up to `height` cells for each value, as rows from the top down."""
    most = max(values, default=0)
    heights = [-(-value * height * EIGHTHS_PER_CELL // most) if most else 0 for value in values]
    return [
        "".join(BLOCK_CHARACTERS[min(max(filled - row * EIGHTHS_PER_CELL, 0), EIGHTHS_PER_CELL)] for filled in heights)
        for row in reversed(range(height))
    ]


def draw_bar(part: int, whole: int, width: int) -> str:
    """Return a bar that shows which part of the whole is used; it is full only if nothing is left."""
    filled = min(max(part * width // whole, int(part > 0)), width) if part < whole else width
    return "█" * filled + "░" * (width - filled)
