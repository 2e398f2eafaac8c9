"""The commands that `live_reply` returns: what to write next, as plain values.

`delivery.writer` carries them out. A platform's `DisplayMode` says how a growing answer can be shown there. If
it can only append, `find_addition` computes what to append to a message:

    find_addition("One two", "One ")     "two"
    find_addition("One, two", "One ")    None: the message already shows a space where the comma belongs
"""

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TypeAlias


class DisplayMode(StrEnum):
    """How an answer is shown while it grows."""

    WHOLE = "whole"  # it is not: each page is written once, when it is complete
    EDITS = "edits"  # its message is edited to a longer text
    STREAM = "stream"  # text is appended to its message


@dataclass(frozen=True, slots=True)
class Post:
    """Write page `page` (0, 1, ...) as a new message."""

    page: int
    text: str
    last: bool
    """Whether this completes the page."""
    end: bool = False
    """Whether this completes the answer."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace what the message of page `page` shows."""

    page: int
    text: str
    last: bool
    """Whether this completes the page."""
    end: bool = False
    """Whether this completes the answer."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again at `until`, or as soon as the answer is complete."""

    until: float


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing to write now; ask again when there is more text, or at `until`."""

    until: float = inf


@dataclass(frozen=True, slots=True)
class Done:
    """Everything is shown, and no more text will come."""


Command: TypeAlias = Post | Edit | Wait | Idle | Done


def find_addition(text: str, shown: str) -> str | None:
    """Return what to append to a message so that it shows `text`; None if that is impossible.

    Trailing white space of `shown` may be more than `text` has there: it is invisible.
    """
    if text.startswith(shown):
        return text[len(shown) :]
    stem = shown.rstrip()
    if not text.startswith(stem):
        return None
    rest = text[len(stem) :]
    if rest and not rest[0].isspace():
        return None
    rest = rest.lstrip(" ")
    return rest.lstrip("\n") if "\n" in shown[len(stem) :] else rest
