"""Which budgets apply, what fits into them, and what people are told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import BudgetSpent, PriceUnknown
from bot.core.periods import Span
from bot.core.requests import ModelCall
from bot.core.spending.budgets import (
    BUDGET_DIMENSIONS,
    Budget,
    BudgetState,
    BudgetUnit,
    CallEstimate,
    CallPermit,
    Spending,
    SpendingDimension,
    check_budgets,
    find_applying_budgets,
    find_nearly_spent,
)
from bot.core.spending.descriptions import describe_refusal, describe_warning

pytestmark = pytest.mark.calendar

MINE = Budget(scope=SpendingDimension.PERSON, subject="U1", span=Span.DAY, unit=BudgetUnit.TOKENS, amount=1_000)
SUBJECTS = {
    SpendingDimension.PERSON: ("", "U1", "U2"),
    SpendingDimension.CHANNEL: ("", "C1", "C2"),
    SpendingDimension.WORKSPACE: ("",),
}
MIDNIGHT = 1_795_305_600


@st.composite
def budget(draw: st.DrawFn) -> Budget:
    scope = draw(st.sampled_from(BUDGET_DIMENSIONS))
    return Budget(
        scope=scope,
        subject=draw(st.sampled_from(SUBJECTS[scope])),
        span=draw(st.sampled_from(Span)),
        unit=draw(st.sampled_from(BudgetUnit)),
        amount=draw(st.none() | st.integers(0, 9)),
    )


BUDGETS = st.lists(budget(), unique_by=lambda each: (each.scope, each.subject, each.span, each.unit))


@given(BUDGETS)
def test_of_each_kind_the_most_specific_budget_applies(budgets: list[Budget]) -> None:
    who = {SpendingDimension.PERSON: "U1", SpendingDimension.CHANNEL: "C1", SpendingDimension.WORKSPACE: ""}
    there = {(each.scope, each.subject, each.span, each.unit): each.amount for each in budgets}
    expected = {}
    for scope in BUDGET_DIMENSIONS:
        for span in Span:
            for unit in BudgetUnit:
                amounts = [there.get((scope, subject, span, unit)) for subject in (who[scope], "")]
                meant = next((each for each in amounts if each is not None), None)
                if meant is not None:
                    expected[scope, who[scope], span, unit] = meant
    found = find_applying_budgets(budgets, person="U1", channel="C1")
    assert {(each.scope, each.subject, each.span, each.unit): each.amount for each in found} == expected


def state(spent: int, kept: int = 0, *, of: Budget = MINE) -> BudgetState:
    return BudgetState(budget=of, spent=spent, reserved=kept, resets_at=MIDNIGHT)


@given(*[st.integers(0, 1_200)] * 3)
def test_allowed_calls_never_exceed_the_budget(spent: int, kept: int, tokens: int) -> None:
    there = state(spent, kept)
    if spent + kept + tokens <= 1_000 or not tokens:
        check_budgets([there], CallEstimate(tokens=tokens, cost=None))
    else:
        with pytest.raises(BudgetSpent) as refused:
            check_budgets([there], CallEstimate(tokens=tokens, cost=None))
        assert refused.value.state == there


def test_an_unknown_cost_never_fits_a_budget_of_money() -> None:
    rich = state(0, of=replace(MINE, unit=BudgetUnit.MONEY, amount=10**18))
    with pytest.raises(PriceUnknown):
        check_budgets([rich], CallEstimate(tokens=1, cost=None))
    check_budgets([rich], CallEstimate(tokens=1, cost=0))


def test_the_first_answer_beyond_four_fifths_warns_and_no_other() -> None:
    call = ModelCall(model="m", prompt_tokens=90, completion_tokens=10)
    before = [state(spent) for spent in (699, 700, 900)]
    assert [bool(find_nearly_spent(CallPermit(budget_states=(each,)), call)) for each in before] == [
        False,
        True,
        True,
    ]
    assert not find_nearly_spent(CallPermit(budget_states=(before[1],), warned_spans=frozenset({Span.DAY})), call)
    assert find_nearly_spent(CallPermit(budget_states=(before[1],), warned_spans=frozenset({Span.MONTH})), call)


def test_a_refusal_says_whose_how_much_and_until_when() -> None:
    assert describe_refusal(state(1_000), "USD") == (
        "Your budget for today is used up: 1,000 of 1,000 tokens used. "
        "It resets on 22 November, 00:00 UTC; an admin can raise it."
    )
    money = Budget(
        scope=SpendingDimension.CHANNEL,
        subject="C1",
        span=Span.MONTH,
        unit=BudgetUnit.MONEY,
        amount=2 * 10**9,
    )
    assert describe_refusal(state(10**9, 5 * 10**8, of=money), "EUR") == (
        "This channel's budget for this month has too little left for this: 1.00 EUR of 2.00 EUR used and "
        "0.50 EUR reserved for answers being written. "
        "It resets on 22 November, 00:00 UTC; an admin can raise it."
    )


def test_a_warning_says_whose_how_much_and_until_when() -> None:
    of_all = replace(MINE, scope=SpendingDimension.WORKSPACE, subject="")
    assert describe_warning(state(850, of=of_all), "USD") == (
        "_The workspace's budget for today is nearly used up: 850 of 1,000 tokens. "
        "It resets on 22 November, 00:00 UTC._"
    )


def test_calls_without_a_price_are_counted_separately() -> None:
    total = Spending(calls=1, cost=5) + Spending(calls=2, unpriced=2)
    assert (total.calls, total.cost, total.unpriced) == (3, 5, 2)
