"""Personal data in SQL only: figures in tables of their own, and locks between processes."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Select, select, text, update
from sqlalchemy.dialects import sqlite

from bot.core.chat.summaries import Summary
from bot.core.config import Scope
from bot.core.history.personal_data import ERASED_PERSON, PersonKey
from bot.core.requests import Answer, ModelCall
from bot.core.spending.budgets import Spending, SpendingDimension
from bot.core.turns import Author, ThreadKey, TurnStatus
from bot.store.conversations.sql_store import SqlStore
from bot.store.conversations.summaries import SqlSummaries
from bot.store.database import Database
from bot.store.personal import personal_data as sql
from bot.store.personal import retention
from bot.store.personal.personal_data import SqlPersonalData
from bot.store.schema import calls, chores, metadata, tallies
from bot.store.spending.ledger import SqlLedger
from tests.clock import Clock, stopped
from tests.contracts.questions import ADA, ask_question, question, thread
from tests.databases import KINDS, migrated_database, open_database

pytestmark = pytest.mark.calendar

GRACE = Author(id="U0GRACE", name="Grace")
HERE = Scope(platform="slack", workspace="T1")
CALL = ModelCall(model="m-1", prompt_tokens=3, completion_tokens=4, cost=5)
VALUES = {"of_user": "U1", "of_platform": "slack", "of_workspace": "T1", "after": 0, "limit": 9, "age": 1.0}
OLD = 1.0
"""The time of a question that is too old for any limit."""


ERASED_WITH_A_PERSON = {"pages", "reservations", "summaries", "turns", "variants", "vote_versions", "votes"}
FIGURES = {"calls", "tallies"}
ADMINISTRATION = {"budgets", "drafts", "grants_versions", "steering_versions"}
WITHOUT_PEOPLE = {"chores", "conversations", "deliveries", "lessons", "loads", "refusals", "secrets", "workers"}


def test_every_table_has_a_decision_about_erasing() -> None:
    """A new table is added here; if it holds texts or ids of people, then to `erasing` or `personal_data`, too.

    And into docs/privacy.md.
    """
    assert set(metadata.tables) == ERASED_WITH_A_PERSON | FIGURES | ADMINISTRATION | WITHOUT_PEOPLE


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            yield database


async def add_answered_turn(database: Database, message_id: str, author: Author) -> ThreadKey:
    store = SqlStore(database, "me")
    await store.open()
    where = thread(message_id)
    turn = await ask_question(store, question(message_id, where=where, author=author, sent_at=OLD))
    await store.save_answer(turn, Answer(text="So.", model="m-1", call=CALL))
    await store.settle(turn, TurnStatus.DONE)
    return where


def move_sums_to_2020(connection: Connection) -> None:
    """Make all calls of the year 2020."""
    for span, period in (("day", "2020-01-05"), ("month", "2020-01")):
        connection.execute(update(tallies).where(tallies.c.span == span).values(period=period))


async def sum_by_person(database: Database) -> dict[str, Spending]:
    ledger = SqlLedger(database, "me")
    found = await ledger.sum_by_subject(HERE, SpendingDimension.PERSON, since="2020-01-01", until="2099-01-01")
    return dict(found)


async def test_figures_of_past_months_stay_and_are_anonymised(database: Database) -> None:
    """Also of several people, one after the other: their figures are added up."""
    for message_id, author in (("1", ADA), ("2", GRACE)):
        await add_answered_turn(database, message_id, author)
    await database.tx(move_sums_to_2020)
    once = Spending(calls=1, prompt_tokens=3, completion_tokens=4, cost=5)
    left = {ADA.id: once, GRACE.id: once}
    assert await sum_by_person(database) == left
    data, erased = SqlPersonalData(database), Spending()
    for author in (ADA, GRACE):
        person = PersonKey(user=author.id)
        while await data.erase(person, limit=9):
            pass
        del left[author.id]
        erased += once
        assert await sum_by_person(database) == {**left, ERASED_PERSON: erased}
    kept = await database.tx(lambda connection: connection.execute(select(calls.c.author_id)).scalars().all())
    assert kept == ["", ""]


async def test_old_figures_are_anonymised_in_time(database: Database) -> None:
    """With the conversations, however few are moved at a time; younger figures keep their names."""
    for message_id, author in (("1", ADA), ("2", GRACE), ("3", ADA)):
        await add_answered_turn(database, message_id, author)
    await database.tx(move_sums_to_2020)
    await add_answered_turn(database, "4", GRACE)
    data = SqlPersonalData(database)
    while await data.expire(400 * 86_400.0, limit=1):
        pass
    once = Spending(calls=1, prompt_tokens=3, completion_tokens=4, cost=5)
    assert await sum_by_person(database) == {ERASED_PERSON: once + once + once, GRACE.id: once}


async def test_figures_of_this_month_stay_with_the_person_for_budgets_count_on_them(
    database: Database,
) -> None:
    with stopped(Clock()):
        await add_answered_turn(database, "1", ADA)
        data = SqlPersonalData(database)
        while await data.erase(PersonKey(user=ADA.id), limit=9):
            pass
    assert list(await sum_by_person(database)) == [ADA.id]


@pytest.mark.parametrize("way", ["asked for", "in time"])
async def test_summaries_and_ids_are_erased_too(database: Database, way: str) -> None:
    """Summaries of the thread, and the ids of the people who asked and who stopped an answer."""
    where = await add_answered_turn(database, "1", ADA)
    summaries, data = SqlSummaries(database), SqlPersonalData(database)
    (turn,) = await data.list_turns(where, after=0, limit=9)
    summary = Summary(until=turn.turn.id, text="Ada asked about teapots.")
    assert await summaries.save_summary(where, summary, revision=(await summaries.read_summaries(where)).revision)
    await database.tx(lambda connection: connection.execute(text("UPDATE turns SET stopped_by = 'U0ADA'")))
    await database.tx(move_sums_to_2020)
    await database.tx(make_turns_old)
    if way == "asked for":
        while await data.erase(PersonKey(user=ADA.id), limit=9):
            pass
    else:
        while await data.expire(86_400.0, limit=9):
            pass
    assert not (await summaries.read_summaries(where)).summaries
    kept = await database.tx(read_all_rows)
    for word in (ADA.id, ADA.name, "teapots"):
        assert word not in kept


def read_all_rows(connection: Connection) -> str:
    return "\n".join(str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table)))


def make_turns_old(connection: Connection) -> None:
    connection.execute(text("UPDATE turns SET ended_at = 1"))


@pytest.mark.parametrize("database", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_of_several_processes_one_erases_at_a_time(database: Database) -> None:
    """The second process does not wait; it has nothing to do."""
    data = SqlPersonalData(database)
    await add_answered_turn(database, "1", ADA)
    await database.tx(make_turns_old)
    assert not await data.expire(1e12, limit=9), "the chore is there, and nothing is that old"
    await database.tx(lambda connection: connection.execute(update(chores).values(due_at=0.0)))
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(address) as other:
        await other.execute("SELECT * FROM chores FOR UPDATE")
        async with asyncio.timeout(30):
            assert not await data.expire(60.0, limit=9)
        assert (await data.count_stored(PersonKey(user=ADA.id))).messages == 1
    assert not await data.expire(60.0, limit=9)
    assert (await data.count_stored(PersonKey(user=ADA.id))).messages == 0


async def test_after_a_round_the_next_one_begins_an_hour_later(database: Database) -> None:
    data = SqlPersonalData(database)
    assert not await data.expire(60.0, limit=9)
    await add_answered_turn(database, "1", ADA)
    await database.tx(make_turns_old)
    assert not await data.expire(60.0, limit=9)
    assert (await data.count_stored(PersonKey(user=ADA.id))).messages == 1


async def test_many_are_erased_some_at_a_time(database: Database) -> None:
    data = SqlPersonalData(database)
    for number in range(retention.MAX_CONVERSATIONS_PER_TRANSACTION + 5):
        await add_answered_turn(database, str(number), ADA)
    await database.tx(make_turns_old)
    steps = 0
    while await data.expire(60.0, limit=retention.MAX_CONVERSATIONS_PER_TRANSACTION + 2):
        steps += 1
    assert steps == 1
    assert (await data.count_stored(PersonKey(user=ADA.id))).messages == 0


@pytest.mark.parametrize("statement", [retention.LOCK_EXPIRED_CONVERSATIONS, retention.SELECT_TURNS])
async def test_old_conversations_are_found_by_index(tmp_path: Path, statement: Select[Any]) -> None:
    """Otherwise each step would read all turns, for each conversation."""
    found = await explain(tmp_path, statement)
    assert "SCAN" not in found
    assert "ix_turns_said" in found


@pytest.mark.parametrize(
    "statement", [sql.COUNT_MESSAGES, sql.COUNT_VOTES, sql.SELECT_TURNS[PersonKey], sql.SELECT_OPINIONS]
)
async def test_a_person_is_found_by_index(tmp_path: Path, statement: Select[Any]) -> None:
    """Home is shown within three seconds, however many messages others wrote."""
    found = await explain(tmp_path, statement)
    assert "SCAN" not in found
    assert "ix_turns_author_id" in found or "ix_votes_voter_id" in found


async def explain(folder: Path, statement: Select[Any]) -> str:
    """Return SQLite's query plan of a statement."""

    def explained(connection: Connection) -> str:
        compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
        sql_text = re.sub(r"\(__\[POSTCOMPILE_\w+\]\)", "(1)", str(compiled))
        values = {**compiled.construct_params(_check=False), **VALUES}
        rows = connection.execute(text(f"EXPLAIN QUERY PLAN {sql_text}"), values)
        return "\n".join(row.detail for row in rows)

    with migrated_database("sqlite", folder) as url:
        async with open_database(url) as database:
            found = await database.tx(explained)
    return found
