"""One method of Slack's that decorates threads: called where it is to be had, and where there is room.

Separate because statuses, sessions and titles are called for alike. Rules: nothing waits for room; half of a
burst is kept for what takes a decoration away, so that none sticks; a refusal is obeyed, by this process and
by all others. Source: facts/slack.md 2.
"""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any

import structlog

from bot.core.domain import ThreadKey
from bot.core.errors import SurfaceBusy, SurfaceError, SurfaceGone
from bot.pacing import AllDesks, Desk
from bot.slack import limits
from bot.slack.abilities import Ability
from bot.slack.calls import call

log = structlog.get_logger()


class Outcome(Enum):
    """What became of a decoration."""

    DONE = auto()
    DROPPED = auto()  # there is no room for it now
    UNSURE = auto()  # Slack did not answer
    IMPOSSIBLE = auto()  # Slack does not do it here


class Decoration:
    """One method, for the threads of every workspace."""

    def __init__(self, method: str, desks: AllDesks) -> None:
        """Call `method`, one of `limits.METHODS`, as often as all processes together may."""
        self._method = method
        self._desks = desks
        self._ability = Ability()

    async def show(
        self, thread: ThreadKey, send: Callable[[], Awaitable[Any]], *, clears: bool = False
    ) -> Outcome:
        """Call the method, if there is room. `clears`: it takes something away. Never raises."""
        if not self._ability.is_there():
            return Outcome.IMPOSSIBLE
        desk = self._desk(thread)
        if not desk.take(last=clears):
            return Outcome.DROPPED
        try:
            await call(send)
        except SurfaceGone as gone:
            self._ability.refused(gone)
            return _failed(gone, Outcome.IMPOSSIBLE)
        except SurfaceBusy as busy:
            desk.refused(busy.retry_after)
            return _failed(busy, Outcome.DROPPED)
        except SurfaceError as error:
            return _failed(error, Outcome.UNSURE)
        return Outcome.DONE

    def _desk(self, thread: ThreadKey) -> Desk:
        per_minute, burst = limits.paced(self._method)
        limit = (thread.platform, thread.workspace, self._method)
        return self._desks.desk(limit, per_minute=per_minute, burst=burst)


def _failed(error: SurfaceError, outcome: Outcome) -> Outcome:
    log.debug("How a thread stands could not be shown.", action="status_failed", error=error.code)
    return outcome
