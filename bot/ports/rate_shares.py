"""The door to the other processes of this installation: how what a platform grants is shared with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

WorkspaceKey: TypeAlias = tuple[str, str]
"""A workspace: its platform, and its id there."""

RateLimitKey: TypeAlias = tuple[str, str, str]
"""What a platform limits by itself: a platform, a workspace, and a name for what is done there, and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateShare:
    """What part of what is granted is a process's own."""

    fractions: Mapping[WorkspaceKey, float] = field(default_factory=dict)
    """Of each workspace in which it writes answers now; 1 is all of it."""
    processes: int = 1
    """How many live."""
    refused: Mapping[RateLimitKey, float] = field(default_factory=dict)
    """What the platform refused any of them, and for how many seconds from now on."""


class RateShares(Protocol):
    """How many answers each process writes in which workspace, and what was refused there."""

    async def exchange(self, answers: Mapping[WorkspaceKey, int], refused: Mapping[RateLimitKey, float]) -> RateShare:
        """Tell the others how many answers this process writes now, and return its parts: one of so many.

        What it told before of those is replaced. `refused`: what the platform refused since, and for how many
        seconds from now on; that holds for all until it is over. Raises `StoreUnavailable`.
        """
        ...

    def call_on_refusal(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever a process tells of a refusal, while its `Store` listens; only a hint."""
        ...
