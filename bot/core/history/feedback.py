"""Votes: what people think of an answer, and why.

A person has one vote for each answer. If a turn has several variants, the vote counts for the one that was
shown when it was cast.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.turns import Author, ThreadKey

MAX_NOTE_CHARACTERS = 3_000
"""A longer note is cut."""


class Verdict(StrEnum):
    """Whether an answer is good."""

    GOOD = "good"
    BAD = "bad"


class VoteReason(StrEnum):
    """Why an answer is bad, as a choice from a list."""

    WRONG = "wrong"  # it says something untrue
    INCOMPLETE = "incomplete"  # it leaves something out
    BESIDE = "beside"  # it answers another question
    STYLE = "style"  # too long, too short, or in a tone that does not fit
    HARMFUL = "harmful"  # it should not have been said


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's vote for one answer."""

    id: int
    verdict: Verdict
    reasons: tuple[VoteReason, ...] = ()
    note: str = ""
    """In the person's words; may be empty."""


@dataclass(frozen=True, slots=True)
class VoteCounts:
    """How many people voted that answers are good, and how many that they are bad."""

    good: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteRecord:
    """A vote, and which answer it is about; it does not contain what was said there."""

    vote: Vote
    voter: str
    """The platform's id of the person who voted."""
    author: Author
    """The person who asked."""
    thread: ThreadKey
    message_id: str
    """The first message that shows the answer; the thread's root if that is unknown."""
    model: str
    versions: tuple[int, ...]
    """Ids of the config versions that the answer was made with."""
    cast_at: float
    """When the vote was last cast, in seconds since 1970 by the store's clock."""
