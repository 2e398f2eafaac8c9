"""The contract of `PersonalData`: in memory, on SQLite, on PostgreSQL."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from bot.core.config import Prompt, Scope, ScopeConfig
from bot.core.errors import ClaimLost
from bot.core.history.feedback import Verdict, VoteCounts
from bot.core.history.personal_data import ERASED_PERSON, OtherPersonalData, PersonKey, StoredCounts
from bot.core.requests import Answer, ModelCall, Provenance
from bot.core.spending.budgets import Spending
from bot.core.turns import AddressingKind, Author, File, Turn, TurnStatus
from bot.ports import ConfigVersions, PersonalData, Votes
from bot.store.config.versions import SqlConfigVersions
from bot.store.conversations.feedback import SqlVotes
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from bot.store.personal.personal_data import SqlPersonalData
from bot.store.schema import chores, metadata, turns
from bot.testing.config import MemoryConfigVersions
from bot.testing.data import MemoryData
from bot.testing.personal_data import MemoryPersonalData
from bot.testing.records import MemoryVotes
from bot.testing.store import MemoryStore
from tests.clock import Clock, stopped
from tests.contracts.questions import ADA, ask_question, question, thread
from tests.contracts.stores import Store
from tests.databases import KINDS, migrated_database, open_database

pytestmark = pytest.mark.calendar

GRACE = Author(id="U0GRACE", name="Grace")
DAY = 86_400.0
MINE = PersonKey(user=ADA.id, platform="slack", workspace="T1")
SECRET = "teapot"
MADE = Answer(
    text=f"A {SECRET}.",
    model="m-1",
    finish_reason="stop",
    made_with=Provenance(versions=(1,), reading=f"The {SECRET}.pdf says so."),
)


@dataclass
class PersonalWorld:
    """A store, and the other stores that hold data about people."""

    store: Store
    votes: Votes
    versions: ConfigVersions
    personal: PersonalData
    data: MemoryData | Database

    async def add_answered_turn(
        self,
        message_id: str,
        *,
        author: Author = ADA,
        root: str = "",
        workspace: str = "T1",
        days_ago: float = 0.0,
    ) -> Turn:
        """Let a person ask, and answer them."""
        where = thread(root or message_id, workspace=workspace)
        incoming = question(
            message_id,
            f"What is a {SECRET}?",
            where=where,
            author=author,
            sent_at=time.time() - days_ago * DAY,
        )
        file = File(name=f"{SECRET}.pdf", url=f"https://files.example/{SECRET}")
        turn = await ask_question(self.store, replace(incoming, files=(file,)))
        await self.store.record_page(turn, 0, f"{message_id}.1")
        await self.store.save_answer(turn, MADE, [Answer(text=f"Another {SECRET}.")])
        await self.store.settle(turn, TurnStatus.DONE)
        return turn

    async def read_all_rows(self) -> str:
        """Return all rows of the database as text."""
        return await self.data.tx(_read_all_rows) if isinstance(self.data, Database) else ""

    async def make_old(self) -> None:
        """Make every answer as old as its question, and the next round of expiry due."""
        if isinstance(self.data, Database):
            await self.data.tx(_make_old)
        else:
            self.data.ended_at.clear()


def _read_all_rows(connection: Connection) -> str:
    return "\n".join(str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table)))


def _make_old(connection: Connection) -> None:
    connection.execute(update(turns).where(turns.c.status == "done").values(ended_at=turns.c.sent_at))
    connection.execute(update(chores).values(due_at=0.0))


@pytest.fixture(params=("memory", *KINDS))
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PersonalWorld]:
    if request.param == "memory":
        data = MemoryData()
        versions = MemoryConfigVersions(data.versions)
        yield PersonalWorld(MemoryStore("me", data), MemoryVotes(data), versions, MemoryPersonalData(data), data)
        return
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            store = SqlStore(database, "me")
            await store.open()
            personal = SqlPersonalData(database)
            yield PersonalWorld(store, SqlVotes(database), SqlConfigVersions(database), personal, database)


@pytest.fixture
def stopped_archive(world: PersonalWorld) -> Iterator[PersonalWorld]:
    """Have it always noon."""
    clock = Clock()
    if isinstance(world.data, MemoryData):
        world.data.clock = clock
    with stopped(clock):
        yield world


async def list_message_ids(world: PersonalWorld, of: PersonKey) -> list[str]:
    return [each.turn.message_id for each in await world.personal.list_turns(of, after=0, limit=99)]


async def test_messages_and_votes_of_a_person_are_counted(world: PersonalWorld) -> None:
    assert await world.personal.count_stored(MINE) == StoredCounts()
    first = await world.add_answered_turn("1", days_ago=3)
    await world.add_answered_turn("2", author=GRACE)
    await world.add_answered_turn("3")
    await world.add_answered_turn("4", workspace="T2")
    await world.votes.cast_vote(first.id, first.thread, Verdict.GOOD, by=ADA.id)
    counts = await world.personal.count_stored(MINE)
    assert (counts.messages, counts.votes) == (2, 1)
    assert counts.since == pytest.approx(time.time() - 3 * DAY, abs=60)
    assert (await world.personal.count_stored(PersonKey(user=ADA.id))).messages == 3
    assert await world.personal.count_stored(replace(MINE, workspace="T3")) == StoredCounts()


async def test_messages_of_a_person_are_listed_page_by_page_and_whole(world: PersonalWorld) -> None:
    await world.add_answered_turn("1")
    await world.add_answered_turn("2", author=GRACE)
    for message_id in ("3", "4"):
        await world.add_answered_turn(message_id)
    found = await world.personal.list_turns(MINE, after=0, limit=2)
    assert [each.turn.message_id for each in found] == ["1", "3"]
    rest = await world.personal.list_turns(MINE, after=found[-1].turn.id, limit=2)
    assert [each.turn.message_id for each in rest] == ["4"]
    first = found[0]
    assert first.answers == (MADE.text, f"Another {SECRET}.")
    assert (first.turn.answer, first.turn.pages, first.turn.author) == (MADE.text, ("1.1",), ADA)
    assert first.turn.made_with == MADE.made_with
    assert [file.name for file in first.turn.files] == [f"{SECRET}.pdf"]


async def test_a_thread_lists_the_messages_of_everybody(world: PersonalWorld) -> None:
    await world.add_answered_turn("1")
    await world.add_answered_turn("2", author=GRACE, root="1")
    await world.add_answered_turn("3")
    found = await world.personal.list_turns(thread("1"), after=0, limit=9)
    assert [each.turn.message_id for each in found] == ["1", "2"]
    assert await world.personal.erase(thread("1"), limit=9) == 2
    assert await world.personal.list_turns(thread("1"), after=0, limit=9) == []
    assert await list_message_ids(world, MINE) == ["3"]


async def test_votes_and_versions_are_theirs_too(world: PersonalWorld) -> None:
    turn = await world.add_answered_turn("1", author=GRACE)
    vote = await world.votes.cast_vote(turn.id, turn.thread, Verdict.GOOD, by=ADA.id)
    assert vote is not None
    await world.votes.add_reasons(vote.id, Verdict.GOOD, by=ADA.id, reasons=[], note="Well said.")
    key = Scope(platform="slack", workspace="T1")
    saved = await world.versions.save(key, ScopeConfig(prompt=Prompt("Be kind.")), based_on=0, by=ADA)
    found = await world.personal.read_other_data(MINE)
    assert [(each.vote.note, each.thread, each.message_id) for each in found.votes] == [
        ("Well said.", turn.thread, "1.1")
    ]
    assert list(found.versions) == [saved]
    assert await world.personal.read_other_data(replace(MINE, workspace="T2")) == OtherPersonalData(
        votes=[], versions=[], spent=[]
    )


async def test_spending_is_part_of_personal_data(stopped_archive: PersonalWorld) -> None:
    """By day and by month, for each workspace."""
    world = stopped_archive
    call = ModelCall(model="m-1", prompt_tokens=3, completion_tokens=4, cost=5)
    for number, workspace in enumerate(("T1", "T1", "T2")):
        where = thread(str(number), workspace=workspace)
        turn = await ask_question(world.store, question(str(number), where=where))
        await world.store.save_answer(turn, replace(MADE, call=call))
        await world.store.settle(turn, TurnStatus.DONE)
    found = (await world.personal.read_other_data(MINE)).spent
    twice = Spending(calls=2, prompt_tokens=6, completion_tokens=8, cost=10)
    assert [(each.workspace, len(each.period), each.spending) for each in found] == [
        ("T1", len("2026-11"), twice),
        ("T1", len("2026-11-21"), twice),
    ]
    assert found[1].period.startswith(found[0].period)
    assert len((await world.personal.read_other_data(PersonKey(user=ADA.id))).spent) == 4


async def erase_all(world: PersonalWorld, of: PersonKey) -> int:
    erased = 0
    while count := await world.personal.erase(of, limit=2):
        erased += count
    return erased


async def test_an_erased_person_is_in_no_table(world: PersonalWorld) -> None:
    """Neither their texts nor their id are in any table; what others wrote stays."""
    for message_id in ("1", "2", "3"):
        await world.add_answered_turn(message_id)
    others = await world.add_answered_turn("4", author=GRACE)
    vote = await world.votes.cast_vote(others.id, others.thread, Verdict.BAD, by=ADA.id)
    assert vote is not None
    await world.votes.add_reasons(vote.id, Verdict.BAD, by=ADA.id, reasons=[], note="Rather a kettle.")
    assert await erase_all(world, MINE) == 3
    assert await world.personal.count_stored(MINE) == StoredCounts()
    assert await world.personal.read_other_data(MINE) == OtherPersonalData(votes=[], versions=[], spent=[])
    assert await list_message_ids(world, PersonKey(user=GRACE.id)) == ["4"]
    assert await world.votes.count_votes_by_version([1]) == {1: VoteCounts(bad=1)}, "figures stay"
    (opinion,) = await world.votes.list_complaints(Scope(platform="slack", workspace="T1"), limit=9)
    assert opinion.voter.startswith(ERASED_PERSON)
    await world.personal.erase(PersonKey(user=GRACE.id), limit=9)
    kept = await world.read_all_rows()
    for word in (ADA.id, ADA.name, SECRET, "kettle"):
        assert word not in kept


async def test_an_erased_message_does_not_come_back(world: PersonalWorld) -> None:
    """Neither by another delivery, nor by reading the thread again."""
    await world.add_answered_turn("1")
    await erase_all(world, MINE)
    again = question("1", SECRET, where=thread("1"))
    assert await world.store.accept(again, claim=True) is None
    note = question("1", SECRET, where=thread("1"), addressed=AddressingKind.OVERHEARD)
    await world.store.record_overheard(thread("1"), [note])
    assert await world.personal.count_stored(MINE) == StoredCounts()


async def test_an_answer_under_way_is_lost_and_the_next_question_is_not(world: PersonalWorld) -> None:
    running = await ask_question(world.store, question("1", SECRET, sent_at=1.0))
    waiting = question("2", "And you?", author=GRACE, sent_at=2.0)
    await world.store.accept(waiting, claim=True)
    await erase_all(world, MINE)
    with pytest.raises(ClaimLost):
        await world.store.save_answer(running, MADE)
    (following,) = await world.store.claim(9)
    assert following.message_id == "2"
    assert not (await world.store.read_context(following, limit=9)).history


async def test_conversations_expire_when_their_newest_message_is_too_old(world: PersonalWorld) -> None:
    await world.add_answered_turn("1", days_ago=40)
    await world.add_answered_turn("2", days_ago=40)
    await world.add_answered_turn("3", root="2", days_ago=20)
    await world.add_answered_turn("4", days_ago=31)
    await ask_question(world.store, question("5", where=thread("5"), sent_at=1.0))
    while await world.personal.expire(30 * DAY, limit=2):
        pass
    assert await list_message_ids(world, MINE) == ["1", "2", "3", "4", "5"], "they were all answered just now"
    await world.make_old()
    while await world.personal.expire(30 * DAY, limit=2):
        pass
    assert await list_message_ids(world, MINE) == ["2", "3", "5"]
