"""The allowed rate is found, at the cost of few refusals."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.limits.rate_probe import (
    BACK_OFF_FACTOR,
    MIN_DELAY_ABOVE_GUARANTEED_SECONDS,
    MIN_WRITES_PER_MINUTE,
    STEP_SHARE,
    RateProbe,
)
from bot.core.limits.token_bucket import TokenBucket

UNTIMED = settings(deadline=None)  # the machine may be busy, and time is not what these tests are about
GUARANTEED = 45.0
HOUR = 3_600.0


class Platform:
    """Takes `granted` writes in any 60 seconds, and says when the next one is taken."""

    def __init__(self, granted: int) -> None:
        self.granted = granted
        self.refusals: list[float] = []
        self.taken: deque[float] = deque()

    def write(self, now: float) -> float:
        """Return 0, or the seconds to wait."""
        while self.taken and now - self.taken[0] >= 60:
            self.taken.popleft()
        if len(self.taken) < self.granted:
            self.taken.append(now)
            return 0.0
        self.refusals.append(now)
        return float(int(60 - (now - self.taken[0])) + 1)


def used(platform: Platform, pace: RateProbe, *, start: float = 0.0, hours: float) -> float:
    """Write as much as may be for some hours; return the time."""
    budget, now = TokenBucket(per_minute=pace.per_minute, burst=4), start
    while now < start + hours * HOUR:
        now += budget.delay(now, last=True)
        if wait := platform.write(now):
            budget.note_refused(now, wait)
            pace.note_refused(now, wait)
        else:
            pace.note_write(now)
        budget.take(now)
        budget.adjust(per_minute=pace.per_minute, burst=4)
    return now


def test_if_only_the_guaranteed_rate_is_allowed_little_is_refused() -> None:
    """No refusal until the first try above the guaranteed rate, then few; the guaranteed rate is used."""
    platform, pace = Platform(50), RateProbe(GUARANTEED)
    used(platform, pace, hours=MIN_DELAY_ABOVE_GUARANTEED_SECONDS / HOUR)
    assert platform.refusals == []
    used(platform, pace, start=MIN_DELAY_ABOVE_GUARANTEED_SECONDS, hours=10)
    assert len(platform.refusals) <= 10
    assert pace.per_minute >= GUARANTEED


@UNTIMED
@given(st.integers(5, 120))
def test_the_allowed_rate_is_found_and_never_exceeded_for_long(granted: int) -> None:
    """The rate exceeds the limit by one try at most; refusals get rare; most of the limit is used."""
    platform, pace = Platform(granted), RateProbe(GUARANTEED)
    now = used(platform, pace, hours=1)
    refused = len(platform.refusals)
    assert refused <= 8, "it came down to what is granted, and tried a few times"
    used(platform, pace, start=now, hours=3)
    assert len(platform.refusals) - refused <= 9, "one in twenty minutes, at worst"
    assert pace.per_minute <= max(granted, MIN_WRITES_PER_MINUTE) + STEP_SHARE * GUARANTEED + 1
    assert len(platform.taken) >= min(0.5 * granted, BACK_OFF_FACTOR * GUARANTEED)


def test_a_platform_that_gives_more_again_is_used_more_again() -> None:
    platform, pace = Platform(20), RateProbe(GUARANTEED)
    now = used(platform, pace, hours=1)
    assert pace.per_minute < 25
    platform.granted = 60
    used(platform, pace, start=now, hours=12)
    assert pace.per_minute >= GUARANTEED


def test_a_refusal_is_answered_at_once_and_its_echoes_are_not() -> None:
    pace = RateProbe(GUARANTEED)
    pace.note_refused(100.0, 10.0)
    assert pace.per_minute == pytest.approx(GUARANTEED * BACK_OFF_FACTOR)
    pace.note_refused(100.2, 10.0)
    pace.note_refused(114.0, 1.0)
    assert pace.per_minute == pytest.approx(GUARANTEED * BACK_OFF_FACTOR)
    pace.note_refused(116.0, 1.0)
    assert pace.per_minute == pytest.approx(GUARANTEED * BACK_OFF_FACTOR**2)


def test_an_unused_rate_teaches_nothing() -> None:
    pace = RateProbe(GUARANTEED)
    for second in range(0, 10 * 3_600, 2):
        pace.note_write(float(second))
    assert pace.per_minute == GUARANTEED


def test_a_share_of_the_rate_is_enough_to_learn() -> None:
    """Half of the rate, if fully used, teaches the same."""
    pace = RateProbe(GUARANTEED)
    for number in range(1_000):
        pace.note_write(number * 60 / GUARANTEED * 2, share=0.5)
    assert pace.per_minute > GUARANTEED


def test_the_rate_never_falls_below_the_minimum() -> None:
    pace = RateProbe(GUARANTEED)
    for number in range(100):
        pace.note_refused(1_000.0 * number, 1.0)
    assert pace.per_minute == MIN_WRITES_PER_MINUTE
