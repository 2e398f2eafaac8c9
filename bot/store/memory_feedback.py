"""`Votes` in memory: the twin of the one in SQL, for tests and for authors of plugins.

Separate because it needs no library. It passes the same contract suite.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from bot.core.domain import PromptKey, ThreadKey, Turn
from bot.core.feedback import LONGEST_NOTE, Opinion, Reason, Score, Verdict, Vote
from bot.store.memory_data import Ballot, MemoryData
from bot.store.states import JUDGED
from bot.store.text import storable


class MemoryVotes:
    """`Votes` without a database."""

    def __init__(self, data: MemoryData) -> None:
        """Share `data` with a `MemoryStore`."""
        self._data = data

    async def vote(self, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
        """Count a person's vote for the answer that a turn shows."""
        judged = self._data.turns.get(turn)
        if judged is None or judged.thread != thread or judged.status not in JUDGED or not judged.answer:
            return None
        ballots, variant = self._data.ballots, judged.place.number or judged.place.count + 1
        earlier = [each for each in ballots if (each.turn, each.variant, each.voter) == (turn, variant, by)]
        if earlier:
            ballots.remove(earlier[0])
            is_same = earlier[0].vote.verdict is verdict
            vote = earlier[0].vote if is_same else Vote(id=earlier[0].vote.id, verdict=verdict)
        else:
            vote = Vote(id=max((each.vote.id for each in ballots), default=0) + 1, verdict=verdict)
        ballots.append(self._ballot(judged, variant, by, vote))
        return vote

    async def explain(
        self, vote: int, verdict: Verdict, *, by: str, reasons: Collection[Reason], note: str
    ) -> bool:
        """Add the reasons to a vote."""
        for index, ballot in enumerate(self._data.ballots):
            if (ballot.vote.id, ballot.vote.verdict, ballot.voter) == (vote, verdict, by):
                chosen = tuple(sorted(set(reasons)))
                explained = replace(ballot.vote, reasons=chosen, note=storable(note[:LONGEST_NOTE]))
                self._data.ballots[index] = replace(ballot, vote=explained)
                return True
        return False

    async def scores(self, versions: Collection[int]) -> Mapping[int, Score]:
        """Return how answers were judged that were made with these versions."""
        found = {version: self._score(partial(_is_behind, version)) for version in versions}
        return {version: score for version, score in found.items() if score != Score()}

    async def total(self, within: PromptKey, *, since: float) -> Score:
        """Return how answers in a workspace were judged after `since`."""
        return self._score(lambda each: each.at > since and self._is_within(each, within))

    async def complaints(self, within: PromptKey, *, limit: int) -> Sequence[Opinion]:
        """Return the newest votes against answers in a workspace."""
        bad = [
            each
            for each in reversed(self._data.ballots)
            if each.vote.verdict is Verdict.BAD and self._is_within(each, within)
        ]
        return [opinion(self._data, each) for each in bad[:limit]]

    def _ballot(self, turn: Turn, variant: int, by: str, vote: Vote) -> Ballot:
        versions = tuple(sorted(set(turn.made_with.versions))) if turn.made_with else ()
        return Ballot(
            vote=vote,
            turn=turn.id,
            variant=variant,
            voter=by,
            model=turn.model,
            versions=versions,
            at=self._data.clock(),
        )

    def _score(self, counts: Callable[[Ballot], bool]) -> Score:
        verdicts = Counter(each.vote.verdict for each in self._data.ballots if counts(each))
        return Score(verdicts[Verdict.GOOD], verdicts[Verdict.BAD])

    def _is_within(self, ballot: Ballot, within: PromptKey) -> bool:
        thread = self._data.turns[ballot.turn].thread
        return (thread.platform, thread.workspace) == (within.platform, within.workspace)


def opinion(data: MemoryData, ballot: Ballot) -> Opinion:
    """Return a vote with where its answer stands."""
    turn = data.turns[ballot.turn]
    return Opinion(
        vote=ballot.vote,
        voter=ballot.voter,
        author=turn.author,
        thread=turn.thread,
        message_id=turn.pages[0] if turn.pages else turn.thread.root,
        model=ballot.model,
        versions=ballot.versions,
        at=ballot.at,
    )


def _is_behind(version: int, ballot: Ballot) -> bool:
    return version in ballot.versions
