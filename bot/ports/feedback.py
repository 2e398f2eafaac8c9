"""The port to feedback: votes on answers, their reasons, and how the votes are counted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from bot.core.config import Scope
from bot.core.history.feedback import Verdict, Vote, VoteCounts, VoteReason, VoteRecord
from bot.core.turns import ThreadKey


class Votes(Protocol):
    """Votes on answers. One method, one transaction; each raises `StoreUnavailable`.

    Everybody who sees an answer may vote once on each of its variants, and may change the vote. A vote keeps which
    versions of the configuration the answer was made with. It is erased with its turn.
    """

    async def cast_vote(self, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
        """Save a person's vote on the answer that a turn shows, in place of their earlier vote on it.

        The reasons of the earlier vote stay if the verdict is the same. `by` is the platform's user id. Returns
        None if the turn is not in that thread, or shows no answer that has ended.
        """
        ...

    async def add_reasons(
        self, vote: int, verdict: Verdict, *, by: str, reasons: Collection[VoteReason], note: str
    ) -> bool:
        """Save the reasons of a vote, in place of earlier ones.

        Returns False if that person has no such vote, or has changed its verdict since.
        """
        ...

    async def count_votes_by_version(self, versions: Collection[int]) -> Mapping[int, VoteCounts]:
        """Return the votes on answers that were made with each of these configuration versions, by their ids."""
        ...

    async def count_votes(self, within: Scope, *, since: float) -> VoteCounts:
        """Return the votes on answers in a workspace after `since`, in seconds since 1970."""
        ...

    async def list_complaints(self, within: Scope, *, limit: int) -> Sequence[VoteRecord]:
        """Return the newest `limit` votes against answers in a workspace, newest first."""
        ...
