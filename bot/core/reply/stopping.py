"""Stopping an answer: the request, the words that count as one, and the notes that the thread shows.

A button, a message that only says "stop", and the platform's own stop sign all become a `StopRequest`. It
stops the answer that is being written in the thread, or else the next one; further questions are answered
afterwards.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.core.turns import ThreadKey

STOPPED_FINISH_REASON = "stopped"
"""Our own finish reason for an answer that a person stopped; no model sends it."""
STOPPED_NOTE = "_Stopped._"
STOPPED_TEXT_LOST_NOTE = "_Stopped. What I had written so far was lost, since I was restarted meanwhile._"

_STOP_PATTERN = re.compile(r"(?:please[,\s]+)?stopp?(?:\s+(?:it|now))*(?:[,\s]+please)?[\s.!…]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequest:
    """A person wants an answer stopped."""

    thread: ThreadKey
    requested_by: str
    """The platform's user id."""
    is_by_admin: bool = False
    """Whether the person may stop other people's answers too."""
    turn: int | None = None
    """Which turn; None for the one that is being answered in the thread, or is next there."""
    message_id: str = ""
    """The message that asked to stop; it is then not a question."""
    delivery: str = ""
    """The platform's id of this delivery, if it has one; each delivery is handled once."""


class StopOutcome(StrEnum):
    """The result of a `StopRequest`."""

    TAKEN = "taken"  # the process that answers the turn will end it
    FORBIDDEN = "forbidden"  # the answer belongs to another person
    NOTHING = "nothing"  # no answer is being written
    KNOWN = "known"  # this message or delivery was handled before


def is_stop_request(text: str) -> bool:
    """Return whether a message says nothing but "stop"; `text` does not contain the bot's own mention."""
    return _STOP_PATTERN.fullmatch(text.strip()) is not None
