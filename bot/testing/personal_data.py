"""Personal data in memory: reading, erasing and expiring what `MemoryData` holds of a person.

`forget_turn` erases one turn, and is what `MemoryStore.forget` calls as well. An expiry round is one step here,
where `SqlPersonalData` walks through the conversations some at a time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.core.history.feedback import VoteRecord
from bot.core.history.personal_data import (
    ERASED_PERSON,
    OtherPersonalData,
    PeriodSpending,
    PersonKey,
    StoredCounts,
    StoredTurn,
)
from bot.core.periods import Span, name_period
from bot.core.spending.budgets import Spending, spending_of
from bot.core.turns import OPEN_STATUSES, Author, ThreadKey, Turn, TurnStatus, VariantPosition
from bot.testing.data import MemoryData, without_answer
from bot.testing.records import opinion_from


class MemoryPersonalData:
    """`PersonalData` without a database."""

    def __init__(self, data: MemoryData) -> None:
        """Share `data` with a `MemoryStore`."""
        self._data = data

    async def count_stored(self, person: PersonKey) -> StoredCounts:
        """Return how much is stored about a person."""
        mine = list(self._iterate_turns(person))
        since = min((self._data.sent_at[turn.id] for turn in mine), default=0.0)
        return StoredCounts(messages=len(mine), since=since, votes=len(list(self._iterate_opinions(person))))

    async def list_turns(self, of: PersonKey | ThreadKey, *, after: int, limit: int) -> Sequence[StoredTurn]:
        """Return messages of a person or in a thread, with ids greater than `after`."""
        return [
            StoredTurn(
                turn=replace(turn, variant_position=VariantPosition()),
                sent_at=self._data.sent_at[turn.id],
                answers=tuple(variant.answer for variant in self._data.variants.get(turn.id, ())),
            )
            for turn in self._iterate_turns(of)
            if turn.id > after
        ][:limit]

    async def read_other_data(self, person: PersonKey) -> OtherPersonalData:
        """Return what is stored about a person besides their messages."""
        versions = [
            version
            for version in self._data.versions
            if version.author.id == person.user and _is_in_workspace_of(version.scope, person)
        ]
        opinions = list(self._iterate_opinions(person))
        return OtherPersonalData(votes=opinions, versions=versions, spent=self._list_spent(person))

    async def erase(self, of: PersonKey | ThreadKey, *, limit: int) -> int:
        """Erase some messages of a person or in a thread; when none is left, anonymise the rest."""
        mine = list(self._iterate_turns(of))[:limit]
        for turn in mine:
            forget_turn(self._data, turn)
        if not mine and isinstance(of, PersonKey):
            self._anonymize(of)
        return len(mine)

    async def expire(self, age: float, *, limit: int) -> bool:
        """Erase all conversations that were silent for `age` seconds, at once."""
        oldest = self._data.clock() - age
        for ids in self._data.threads.values():
            said = [turn for id_ in ids if (turn := self._data.turns[id_]).status is not TurnStatus.FORGOTTEN]
            if all(turn.status not in OPEN_STATUSES and self._last_active_at(turn) <= oldest for turn in said):
                for turn in said:
                    forget_turn(self._data, turn)
        return False

    def _list_spent(self, person: PersonKey) -> list[PeriodSpending]:
        sums: dict[tuple[str, str, str], Spending] = {}
        for turn, call, at in self._data.calls:
            if turn.author.id == person.user and _is_in_workspace_of(turn.thread, person):
                for span in Span:
                    key = (turn.thread.platform, turn.thread.workspace, name_period(span, at))
                    sums[key] = sums.get(key, Spending()) + spending_of(call)
        return [
            PeriodSpending(
                platform=platform, workspace=workspace, period=name, spending=sums[platform, workspace, name]
            )
            for platform, workspace, name in sorted(sums)
        ]

    def _last_active_at(self, turn: Turn) -> float:
        return max(self._data.sent_at[turn.id], self._data.ended_at.get(turn.id, 0.0))

    def _iterate_turns(self, of: PersonKey | ThreadKey) -> Iterator[Turn]:
        for turn in self._data.turns.values():
            is_theirs = (
                turn.author.id == of.user and _is_in_workspace_of(turn.thread, of)
                if isinstance(of, PersonKey)
                else turn.thread == of
            )
            if is_theirs and turn.status is not TurnStatus.FORGOTTEN:
                yield turn

    def _iterate_opinions(self, person: PersonKey) -> Iterable[VoteRecord]:
        ballots = sorted(self._data.votes, key=lambda ballot: ballot.vote.id)
        for ballot in ballots:
            if ballot.voter == person.user and _is_in_workspace_of(self._data.turns[ballot.turn].thread, person):
                yield opinion_from(self._data, ballot)

    def _anonymize(self, person: PersonKey) -> None:
        for index, ballot in enumerate(self._data.votes):
            if ballot.voter == person.user and _is_in_workspace_of(self._data.turns[ballot.turn].thread, person):
                vote = replace(ballot.vote, note="")
                unnamed = replace(ballot, voter=f"{ERASED_PERSON}:{vote.id}", vote=vote)
                self._data.votes[index] = unnamed
        month = name_period(Span.MONTH, self._data.clock())
        for index, (turn, call, at) in enumerate(self._data.calls):
            is_theirs = turn.author.id == person.user and _is_in_workspace_of(turn.thread, person)
            if is_theirs and name_period(Span.MONTH, at) < month:
                self._data.calls[index] = replace(turn, author=Author(id=ERASED_PERSON)), call, at


def forget_turn(data: MemoryData, turn: Turn) -> Turn:
    """Erase a question and its answer; return the turn with the pages that showed it."""
    data.owners.pop(turn.id, None)
    data.variants.pop(turn.id, None)
    data.votes = [ballot for ballot in data.votes if ballot.turn != turn.id]
    data.charge(turn, None)
    bare = replace(
        without_answer(turn), variant_position=VariantPosition(), author=Author(id=""), question="", files=()
    )
    erased = replace(bare, status=TurnStatus.FORGOTTEN)
    data.put(replace(erased, pages=()))
    data.outdate(turn)
    data.hand_over(turn.thread)
    return erased


def _is_in_workspace_of(place: Any, person: PersonKey) -> bool:
    return person.platform in {"", place.platform} and person.workspace in {"", place.workspace}
