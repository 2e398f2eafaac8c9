"""Stopping an answer: who wants which one stopped, what counts as the word for it, and what is said then.

Separate because a button, a word in the thread and the platform's own sign all end here. Pure. Rule: only the
running answer is stopped, or the one that is next; what waits behind it goes on afterwards.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.core.turns import ThreadKey

STOPPED_FINISH_REASON = "stopped"
"""The finish reason of what a person stopped; ours, since no model gives it."""
STOPPED_NOTE = "_Stopped._"
STOPPED_TEXT_LOST_NOTE = "_Stopped. What I had written so far was lost, since I was restarted meanwhile._"

_STOP_PATTERN = re.compile(
    r"(?:please[,\s]+)?stopp?(?:\s+(?:it|now))*(?:[,\s]+please)?[\s.!…]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequest:
    """Somebody wants an answer stopped."""

    thread: ThreadKey
    requested_by: str
    """The platform's user id."""
    is_by_admin: bool = False
    """Whether `by` may stop the answers of others too."""
    turn: int | None = None
    """Which one; None for the one that runs in the thread, or is next there."""
    message_id: str = ""
    """The message that said so, which is then no question."""
    delivery: str = ""
    """The platform's id of this delivery, where it has one; a delivery counts once."""


class StopOutcome(StrEnum):
    """What became of a `StopRequest`."""

    TAKEN = "taken"  # whoever works on the turn will end it
    FORBIDDEN = "forbidden"  # it is the answer of somebody else
    NOTHING = "nothing"  # there is nothing to stop
    KNOWN = "known"  # this message or delivery was heard before


def is_stop_request(text: str) -> bool:
    """Return whether a message says nothing but "stop"; our own mention is not part of `text`."""
    return _STOP_PATTERN.fullmatch(text.strip()) is not None
