"""Days and months as a ledger names them, in UTC: `2026-11-21` and `2026-11`.

Separate because the core has no clock and no calendar: it is told seconds. Pure. The reckoning is that of the
proleptic Gregorian calendar by H. Hinnant (howardhinnant.github.io/date_algorithms.html), from March on, so
that the odd day is the last one of a year.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

SECONDS_PER_DAY: Final = 86_400
"""Seconds."""
_ERA, _ERA_DAYS, _BEFORE_1970 = 400, 146_097, 719_468
MONTH_NAMES: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


class Span(StrEnum):
    """How long a budget lasts until it is full again."""

    DAY = "day"
    MONTH = "month"


def name_period(span: Span, at: float) -> str:
    """Return the name of the period in which a moment lies; `at` in seconds since 1970."""
    year, month, day = _date(int(at // SECONDS_PER_DAY))
    return f"{year:04}-{month:02}" + (f"-{day:02}" if span is Span.DAY else "")


def find_period_end(span: Span, at: float) -> int:
    """Return when the period of a moment ends, in seconds since 1970."""
    number = int(at // SECONDS_PER_DAY) + 1
    while span is Span.MONTH and _date(number)[2] != 1:
        number += 1
    return number * SECONDS_PER_DAY


def name_days(at: float, count: int) -> Sequence[str]:
    """Return the names of the `count` days up to that of a moment, oldest first."""
    return [name_period(Span.DAY, at - before * SECONDS_PER_DAY) for before in reversed(range(count))]


def format_moment(at: float) -> str:
    """Return a moment for people, to the minute."""
    _, month, day = _date(int(at // SECONDS_PER_DAY))
    hour, minute = divmod(int(at % SECONDS_PER_DAY) // 60, 60)
    return f"{day} {MONTH_NAMES[month - 1]}, {hour:02}:{minute:02} UTC"


def _date(number: int) -> tuple[int, int, int]:
    """Return year, month and day of a number of days since 1970."""
    era, of_era = divmod(number + _BEFORE_1970, _ERA_DAYS)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    march = (5 * of_year + 2) // 153
    month = (march + 2) % 12 + 1
    return year + era * _ERA + (month <= 2), month, of_year - (153 * march + 2) // 5 + 1  # noqa: PLR2004 - February
