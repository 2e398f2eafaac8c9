"""What a growing answer wants done next, as values.

Separate from `live_reply`, which decides it, because whoever writes it, and who says how answers may grow,
need know no more. Pure.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TypeAlias


class DisplayMode(StrEnum):
    """How an answer is shown while it grows."""

    WHOLE = "whole"  # not at all: each page is written once, when it is complete
    EDITS = "edits"  # its message is replaced by one that says more
    STREAM = "stream"  # its message takes text at its end


@dataclass(frozen=True, slots=True)
class Post:
    """Write page `page` (0, 1, ...) as a new message."""

    page: int
    text: str
    last: bool
    """Whether the page is complete with this."""
    end: bool = False
    """Whether the answer is."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace what the message of page `page` shows."""

    page: int
    text: str
    last: bool
    """Whether the page is complete with this."""
    end: bool = False
    """Whether the answer is."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again at `until`, or once the answer is complete, whichever is first."""

    until: float


@dataclass(frozen=True, slots=True)
class Idle:
    """Everything is shown that is to be shown now; ask again when there is more, or at `until`."""

    until: float = inf


@dataclass(frozen=True, slots=True)
class Done:
    """Everything is shown, and there will be no more."""


Command: TypeAlias = Post | Edit | Wait | Idle | Done
