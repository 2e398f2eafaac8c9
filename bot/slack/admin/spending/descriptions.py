"""Costs and budgets in words: sentences, a chart over days, meters. Pure.

Home and the details view share them. A line of text says what each chart shows, for screen readers.
"""

from collections.abc import Mapping, Sequence

from bot.core.periods import MONTH_NAMES, Span, format_moment
from bot.core.spending.budgets import BudgetState, Spending, SpendingDimension
from bot.core.spending.descriptions import draw_bar, draw_columns, format_cost, format_used
from bot.core.spending.prices import format_amount
from bot.slack.views import block_kit
from bot.slack.views.block_kit import Block

CHART_HEIGHT_CELLS, METER_WIDTH_CELLS = 4, 10
"""Size of the chart and of a meter, in characters."""


def describe_spending(spent: Spending, currency: str) -> str:
    """Return the cost of model calls in one line."""
    if not spent.calls:
        return "nothing"
    plural = "s" if spent.calls > 1 else ""
    cost = f"{estimate_prefix(spent)}{format_cost(spent, currency)}"
    return f"{spent.calls:,} model call{plural}, {spent.tokens:,} tokens, {cost}"


def render_chart(by_day: Mapping[str, Spending], days: Sequence[str], currency: str) -> list[Block]:
    """Return a chart with one column a day, oldest first, and a line that describes it."""
    spent = [by_day.get(day, Spending()) for day in days]
    total = sum(spent, Spending())
    if not total.calls:
        return []
    is_money = bool(total.cost) and not total.unpriced
    values = [each.cost if is_money else each.tokens for each in spent]
    most = max(range(len(values)), key=values.__getitem__)
    amount = format_amount(values[most], currency) if is_money else f"{values[most]:,} tokens"
    first, last = _format_day(days[0]), _format_day(days[-1])
    axis = [chr(0x2500) * len(days), first + last.rjust(len(days) - len(first))]
    drawn = "\n".join((*draw_columns(values, CHART_HEIGHT_CELLS), *axis))
    kind = "Money" if is_money else "Tokens"
    return [
        block_kit.preformatted(drawn),
        block_kit.context(f"{kind} a day. The most was {amount}, on {_format_day(days[most])}."),
    ]


def render_meter(state: BudgetState, currency: str) -> str:
    """Return how much of a budget is used, as one line of mrkdwn."""
    budget = state.budget
    drawn = draw_bar(state.spent, budget.amount or 0, METER_WIDTH_CELLS)
    whose = "You" if budget.scope is SpendingDimension.PERSON else "All of us"
    span = "today" if budget.span is Span.DAY else "this month"
    used = format_used(state, currency)
    return f"`{drawn}` {whose}, {span}: {used}; resets on {format_moment(state.resets_at)}"


def render_ranking(names: Mapping[str, str], sums: Mapping[str, Spending], currency: str, most: int) -> str:
    """Return the subjects that cost most, one a line; `names` maps a subject to its name."""
    ordered = sorted(sums, key=lambda each: (-sums[each].cost, -sums[each].tokens, each))
    lines = [f"• {names.get(each, each)}: {describe_spending(sums[each], currency)}" for each in ordered[:most]]
    if len(ordered) > most:
        rest = sum((sums[each] for each in ordered[most:]), Spending())
        lines.append(f"• {len(ordered) - most:,} more: {describe_spending(rest, currency)}")
    return "\n".join(lines)


def estimate_prefix(spent: Spending) -> str:
    """Return "about " if a part of the cost is estimated."""
    return "about " if spent.estimated and spent.unpriced < spent.calls else ""


def _format_day(name: str) -> str:
    _, month, day = name.split("-")
    return f"{int(day)} {MONTH_NAMES[int(month) - 1][:3]}"
