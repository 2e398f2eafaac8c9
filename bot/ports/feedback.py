"""The door to what people think of answers."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from bot.core.domain import PromptKey, ThreadKey
from bot.core.feedback import Opinion, Reason, Score, Verdict, Vote


class Votes(Protocol):
    """What people think of answers. One method, one transaction; each raises `StoreUnavailable`.

    Whoever sees an answer may vote, once for each variant of it, and may change their mind. A vote keeps what
    the answer was made with, and is erased with its turn.
    """

    async def vote(self, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
        """Count a person's vote for the answer that a turn shows, in place of an earlier one.

        Reasons of an earlier vote stay if the verdict does. `by` is the platform's user id. None if the turn
        is not one of that thread, or shows no answer that has ended.
        """
        ...

    async def explain(
        self, vote: int, verdict: Verdict, *, by: str, reasons: Collection[Reason], note: str
    ) -> bool:
        """Add the reasons to a vote, in place of earlier ones.

        Returns False if there is no such vote of that person, or if it says something else by now.
        """
        ...

    async def scores(self, versions: Collection[int]) -> Mapping[int, Score]:
        """Return how answers were judged that were made with these versions of steering, by their ids."""
        ...

    async def total(self, within: PromptKey, *, since: float) -> Score:
        """Return how answers in a workspace were judged after `since`, in seconds since 1970."""
        ...

    async def complaints(self, within: PromptKey, *, limit: int) -> Sequence[Opinion]:
        """Return the newest `limit` votes against answers in a workspace, newest first."""
        ...
