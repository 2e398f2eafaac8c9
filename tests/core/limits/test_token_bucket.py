"""A rate limit is fully used, and never exceeded."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.limits.token_bucket import TokenBucket

UNTIMED = settings(deadline=None)  # the machine may be busy, and time is not what these tests are about
SLACK_UPDATES_PER_MINUTE = 50
PAUSES = st.floats(min_value=0, max_value=30, allow_nan=False)
WRITES = st.lists(st.tuples(PAUSES, st.booleans()), max_size=200)


def slack() -> TokenBucket:
    return TokenBucket(per_minute=45, burst=4)


def granted(budget: TokenBucket, writes: list[tuple[float, bool]]) -> list[float]:
    """Return the times at which writes went out, each wanted some time after the one before went."""
    now, times = 0.0, list[float]()
    for pause, last in writes:
        now += pause
        while delay := budget.delay(now, last=last):
            now += delay
        budget.take(now)
        times.append(now)
    return times


@UNTIMED
@given(WRITES)
def test_no_minute_holds_more_writes_than_slack_allows(writes: list[tuple[float, bool]]) -> None:
    times = granted(slack(), writes)
    assert all(later - first > 60 for first, later in zip(times, times[SLACK_UPDATES_PER_MINUTE:], strict=False))


def test_a_greedy_reply_gets_the_whole_rate_and_no_more() -> None:
    times = granted(slack(), [(0, True)] * 500)
    assert times[3] == 0
    assert all(later - first == pytest.approx(60 / 45) for first, later in pairwise(times[3:]))
    assert all(sum(t <= time < t + 60 for time in times) <= 49 for t in times)


@UNTIMED
@given(WRITES, PAUSES, st.floats(min_value=0, max_value=120), st.booleans())
def test_a_refusal_is_obeyed_to_the_letter(
    writes: list[tuple[float, bool]], pause: float, retry_after: float, last: bool
) -> None:
    budget = slack()
    now = max(granted(budget, writes), default=0.0) + pause
    budget.note_refused(now, retry_after)
    assert granted(budget, [(now, last)]) >= [now + retry_after]
    times = granted(budget, [(0, True)] * 3)
    assert all(later - first >= 60 / 45 - 1e-9 for first, later in pairwise(times)), "no burst after a refusal"


@UNTIMED
@given(WRITES, PAUSES)
def test_a_last_write_never_waits_longer_than_a_partial_one(writes: list[tuple[float, bool]], pause: float) -> None:
    budget = slack()
    now = max(granted(budget, writes), default=0.0) + pause
    assert budget.delay(now, last=True) <= budget.delay(now, last=False)


@UNTIMED
@given(st.integers(min_value=1, max_value=300))
def test_partial_writes_leave_room_for_last_ones(count: int) -> None:
    budget = slack()
    now = granted(budget, [(0, False)] * count)[-1]
    budget.take(now)
    assert budget.delay(now, last=True) == pytest.approx(0, abs=1e-9), "the second of two last writes"


def test_replies_share_evenly() -> None:
    assert slack().fair_interval(30) == pytest.approx(40)


@pytest.mark.parametrize(("per_minute", "burst"), [(0, 1), (1, 0)])
def test_a_budget_that_allows_nothing_is_refused(per_minute: float, burst: int) -> None:
    with pytest.raises(ValueError, match="needs per_minute"):
        TokenBucket(per_minute=per_minute, burst=burst)
