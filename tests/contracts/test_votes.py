"""The contract of `Votes`: in memory, on SQLite, on PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.core.config import Scope
from bot.core.history.feedback import MAX_NOTE_CHARACTERS, Verdict, Vote, VoteCounts, VoteReason
from bot.core.requests import Answer, Provenance
from bot.core.turns import Action, Turn, TurnStatus
from bot.ports import Votes
from bot.store.conversations.feedback import SqlVotes
from bot.store.conversations.sql_store import SqlStore
from bot.testing.data import MemoryData
from bot.testing.records import MemoryVotes
from bot.testing.store import MemoryStore
from tests.contracts.questions import ADA, ANSWER, ask_question, message_key, question, thread
from tests.contracts.stores import Store
from tests.databases import KINDS, migrated_database, open_database

pytestmark = pytest.mark.calendar

GOOD, BAD = Verdict.GOOD, Verdict.BAD
GRACE, JOAN = "U0GRACE", "U0JOAN"
WORKSPACE = Scope(platform="slack", workspace="T1")
MADE = replace(ANSWER, made_with=Provenance(versions=(3, 5)))


@dataclass
class VotingWorld:
    """A store, and the votes on its answers."""

    store: Store
    votes: Votes

    async def add_answered_turn(
        self, message_id: str = "1", answer: Answer = MADE, status: TurnStatus = TurnStatus.DONE
    ) -> Turn:
        turn = await ask_question(self.store, question(message_id, where=thread(message_id)))
        await self.store.record_page(turn, 0, f"{message_id}.1")
        await self.store.record_page(turn, 1, f"{message_id}.2")
        if status is TurnStatus.DONE:
            await self.store.save_answer(turn, answer)
        await self.store.settle(turn, status, answer=None if status is TurnStatus.DONE else answer)
        return turn

    async def vote(self, turn: Turn, verdict: Verdict, by: str = GRACE) -> Vote | None:
        return await self.votes.cast_vote(turn.id, turn.thread, verdict, by=by)

    async def score(self, version: int = 3) -> VoteCounts | None:
        return (await self.votes.count_votes_by_version([version])).get(version)


@pytest.fixture(params=("memory", *KINDS))
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VotingWorld]:
    if request.param == "memory":
        data = MemoryData()
        yield VotingWorld(MemoryStore("me", data), MemoryVotes(data))
        return
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            store = SqlStore(database, "me")
            await store.open()
            yield VotingWorld(store, SqlVotes(database))


async def test_each_person_has_one_vote_and_may_change_it(world: VotingWorld) -> None:
    turn = await world.add_answered_turn()
    for by, verdict in ((GRACE, GOOD), (JOAN, BAD), (ADA.id, BAD), (GRACE, BAD), (GRACE, BAD), (JOAN, GOOD)):
        vote = await world.vote(turn, verdict, by)
        assert vote is not None
        assert vote.verdict is verdict
    assert await world.score(3) == await world.score(5) == VoteCounts(good=1, bad=2)
    assert await world.score(4) is None, "no answer was made with it"


async def test_reasons_are_added_to_ones_own_vote(world: VotingWorld) -> None:
    """They stay when the same thumb is pressed again, and go when the other one is pressed."""
    turn = await world.add_answered_turn()
    vote = await world.vote(turn, BAD)
    assert vote is not None
    why = {
        "reasons": [VoteReason.WRONG, VoteReason.BESIDE, VoteReason.WRONG],
        "note": "Teapots \0 are not\nplanets.",
    }
    assert not await world.votes.add_reasons(vote.id, BAD, by=JOAN, reasons=[], note="mine now")
    assert not await world.votes.add_reasons(vote.id + 1, BAD, by=GRACE, reasons=[], note="")
    assert not await world.votes.add_reasons(vote.id, GOOD, by=GRACE, reasons=[], note="")
    assert await world.votes.add_reasons(vote.id, BAD, by=GRACE, **why)  # type: ignore[arg-type]  # a table of arguments
    kept = Vote(
        id=vote.id,
        verdict=BAD,
        reasons=(VoteReason.BESIDE, VoteReason.WRONG),
        note="Teapots \N{REPLACEMENT CHARACTER} are not\nplanets.",
    )
    assert await world.vote(turn, BAD) == kept
    assert await world.vote(turn, GOOD) == Vote(id=vote.id, verdict=GOOD)
    assert not await world.votes.add_reasons(vote.id, BAD, by=GRACE, reasons=[], note="too late")


async def test_a_note_has_an_end(world: VotingWorld) -> None:
    turn = await world.add_answered_turn()
    vote = await world.vote(turn, GOOD)
    assert vote is not None
    await world.votes.add_reasons(vote.id, GOOD, by=GRACE, reasons=[], note="x" * MAX_NOTE_CHARACTERS + "y")
    again = await world.vote(turn, GOOD)
    assert again is not None
    assert again.note == "x" * MAX_NOTE_CHARACTERS


async def test_only_an_ended_answer_gets_votes_and_only_in_its_thread(world: VotingWorld) -> None:
    turn = await world.add_answered_turn()
    for where in (thread("2"), thread("1", workspace="T2"), thread("1", channel="C2")):
        assert await world.votes.cast_vote(turn.id, where, BAD, by=GRACE) is None
    assert await world.votes.cast_vote(turn.id + 9, turn.thread, BAD, by=GRACE) is None
    assert await world.votes.cast_vote(10**18 - 1, turn.thread, BAD, by=GRACE) is None
    running = await ask_question(world.store, question("3", where=thread("3")))
    assert await world.vote(running, GOOD) is None
    failed = await world.add_answered_turn("4", Answer(text="Beca"), TurnStatus.FAILED)
    assert await world.vote(failed, GOOD) is None
    silent = await world.add_answered_turn("5", Answer(text=""), TurnStatus.STOPPED)
    assert await world.vote(silent, GOOD) is None
    stopped = await world.add_answered_turn("6", MADE, TurnStatus.STOPPED)
    assert await world.vote(stopped, GOOD) is not None
    assert await world.score() == VoteCounts(good=1)


async def test_each_variant_of_an_answer_has_its_own_votes(world: VotingWorld) -> None:
    """The vote on the first answer stays with it when the question is answered again."""
    turn = await world.add_answered_turn()
    await world.vote(turn, BAD)
    again = await world.store.retry(turn.id, turn.thread, by=ADA.id, claim=True)
    assert again is not None
    assert await world.vote(turn, GOOD) is None, "there is no answer just now"
    better = Answer(text="Tea.", made_with=Provenance(versions=(5, 9)))
    await world.store.save_answer(again, better)
    await world.store.settle(again, TurnStatus.DONE)
    await world.vote(turn, GOOD)
    assert await world.votes.count_votes_by_version([3, 5, 9]) == {
        3: VoteCounts(bad=1),
        5: VoteCounts(1, 1),
        9: VoteCounts(good=1),
    }
    await world.store.flip(turn.id, turn.thread, Action.NEXT, by=ADA.id)
    (shown,) = await world.store.claim(1)
    await world.store.settle(shown, TurnStatus.DONE)
    await world.vote(turn, GOOD)
    assert await world.votes.count_votes_by_version([3, 5, 9]) == {
        3: VoteCounts(good=1),
        5: VoteCounts(good=2),
        9: VoteCounts(good=1),
    }


async def test_votes_go_with_a_deleted_question(world: VotingWorld) -> None:
    turn = await world.add_answered_turn()
    vote = await world.vote(turn, BAD)
    assert vote is not None
    await world.store.forget(message_key("1"))
    assert await world.votes.count_votes_by_version([3, 5]) == {}
    assert await world.votes.list_complaints(WORKSPACE, limit=9) == []
    assert await world.vote(turn, BAD) is None
    assert not await world.votes.add_reasons(vote.id, BAD, by=GRACE, reasons=[], note="")


async def test_complaints_come_newest_first_with_model_and_versions(world: VotingWorld) -> None:
    first, second, third = [await world.add_answered_turn(each) for each in ("1", "2", "3")]
    for turn, verdict, by in (
        (first, BAD, GRACE),
        (second, BAD, GRACE),
        (third, GOOD, GRACE),
        (second, BAD, JOAN),
        (first, BAD, GRACE),
    ):
        assert await world.vote(turn, verdict, by)
        await asyncio.sleep(0.002)  # a clock of milliseconds tells them apart
    found = await world.votes.list_complaints(WORKSPACE, limit=2)
    assert [(each.voter, each.thread, each.message_id) for each in found] == [
        (GRACE, first.thread, "1.1"),
        (JOAN, second.thread, "2.1"),
    ]
    newest = found[0]
    assert (newest.author, newest.model, newest.versions) == (ADA, ANSWER.model, (3, 5))
    assert newest.cast_at == pytest.approx(time.time(), abs=60)
    assert await world.votes.list_complaints(replace(WORKSPACE, workspace="T2"), limit=9) == []


async def test_a_workspaces_votes_are_counted_from_a_time_on(world: VotingWorld) -> None:
    turn = await world.add_answered_turn()
    await world.vote(turn, BAD)
    await world.vote(turn, GOOD, JOAN)
    assert await world.votes.count_votes(WORKSPACE, since=time.time() - 60) == VoteCounts(good=1, bad=1)
    assert await world.votes.count_votes(WORKSPACE, since=time.time() + 60) == VoteCounts()
    assert await world.votes.count_votes(replace(WORKSPACE, workspace="T2"), since=0.0) == VoteCounts()
