"""The port by which the processes of one installation share the rate limits of a platform.

A platform limits the whole installation, not a process. Each process tells the others how many answers it writes
in each workspace now, and takes that part of the limit. Example: process A writes 3 answers in workspace T1 and
process B writes 1; A may use three quarters of T1's edits per minute, B one quarter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

WorkspaceKey: TypeAlias = tuple[str, str]
"""A workspace: its platform, and its id there."""

RateLimitKey: TypeAlias = tuple[str, str, str]
"""One limit of a platform: platform, workspace, and a name such as `edit` or `post C1`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateShare:
    """The part of the platform's limits that one process may use."""

    fractions: Mapping[WorkspaceKey, float] = field(default_factory=dict)
    """Its part in each workspace in which it writes answers now; 1 is all of it."""
    processes: int = 1
    """How many processes are alive."""
    refused: Mapping[RateLimitKey, float] = field(default_factory=dict)
    """Limits that the platform refused to any process, and for how many seconds from now on."""


class RateShares(Protocol):
    """How many answers each process writes in which workspace, and which limits the platform refused."""

    async def exchange(self, answers: Mapping[WorkspaceKey, int], refused: Mapping[RateLimitKey, float]) -> RateShare:
        """Tell the others how many answers this process writes now, and return the part that it may use.

        `answers` replaces the earlier numbers of this process. `refused` are the limits that the platform refused to
        this process since then, and for how many seconds from now on; every process must respect them until then.
        Raises `StoreUnavailable`.
        """
        ...

    def call_on_refusal(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever a process reports a refusal, while `WorkQueue.listen` runs; a call may be lost."""
        ...
