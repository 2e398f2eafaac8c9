"""The door to the other processes of this installation: how what a platform grants is shared with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

Place: TypeAlias = tuple[str, str]
"""A workspace: its platform, and its id there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What part of what is granted is a process's own."""

    parts: Mapping[Place, float] = field(default_factory=dict)
    """Of each workspace in which it writes answers now; 1 is all of it."""
    processes: int = 1
    """How many live."""


class Shares(Protocol):
    """How many answers each process writes in which workspace."""

    async def exchange(self, answers: Mapping[Place, int]) -> Shared:
        """Tell the others how many answers this process writes now, and return its parts: one of so many.

        What it told before is replaced. Raises `StoreUnavailable`.
        """
        ...
