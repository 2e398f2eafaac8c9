"""On PostgreSQL no two transactions claim for the same person at the same moment, so the limit of each holds."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.core.turns import Author
from bot.ports import ClaimRules
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from tests.contracts.questions import ask_question, end_turn, question
from tests.databases import migrated_database, open_database

pytestmark = pytest.mark.postgres

BOB = Author(id="U0BOB", name="Bob")
LIMIT = 2

LOCK_BOB = text("SELECT pg_advisory_xact_lock(hashtextextended('slack T1 U0BOB', 0))")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    with migrated_database("postgres", tmp_path) as url:
        async with open_database(url) as database:
            yield database


@pytest.mark.parametrize("limit", [0, LIMIT])
async def test_a_turn_that_follows_in_a_thread_is_claimed_under_the_lock_of_its_own_author(
    database: Database, limit: int
) -> None:
    """Ada's turn ends, and Bob's is the next, for whom another transaction claims at the moment: a poll takes it."""
    store = SqlStore(database, "a", ClaimRules(answers_per_person=limit))
    await store.open()
    ended = await ask_question(store, question("1"))
    await ask_question(store, question("2", author=BOB, sent_at=1.0))
    is_locked, may_end = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def claim_for_bob(connection: Connection) -> None:
        connection.execute(LOCK_BOB)
        loop.call_soon_threadsafe(is_locked.set)
        asyncio.run_coroutine_threadsafe(may_end.wait(), loop).result()

    claiming = asyncio.create_task(database.tx(claim_for_bob))
    await is_locked.wait()
    try:
        following = await end_turn(store, ended)
    finally:
        may_end.set()
        await claiming
    if limit:
        assert following is None
        (following,) = await store.claim(5)
    assert following
    assert (following.author, following.token) == (BOB, 1)
