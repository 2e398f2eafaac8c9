"""The door to what people think of answers."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from bot.core.config import Scope
from bot.core.history.feedback import Verdict, Vote, VoteCounts, VoteReason, VoteRecord
from bot.core.turns import ThreadKey


class Votes(Protocol):
    """What people think of answers. One method, one transaction; each raises `StoreUnavailable`.

    Whoever sees an answer may vote, once for each variant of it, and may change their mind. A vote keeps what
    the answer was made with, and is erased with its turn.
    """

    async def cast_vote(self, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
        """Count a person's vote for the answer that a turn shows, in place of an earlier one.

        Reasons of an earlier vote stay if the verdict does. `by` is the platform's user id. None if the turn
        is not one of that thread, or shows no answer that has ended.
        """
        ...

    async def add_reasons(
        self, vote: int, verdict: Verdict, *, by: str, reasons: Collection[VoteReason], note: str
    ) -> bool:
        """Add the reasons to a vote, in place of earlier ones.

        Returns False if there is no such vote of that person, or if it says something else by now.
        """
        ...

    async def count_votes_by_version(self, versions: Collection[int]) -> Mapping[int, VoteCounts]:
        """Return how answers were judged that were made with these versions of steering, by their ids."""
        ...

    async def count_votes(self, within: Scope, *, since: float) -> VoteCounts:
        """Return how answers in a workspace were judged after `since`, in seconds since 1970."""
        ...

    async def list_complaints(self, within: Scope, *, limit: int) -> Sequence[VoteRecord]:
        """Return the newest `limit` votes against answers in a workspace, newest first."""
        ...
