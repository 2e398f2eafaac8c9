"""Days and months in UTC, as the ledger names them: `2026-11-21` and `2026-11`.

The caller passes the time, in seconds since 1970:

    name_period(Span.MONTH, 1_795_305_599)    "2026-11"
    find_period_end(Span.DAY, 1_795_305_599)  1_795_305_600
    format_moment(1_795_305_600)              "22 November, 00:00 UTC"
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

SECONDS_PER_DAY: Final = 86_400
MONTH_NAMES: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Not `strftime`'s, which depend on the locale."""


class Span(StrEnum):
    """How long the period of a budget is."""

    DAY = "day"
    MONTH = "month"


def name_period(span: Span, at: float) -> str:
    """Return the name of the period that contains a moment, given in seconds since 1970."""
    day = _to_datetime(at).date().isoformat()
    return day if span is Span.DAY else day[:7]


def find_period_end(span: Span, at: float) -> int:
    """Return when the period of a moment ends, in seconds since 1970."""
    midnight = _to_datetime(at).replace(hour=0, minute=0, second=0)
    if span is Span.DAY:
        return int(midnight.timestamp()) + SECONDS_PER_DAY
    next_month = midnight.replace(day=1) + timedelta(days=31)
    return int(next_month.replace(day=1).timestamp())


def name_days(at: float, count: int) -> Sequence[str]:
    """Return the names of the `count` days up to that of a moment, oldest first."""
    return [name_period(Span.DAY, at - before * SECONDS_PER_DAY) for before in reversed(range(count))]


def format_moment(at: float) -> str:
    """Return a moment for people, to the minute."""
    moment = _to_datetime(at)
    return f"{moment.day} {MONTH_NAMES[moment.month - 1]}, {moment:%H:%M} UTC"


def _to_datetime(at: float) -> datetime:
    return datetime.fromtimestamp(at // 1, UTC)  # whole seconds: rounding could reach the next period
