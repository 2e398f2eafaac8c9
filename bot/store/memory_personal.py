"""`PersonalData` in memory, and forgetting: the twin of those in SQL.

Separate because it needs no library. It passes the same contract suite.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.core.domain import OPEN, Author, Place, ThreadKey, Turn, TurnStatus
from bot.core.feedback import Opinion
from bot.core.ledger import Spending, spent
from bot.core.periods import Span, period
from bot.core.personal import ERASED, Beside, Held, Person, Spent, StoredTurn
from bot.store.memory_data import MemoryData
from bot.store.memory_feedback import opinion
from bot.store.memory_turns import unanswered


class MemoryPersonalData:
    """`PersonalData` without a database."""

    def __init__(self, data: MemoryData) -> None:
        """Share `data` with a `MemoryStore`."""
        self._data = data

    async def held(self, person: Person) -> Held:
        """Return how much is stored of a person."""
        mine = list(self._turns(person))
        since = min((self._data.sent[turn.id] for turn in mine), default=0.0)
        return Held(messages=len(mine), since=since, votes=len(list(self._opinions(person))))

    async def turns(self, of: Person | ThreadKey, *, after: int, limit: int) -> Sequence[StoredTurn]:
        """Return messages of a person or in a thread, after one of that id."""
        return [
            StoredTurn(
                turn=replace(turn, place=Place()),
                sent_at=self._data.sent[turn.id],
                answers=tuple(variant.answer for variant in self._data.variants.get(turn.id, ())),
            )
            for turn in self._turns(of)
            if turn.id > after
        ][:limit]

    async def beside(self, person: Person) -> Beside:
        """Return what is stored of a person beside their messages."""
        versions = [
            version
            for version in self._data.versions
            if version.author.id == person.user and _is_there(version.key, person)
        ]
        opinions = list(self._opinions(person))
        return Beside(opinions=opinions, versions=versions, spent=self._spent(person))

    async def erase(self, of: Person | ThreadKey, *, limit: int) -> int:
        """Erase some messages of a person or in a thread; when nothing is left, their name elsewhere."""
        mine = list(self._turns(of))[:limit]
        for turn in mine:
            forget(self._data, turn)
        if not mine and isinstance(of, Person):
            self._unname(of)
        return len(mine)

    async def expire(self, age: float, *, limit: int) -> bool:  # noqa: ARG002 - here a round is one step
        """Erase conversations in which nothing was said for `age` seconds: all that there are, at once."""
        oldest = self._data.clock() - age
        for ids in self._data.threads.values():
            said = [turn for id_ in ids if (turn := self._data.turns[id_]).status is not TurnStatus.FORGOTTEN]
            if all(turn.status not in OPEN and self._last(turn) <= oldest for turn in said):
                for turn in said:
                    forget(self._data, turn)
        return False

    def _spent(self, person: Person) -> list[Spent]:
        sums: dict[tuple[str, str, str], Spending] = {}
        for turn, call, at in self._data.calls:
            if turn.author.id == person.user and _is_there(turn.thread, person):
                for span in Span:
                    key = (turn.thread.platform, turn.thread.workspace, period(span, at))
                    sums[key] = sums.get(key, Spending()) + spent(call)
        return [
            Spent(
                platform=platform, workspace=workspace, period=name, spending=sums[platform, workspace, name]
            )
            for platform, workspace, name in sorted(sums)
        ]

    def _last(self, turn: Turn) -> float:
        return max(self._data.sent[turn.id], self._data.ended.get(turn.id, 0.0))

    def _turns(self, of: Person | ThreadKey) -> Iterator[Turn]:
        for turn in self._data.turns.values():
            is_theirs = (
                turn.author.id == of.user and _is_there(turn.thread, of)
                if isinstance(of, Person)
                else turn.thread == of
            )
            if is_theirs and turn.status is not TurnStatus.FORGOTTEN:
                yield turn

    def _opinions(self, person: Person) -> Iterable[Opinion]:
        ballots = sorted(self._data.ballots, key=lambda ballot: ballot.vote.id)
        for ballot in ballots:
            if ballot.voter == person.user and _is_there(self._data.turns[ballot.turn].thread, person):
                yield opinion(self._data, ballot)

    def _unname(self, person: Person) -> None:
        for index, ballot in enumerate(self._data.ballots):
            if ballot.voter == person.user and _is_there(self._data.turns[ballot.turn].thread, person):
                vote = replace(ballot.vote, note="")
                unnamed = replace(ballot, voter=f"{ERASED}:{vote.id}", vote=vote)
                self._data.ballots[index] = unnamed
        month = period(Span.MONTH, self._data.clock())
        for index, (turn, call, at) in enumerate(self._data.calls):
            is_theirs = turn.author.id == person.user and _is_there(turn.thread, person)
            if is_theirs and period(Span.MONTH, at) < month:
                self._data.calls[index] = replace(turn, author=Author(id=ERASED)), call, at


def forget(data: MemoryData, turn: Turn) -> Turn:
    """Erase a question and its answer; return the turn with the pages that showed it."""
    data.owners.pop(turn.id, None)
    data.variants.pop(turn.id, None)
    data.ballots = [ballot for ballot in data.ballots if ballot.turn != turn.id]
    data.charge(turn, None)
    bare = replace(unanswered(turn), place=Place(), author=Author(id=""), question="", files=())
    erased = replace(bare, status=TurnStatus.FORGOTTEN)
    data.put(replace(erased, pages=()))
    data.outdate(turn)
    data.hand_over(turn.thread)
    return erased


def _is_there(place: Any, person: Person) -> bool:
    return person.platform in {"", place.platform} and person.workspace in {"", place.workspace}
