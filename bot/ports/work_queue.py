"""The port to the work queue: which process answers which turn.

A process holds the turns that it claimed until it settles or releases them. It records a heartbeat every few
seconds; when it has been silent for the length of a lease, any other process frees its turns. Where the database
knows at once that a process has ended, they do so `TAKEOVER_DELAY_SECONDS` later. Each claim gives the turn a
higher fencing token, so that a process that was frozen meanwhile cannot write to the turn any more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.turns import Turn, TurnStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRules:
    """Which turns a process may claim, and what one person may ask for. 0 is no limit.

    All processes count in the same database, so the limits hold for all of them together.
    """

    served: frozenset[tuple[str, str]] | None = None
    """The platforms and workspaces whose turns the process can answer, as pairs; None is all of them."""
    answers_per_person: int = 0
    """How many turns of one person may have an owner at the same time; further ones wait."""
    questions_per_minute: int = 0
    """How many questions of one person are recorded within a minute."""


TAKEOVER_DELAY_SECONDS = 0.5
"""How long others have seen that the session of a process ended before they free its turns."""


class SessionObserver(Protocol):
    """Is told by `WorkQueue.listen` of the session whose end lets others free the turns of this process."""

    def confirm_session(self, at: float) -> None:
        """Know that there is such a session, and that it was open at `at`, by the loop's clock."""
        ...

    def doubt_session(self) -> None:
        """Know that it has ended; whether another process frees the turns is not decided yet."""
        ...

    def end_session(self) -> None:
        """Know that there is no such session, and no turn was freed: only the lease counts."""
        ...

    def revoke(self) -> None:
        """Know that the session has ended, and the turns may be another process's by now."""
        ...


class WorkQueue(Protocol):
    """Turns that wait for a process, as one of the processes sees them. One method is one transaction.

    Each method but `listen` raises `StoreUnavailable` when the database does not answer.
    """

    async def claim(self, limit: int) -> Sequence[Turn]:
        """Claim up to `limit` turns: in each thread that no process works on, the oldest open turn.

        It goes round over people: first comes one turn of each person of whom none runs, oldest first; then one of
        each of whom one runs or was just claimed; and so on, up to `ClaimRules.answers_per_person`.
        Turns of platforms and workspaces that this process does not serve are left to other processes.
        Within a thread turns are ordered by `IncomingMessage.sent_at`, then by when they were recorded.
        """
        ...

    async def release(self, turn: Turn) -> None:
        """Give a claimed turn back, for any process to claim.

        `ANSWERED` stays, `ANSWERING` becomes `WAITING`. Raises `ClaimLost` as `Conversations.settle` does.
        """
        ...

    async def settle(self, turn: Turn, status: TurnStatus, *, error: str = "") -> Turn | None:
        """End a turn without showing anything; see `Conversations.settle`."""
        ...

    async def list_turns_to_stop(self) -> Sequence[int]:
        """Return the ids of this process's open turns that `Conversations.stop` marked."""
        ...

    async def record_heartbeat(self, lease: float) -> None:
        """Record that this process is alive, and free the turns of processes silent for `lease` seconds."""
        ...

    async def unregister(self) -> None:
        """Record that this process ends: its heartbeat is removed, and its turns are free."""
        ...

    async def listen(self, wake: Callable[[], None], observer: SessionObserver) -> None:
        """Call `wake` whenever another process frees a turn or marks one to stop, until cancelled.

        Tells `observer` about the session of this process, and frees the turns of processes whose session ended, if
        the database has such sessions. Never raises. A call may be lost, so `claim` and `list_turns_to_stop` must be
        polled as well.
        """
        ...
