"""What people think of an answer: a vote each, and why.

Separate because only who is asked for an opinion, and admins who read it, need it. Pure. A vote is for one
answer: where a turn has several variants, for the one that was shown.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.turns import Author, ThreadKey

MAX_NOTE_CHARACTERS = 3_000
"""Characters of what somebody writes to a vote; more is cut off."""


class Verdict(StrEnum):
    """Whether an answer is good."""

    GOOD = "good"
    BAD = "bad"


class VoteReason(StrEnum):
    """Why an answer is not good, as far as it can be chosen from a list."""

    WRONG = "wrong"  # something in it is not true
    INCOMPLETE = "incomplete"  # something is missing
    BESIDE = "beside"  # it answers another question
    STYLE = "style"  # too long, too short, or in a tone that does not fit
    HARMFUL = "harmful"  # nobody should have been told that


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one person thinks of one answer."""

    id: int
    verdict: Verdict
    reasons: tuple[VoteReason, ...] = ()
    note: str = ""
    """In the person's words; may be empty."""


@dataclass(frozen=True, slots=True)
class VoteCounts:
    """How many people found answers good, and how many bad."""

    good: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteRecord:
    """What somebody thinks of an answer, and where that stands; not what was said there."""

    vote: Vote
    voter: str
    """Platform's id of the person."""
    author: Author
    """Who asked."""
    thread: ThreadKey
    message_id: str
    """The first message that shows the answer; the thread's root if that is not known."""
    model: str
    versions: tuple[int, ...]
    """Ids of the versions of steering that the answer was made with."""
    cast_at: float
    """When the vote was cast last, in seconds since 1970 by the store's clock."""
