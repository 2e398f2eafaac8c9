"""One method of Slack's that decorates threads: called where it is to be had, and where there is room.

Separate because statuses, sessions and titles are called for alike. Rules: nothing waits for room; half of a
burst is kept for what takes a decoration away, so that none sticks; a refusal is obeyed, by this process and
by all others. Source: facts/slack.md 2.
"""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any

import structlog

from bot.core.errors import SurfaceBusy, SurfaceError, SurfaceGone
from bot.core.turns import ThreadKey
from bot.delivery.rate_limiter import RateLimiter, RateLimiters
from bot.slack import limits
from bot.slack.transport.api_errors import call
from bot.slack.transport.unavailable_features import FeatureAvailability

log = structlog.get_logger()


class BestEffortOutcome(Enum):
    """What became of a decoration."""

    DONE = auto()
    DROPPED = auto()  # there is no room for it now
    UNSURE = auto()  # Slack did not answer
    IMPOSSIBLE = auto()  # Slack does not do it here


class BestEffortMethod:
    """One method, for the threads of every workspace."""

    def __init__(self, method: str, rate_limiters: RateLimiters) -> None:
        """Call `method`, one of `limits.METHODS`, as often as all processes together may."""
        self._method = method
        self._rate_limiters = rate_limiters
        self._availability = FeatureAvailability()

    async def attempt(
        self, thread: ThreadKey, send: Callable[[], Awaitable[Any]], *, is_removal: bool = False
    ) -> BestEffortOutcome:
        """Call the method, if there is room. `clears`: it takes something away. Never raises."""
        if not self._availability.is_available():
            return BestEffortOutcome.IMPOSSIBLE
        desk = self._rate_limiter(thread)
        if not desk.try_take(last=is_removal):
            return BestEffortOutcome.DROPPED
        try:
            await call(send)
        except SurfaceGone as gone:
            self._availability.record_refusal(gone)
            return _log_failure(gone, BestEffortOutcome.IMPOSSIBLE)
        except SurfaceBusy as busy:
            desk.handle_refusal(busy.retry_after)
            return _log_failure(busy, BestEffortOutcome.DROPPED)
        except SurfaceError as error:
            return _log_failure(error, BestEffortOutcome.UNSURE)
        return BestEffortOutcome.DONE

    def _rate_limiter(self, thread: ThreadKey) -> RateLimiter:
        per_minute, burst = limits.best_effort_rate(self._method)
        limit = (thread.platform, thread.workspace, self._method)
        return self._rate_limiters.get_limiter(limit, per_minute=per_minute, burst=burst)


def _log_failure(error: SurfaceError, outcome: BestEffortOutcome) -> BestEffortOutcome:
    log.debug("How a thread stands could not be shown.", action="status_failed", error=error.code)
    return outcome
