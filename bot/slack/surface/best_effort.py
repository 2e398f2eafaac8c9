"""Calls a Slack method that may be skipped: assistant status, agent session, thread title.

An answer does not depend on these calls, so they never wait for the rate limit and never raise.
`BestEffortMethod.attempt` calls only if Slack offers the method here and the rate limit has room, and returns what
happened:

| outcome | meaning |
|---|---|
| `DONE` | Slack did it |
| `DROPPED` | the rate limit had no room, or Slack answered 429 |
| `UNSURE` | no answer; Slack may or may not have done it |
| `IMPOSSIBLE` | Slack refused for good, here or for this thread |

Half of a burst is reserved for calls that remove a status (`is_removal`), so that none stays on screen for
lack of room. A 429 is obeyed by every process of the bot.
Source: https://docs.slack.dev/apis/web-api/rate-limits
"""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any

import structlog

from bot.core.errors import SurfaceBusy, SurfaceError, SurfaceGone
from bot.core.turns import ThreadKey
from bot.delivery.rate_limiter import RateLimiter, RateLimiters
from bot.slack import limits
from bot.slack.transport.api_call import call
from bot.slack.transport.unavailable_features import FeatureAvailability

log = structlog.get_logger()


class BestEffortOutcome(Enum):
    """What happened to one call."""

    DONE = auto()
    DROPPED = auto()
    UNSURE = auto()
    IMPOSSIBLE = auto()


class BestEffortMethod:
    """One method of Slack, for the threads of every workspace."""

    def __init__(self, method: str, rate_limiters: RateLimiters) -> None:
        """Call `method`, one of `limits.METHOD_TIERS`; all processes together keep to its rate."""
        self._method = method
        self._rate_limiters = rate_limiters
        self._availability = FeatureAvailability()

    async def attempt(
        self, thread: ThreadKey, send: Callable[[], Awaitable[Any]], *, is_removal: bool = False
    ) -> BestEffortOutcome:
        """Call `send` if the method is available and its rate limit has room. Never raises.

        `is_removal`: the call removes a status, and may use the reserved half of the burst.
        """
        if not self._availability.is_available():
            return BestEffortOutcome.IMPOSSIBLE
        limiter = self._rate_limiter(thread)
        if not limiter.try_take(last=is_removal):
            return BestEffortOutcome.DROPPED
        try:
            await call(send)
        except SurfaceGone as gone:
            self._availability.record_refusal(gone)
            return _log_failure(gone, BestEffortOutcome.IMPOSSIBLE)
        except SurfaceBusy as busy:
            limiter.handle_refusal(busy.retry_after)
            return _log_failure(busy, BestEffortOutcome.DROPPED)
        except SurfaceError as error:
            return _log_failure(error, BestEffortOutcome.UNSURE)
        return BestEffortOutcome.DONE

    def _rate_limiter(self, thread: ThreadKey) -> RateLimiter:
        per_minute, burst = limits.best_effort_rate(self._method)
        limit = (thread.platform, thread.workspace, self._method)
        return self._rate_limiters.get_limiter(limit, per_minute=per_minute, burst=burst)


def _log_failure(error: SurfaceError, outcome: BestEffortOutcome) -> BestEffortOutcome:
    log.debug("A thread's status or title could not be set.", action="status_failed", error=error.code)
    return outcome
