"""Which budgets apply, what fits into them, and what people are told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.calls import Call
from bot.core.ledger import (
    SCOPES,
    Budget,
    BudgetSpent,
    Dimension,
    Grant,
    Need,
    PriceUnknown,
    Spending,
    Standing,
    Unit,
    applying,
    check,
    nearing,
    refusal,
    warning,
)
from bot.core.periods import Span

pytestmark = pytest.mark.calendar

MINE = Budget(scope=Dimension.PERSON, subject="U1", span=Span.DAY, unit=Unit.TOKENS, amount=1_000)
SUBJECTS = {
    Dimension.PERSON: ("", "U1", "U2"),
    Dimension.CHANNEL: ("", "C1", "C2"),
    Dimension.WORKSPACE: ("",),
}
MIDNIGHT = 1_795_305_600


@st.composite
def budget(draw: st.DrawFn) -> Budget:
    scope = draw(st.sampled_from(SCOPES))
    return Budget(
        scope=scope,
        subject=draw(st.sampled_from(SUBJECTS[scope])),
        span=draw(st.sampled_from(Span)),
        unit=draw(st.sampled_from(Unit)),
        amount=draw(st.none() | st.integers(0, 9)),
    )


BUDGETS = st.lists(budget(), unique_by=lambda each: (each.scope, each.subject, each.span, each.unit))


@given(BUDGETS)
def test_of_each_kind_the_one_applies_that_was_meant_most(budgets: list[Budget]) -> None:
    who = {Dimension.PERSON: "U1", Dimension.CHANNEL: "C1", Dimension.WORKSPACE: ""}
    there = {(each.scope, each.subject, each.span, each.unit): each.amount for each in budgets}
    expected = {}
    for scope in SCOPES:
        for span in Span:
            for unit in Unit:
                amounts = [there.get((scope, subject, span, unit)) for subject in (who[scope], "")]
                meant = next((each for each in amounts if each is not None), None)
                if meant is not None:
                    expected[scope, who[scope], span, unit] = meant
    found = applying(budgets, person="U1", channel="C1")
    assert {(each.scope, each.subject, each.span, each.unit): each.amount for each in found} == expected


def standing(spent: int, kept: int = 0, *, of: Budget = MINE) -> Standing:
    return Standing(budget=of, spent=spent, kept=kept, ends_at=MIDNIGHT)


@given(*[st.integers(0, 1_200)] * 3)
def test_what_is_let_in_never_exceeds_the_budget(spent: int, kept: int, need: int) -> None:
    there = standing(spent, kept)
    if spent + kept + need <= 1_000 or not need:
        check([there], Need(tokens=need, cost=None))
    else:
        with pytest.raises(BudgetSpent) as refused:
            check([there], Need(tokens=need, cost=None))
        assert refused.value.standing == there


def test_money_of_which_nobody_knows_how_much_never_fits() -> None:
    rich = standing(0, of=replace(MINE, unit=Unit.MONEY, amount=10**18))
    with pytest.raises(PriceUnknown):
        check([rich], Need(tokens=1, cost=None))
    check([rich], Need(tokens=1, cost=0))


def test_people_are_told_of_the_first_answer_beyond_four_fifths_and_of_no_other() -> None:
    call = Call(model="m", prompt_tokens=90, completion_tokens=10)
    before = [standing(spent) for spent in (699, 700, 900)]
    assert [bool(nearing(Grant(standings=(each,)), call)) for each in before] == [False, True, True]
    assert not nearing(Grant(standings=(before[1],), warned=frozenset({Span.DAY})), call)
    assert nearing(Grant(standings=(before[1],), warned=frozenset({Span.MONTH})), call)


def test_a_refusal_says_whose_how_much_and_until_when() -> None:
    assert refusal(standing(1_000), "USD") == (
        "Your budget for today is used up: 1,000 of 1,000 tokens used. "
        "It is full again on 22 November, 00:00 UTC; an admin can raise it."
    )
    money = Budget(scope=Dimension.CHANNEL, subject="C1", span=Span.MONTH, unit=Unit.MONEY, amount=2 * 10**9)
    assert refusal(standing(10**9, 5 * 10**8, of=money), "EUR") == (
        "This channel's budget for this month has too little left for this: 1.00 EUR of 2.00 EUR used and "
        "0.50 EUR kept for answers under way. "
        "It is full again on 22 November, 00:00 UTC; an admin can raise it."
    )


def test_a_warning_says_whose_how_much_and_until_when() -> None:
    of_all = replace(MINE, scope=Dimension.WORKSPACE, subject="")
    assert warning(standing(850, of=of_all), "USD") == (
        "_The workspace's budget for today is nearly used up: 850 of 1,000 tokens. "
        "It is full again on 22 November, 00:00 UTC._"
    )


def test_what_has_no_price_is_not_added_up_as_nothing() -> None:
    total = Spending(calls=1, cost=5) + Spending(calls=2, unpriced=2)
    assert (total.calls, total.cost, total.unpriced) == (3, 5, 2)
