"""`Votes` in memory: the twin of the one in SQL, for tests and for authors of plugins.

Separate because it needs no library. It passes the same contract suite.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from bot.core.config import Scope
from bot.core.history.feedback import MAX_NOTE_CHARACTERS, Verdict, Vote, VoteCounts, VoteReason, VoteRecord
from bot.core.turns import ThreadKey, Turn
from bot.store.schema.states import VOTABLE_STATUSES
from bot.store.storable_text import make_storable
from bot.testing.memory_data import MemoryData, StoredVote


class MemoryVotes:
    """`Votes` without a database."""

    def __init__(self, data: MemoryData) -> None:
        """Share `data` with a `MemoryStore`."""
        self._data = data

    async def cast_vote(self, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
        """Count a person's vote for the answer that a turn shows."""
        judged = self._data.turns.get(turn)
        if judged is None or judged.thread != thread or judged.status not in VOTABLE_STATUSES or not judged.answer:
            return None
        ballots, variant = (self._data.votes, judged.variant_position.number or judged.variant_position.count + 1)
        earlier = [each for each in ballots if (each.turn, each.variant, each.voter) == (turn, variant, by)]
        if earlier:
            ballots.remove(earlier[0])
            is_same = earlier[0].vote.verdict is verdict
            vote = earlier[0].vote if is_same else Vote(id=earlier[0].vote.id, verdict=verdict)
        else:
            vote = Vote(id=max((each.vote.id for each in ballots), default=0) + 1, verdict=verdict)
        ballots.append(self._stored_vote(judged, variant, by, vote))
        return vote

    async def add_reasons(
        self, vote: int, verdict: Verdict, *, by: str, reasons: Collection[VoteReason], note: str
    ) -> bool:
        """Add the reasons to a vote."""
        for index, ballot in enumerate(self._data.votes):
            if (ballot.vote.id, ballot.vote.verdict, ballot.voter) == (vote, verdict, by):
                chosen = tuple(sorted(set(reasons)))
                explained = replace(ballot.vote, reasons=chosen, note=make_storable(note[:MAX_NOTE_CHARACTERS]))
                self._data.votes[index] = replace(ballot, vote=explained)
                return True
        return False

    async def count_votes_by_version(self, versions: Collection[int]) -> Mapping[int, VoteCounts]:
        """Return how answers were judged that were made with these versions."""
        found = {version: self._count_votes(partial(_is_made_with, version)) for version in versions}
        return {version: score for version, score in found.items() if score != VoteCounts()}

    async def count_votes(self, within: Scope, *, since: float) -> VoteCounts:
        """Return how answers in a workspace were judged after `since`."""
        return self._count_votes(lambda each: each.at > since and self._is_in_workspace(each, within))

    async def list_complaints(self, within: Scope, *, limit: int) -> Sequence[VoteRecord]:
        """Return the newest votes against answers in a workspace."""
        bad = [
            each
            for each in reversed(self._data.votes)
            if each.vote.verdict is Verdict.BAD and self._is_in_workspace(each, within)
        ]
        return [opinion_from(self._data, each) for each in bad[:limit]]

    def _stored_vote(self, turn: Turn, variant: int, by: str, vote: Vote) -> StoredVote:
        versions = tuple(sorted(set(turn.made_with.versions))) if turn.made_with else ()
        return StoredVote(
            vote=vote,
            turn=turn.id,
            variant=variant,
            voter=by,
            model=turn.model,
            versions=versions,
            at=self._data.clock(),
        )

    def _count_votes(self, counts: Callable[[StoredVote], bool]) -> VoteCounts:
        verdicts = Counter(each.vote.verdict for each in self._data.votes if counts(each))
        return VoteCounts(verdicts[Verdict.GOOD], verdicts[Verdict.BAD])

    def _is_in_workspace(self, ballot: StoredVote, within: Scope) -> bool:
        thread = self._data.turns[ballot.turn].thread
        return (thread.platform, thread.workspace) == (within.platform, within.workspace)


def opinion_from(data: MemoryData, ballot: StoredVote) -> VoteRecord:
    """Return a vote with where its answer stands."""
    turn = data.turns[ballot.turn]
    return VoteRecord(
        vote=ballot.vote,
        voter=ballot.voter,
        author=turn.author,
        thread=turn.thread,
        message_id=turn.pages[0] if turn.pages else turn.thread.root,
        model=ballot.model,
        versions=ballot.versions,
        cast_at=ballot.at,
    )


def _is_made_with(version: int, ballot: StoredVote) -> bool:
    return version in ballot.versions
