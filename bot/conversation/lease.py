"""Whether this process certainly still owns the turns that it claimed.

Others take the turns of a process over in two cases:

- It was silent for its lease: it is frozen, or cut off from the database. Its own clock tells it so.
- Its session at PostgreSQL ended, and with it the advisory lock that says that it lives. Others act once they have
  seen the lock free for `TAKEOVER_DELAY_SECONDS`. So it writes only for a shorter time after its session last answered:

    second   process A                                 process B looks every 0.25 s
     0.00    its session answers
     0.05    its session is terminated                 (A's lock is free)
     0.20                                              sees the lock free
     0.40    writes nothing from now on
     0.70                                              frees A's turns, and claims them

A notices its loss at once, as a rule, and says in the database that it lives by its lease from now on. If that comes
before B acts, A goes on; else A learns that it lost its turns. `confirm` waits until one of them is certain.
"""

import asyncio
from contextlib import suppress

from bot.ports.work_queue import TAKEOVER_DELAY_SECONDS

HEARTBEATS_PER_LEASE = 6
"""Every 5 s for a lease of 30 s: a busy event loop may miss several before it counts as dead."""
LEASE_MARGIN_SECONDS = 1.0
"""Nothing is written in the last second of a lease, since clocks of machines differ in speed."""
SESSION_MARGIN_SECONDS = 0.1
"""Nothing is written in the last 0.1 s before others may take over after the end of a session."""


class Lease:
    """How long this process counts as alive, by its own clock; it is a `SessionObserver`."""

    def __init__(self, seconds: float) -> None:
        """`seconds` after its last heartbeat the process counts as dead, and others claim its turns."""
        self.seconds = seconds
        self.now = asyncio.get_running_loop().time
        self._renewed_at = self.now()
        self._due_at = self._renewed_at
        self._is_revoked = False
        self._session_at: float | None = None  # when the session last answered; None: only the lease counts
        self._changed = asyncio.Event()

    def is_due(self) -> bool:
        """Return whether it is time for a heartbeat."""
        return self.now() >= self._due_at or self._is_revoked

    def renew(self, sent_at: float, *, anew: bool = False) -> None:
        """Count a heartbeat that the store took, sent at `sent_at`; `anew`: this process let go of all turns before."""
        self._renewed_at = sent_at
        self._due_at = sent_at + self.seconds / HEARTBEATS_PER_LEASE
        self._is_revoked = self._is_revoked and not anew
        self._tell()

    def is_certain(self) -> bool:
        """Return whether this process still owns its turns, as far as it has heard."""
        return not self._is_revoked and self.now() - self._renewed_at < self.seconds - LEASE_MARGIN_SECONDS

    async def confirm(self) -> bool:
        """Return whether this process certainly still owns its turns; asked before each write.

        Waits while that is in doubt, but not in a task that is being cancelled.
        """
        task = asyncio.current_task()
        while self.is_certain() and not self._is_session_certain() and not (task and task.cancelling()):
            with suppress(TimeoutError):
                async with asyncio.timeout(TAKEOVER_DELAY_SECONDS):
                    await self._changed.wait()
        return self.is_certain() and self._is_session_certain()

    def confirm_session(self, at: float) -> None:
        """Count an answer of the session to what was asked at `at`."""
        self._session_at = at
        self._tell()

    def doubt_session(self) -> None:
        """Write nothing until the loss of the session is settled."""
        self._session_at = float("-inf")

    def end_session(self) -> None:
        """Go on by the lease alone."""
        self._session_at = None
        self._tell()

    def revoke(self) -> None:
        """Know that another process has freed the turns of this one."""
        self._is_revoked = True
        self._session_at = None
        self._tell()

    def _is_session_certain(self) -> bool:
        if self._session_at is None:
            return True
        return self.now() - self._session_at < TAKEOVER_DELAY_SECONDS - SESSION_MARGIN_SECONDS

    def _tell(self) -> None:
        """Wake those that wait in `confirm`."""
        self._changed.set()
        self._changed = asyncio.Event()
