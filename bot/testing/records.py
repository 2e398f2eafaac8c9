"""Records besides the turns, in memory: summaries, learned facts, rate shares and votes.

Each class passes the contract suite of its port. `MemoryRateShares`, `MemorySummaries` and `MemoryVotes` share
their `MemoryData` with a `MemoryStore`; `MemoryLearnedFacts` needs none.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from bot.core.chat.summaries import MAX_KEPT_SUMMARIES, Summary, ThreadSummaries
from bot.core.config import Scope
from bot.core.history.feedback import MAX_NOTE_CHARACTERS, Verdict, Vote, VoteCounts, VoteReason, VoteRecord
from bot.core.learned_facts import FACT_LIFETIME_SECONDS, Fact
from bot.core.turns import VOTABLE_STATUSES, ThreadKey, Turn
from bot.ports.rate_shares import RateLimitKey, RateShare, WorkspaceKey
from bot.store.storable_text import make_storable
from bot.testing.data import MemoryData, StoredVote


class MemorySummaries:
    """`Summaries` without a database."""

    def __init__(self, data: MemoryData) -> None:
        """Share `data` with a `MemoryStore`."""
        self._data = data

    async def read_summaries(self, thread: ThreadKey) -> ThreadSummaries:
        """Return a thread's summaries and its revision."""
        return self._data.summaries.get(thread, ThreadSummaries())

    async def save_summary(self, thread: ThreadKey, summary: Summary, *, revision: int) -> bool:
        """Save a summary, unless the thread's revision has changed."""
        known = await self.read_summaries(thread)
        if known.revision != revision or thread not in self._data.threads:
            return False
        others = (each for each in known.summaries if each.until != summary.until)
        kept = (*others, Summary(until=summary.until, text=make_storable(summary.text)))
        self._data.summaries[thread] = ThreadSummaries(revision=revision, summaries=kept[-MAX_KEPT_SUMMARIES:])
        return True


class MemoryLearnedFacts:
    """`LearnedFacts` without a database."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970."""
        self._clock = clock
        self._noted: dict[tuple[str, str, str], tuple[float, Fact]] = {}

    async def list_facts(self) -> Sequence[Fact]:
        """Return the facts that have not expired."""
        since = self._clock() - FACT_LIFETIME_SECONDS
        return [fact for _, (at, fact) in sorted(self._noted.items()) if at > since]

    async def save_fact(self, fact: Fact) -> None:
        """Save a fact."""
        copied = replace(fact, content=json.loads(json.dumps(fact.content)))
        self._noted[fact.server, fact.model, fact.subject] = (self._clock(), copied)

    async def forget_all(self) -> int:
        """Delete all facts."""
        count = len(self._noted)
        self._noted.clear()
        return count


class MemoryRateShares:
    """`RateShares` without a database."""

    def __init__(self, owner: str, data: MemoryData) -> None:
        """`owner` is the name of this process, as in `MemoryStore`."""
        self._owner = owner
        self._data = data

    async def exchange(self, answers: Mapping[WorkspaceKey, int], refused: Mapping[RateLimitKey, float]) -> RateShare:
        """Tell the others what this process writes and what it was refused; return its share."""
        self._data.loads[self._owner] = dict(answers)
        living = [self._data.loads.get(owner, {}) for owner in self._data.heartbeats]
        totals = {place: sum(load.get(place, 0) for load in living) for place in answers}
        return RateShare(
            fractions={place: number / max(totals[place], number) for place, number in answers.items()},
            processes=max(len(living), 1),
            refused=self._merge_refusals(refused),
        )

    def call_on_refusal(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever a process reports a refusal."""
        self._data.refusal_listeners.append(wake)

    def _merge_refusals(self, more: Mapping[RateLimitKey, float]) -> Mapping[RateLimitKey, float]:
        """Save refusals, wake the listeners, and return all refusals that are not over."""
        now, until = self._data.clock(), self._data.refusals
        for limit, seconds in more.items():
            until[limit] = max(until.get(limit, now), now + seconds)
        if more:
            for wake in self._data.refusal_listeners:
                wake()
        return {limit: end - now for limit, end in until.items() if end > now}


class MemoryVotes:
    """`Votes` without a database."""

    def __init__(self, data: MemoryData) -> None:
        """Share `data` with a `MemoryStore`."""
        self._data = data

    async def cast_vote(self, turn: int, thread: ThreadKey, verdict: Verdict, *, by: str) -> Vote | None:
        """Save a person's vote on the answer that a turn shows."""
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
        """Save the reasons of a vote."""
        for index, ballot in enumerate(self._data.votes):
            if (ballot.vote.id, ballot.vote.verdict, ballot.voter) == (vote, verdict, by):
                chosen = tuple(sorted(set(reasons)))
                explained = replace(ballot.vote, reasons=chosen, note=make_storable(note[:MAX_NOTE_CHARACTERS]))
                self._data.votes[index] = replace(ballot, vote=explained)
                return True
        return False

    async def count_votes_by_version(self, versions: Collection[int]) -> Mapping[int, VoteCounts]:
        """Return the votes on answers that were made with each of these versions."""
        found = {version: self._count_votes(partial(_is_made_with, version)) for version in versions}
        return {version: score for version, score in found.items() if score != VoteCounts()}

    async def count_votes(self, within: Scope, *, since: float) -> VoteCounts:
        """Return the votes on answers in a workspace after `since`."""
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
    """Return a vote as a record, with the message that shows its answer."""
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
