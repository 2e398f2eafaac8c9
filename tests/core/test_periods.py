"""Days and months, compared with `date` arithmetic."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.periods import SECONDS_PER_DAY, Span, find_period_end, format_moment, name_days, name_period

pytestmark = pytest.mark.calendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, int((datetime(2400, 12, 30, tzinfo=UTC) - EPOCH).total_seconds()))


@given(MOMENTS, st.floats(0, 0.999))
def test_a_moment_lies_in_its_day_and_month(seconds: int, part: float) -> None:
    date = EPOCH + timedelta(seconds=seconds)
    assert name_period(Span.DAY, seconds + part) == date.date().isoformat()
    assert name_period(Span.MONTH, seconds + part) == date.date().isoformat()[:7]


@given(MOMENTS)
def test_a_period_ends_where_the_next_one_begins(seconds: int) -> None:
    for span in Span:
        after = find_period_end(span, seconds)
        assert after > seconds
        assert after % SECONDS_PER_DAY == 0
        assert name_period(span, after - 1) == name_period(span, seconds) != name_period(span, after)


def test_days_are_named_oldest_first() -> None:
    assert name_days(1_772_323_200.5, 3) == ["2026-02-27", "2026-02-28", "2026-03-01"]


def test_a_moment_is_formatted_to_the_minute() -> None:
    assert format_moment(1_795_305_600) == "22 November, 00:00 UTC"
    assert format_moment(1_772_323_199) == "28 February, 23:59 UTC"
