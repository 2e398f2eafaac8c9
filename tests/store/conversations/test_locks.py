"""Locks on PostgreSQL, where transactions run side by side: which of two waits for the other."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.core.errors import ClaimLost
from bot.core.turns import TurnStatus
from bot.ports import ClaimRules
from bot.store.conversations import changes, turn_queue
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from tests.contracts.questions import ANSWER, ask_question, message_key, question
from tests.databases import migrated_database, open_database

pytestmark = pytest.mark.postgres


@asynccontextmanager
async def open_store(folder: Path) -> AsyncIterator[tuple[Database, SqlStore]]:
    with migrated_database("postgres", folder) as url:
        async with open_database(url) as database:
            store = SqlStore(database, "me")
            await store.open()
            yield database, store


@asynccontextmanager
async def hold_uncommitted(database: Database, f: Callable[[Connection], Any]) -> AsyncIterator[None]:
    """Run `f` in a transaction that is committed a moment after the context has begun to end."""
    done, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def run_and_wait(connection: Connection) -> None:
        f(connection)
        loop.call_soon_threadsafe(done.set)
        go_on.wait(5)

    running = asyncio.create_task(database.tx(run_and_wait))
    await done.wait()
    yield
    await asyncio.sleep(0.2)
    go_on.set()
    await running


async def test_ending_a_turn_sees_the_question_that_is_being_recorded(tmp_path: Path) -> None:
    """Ending waits for the question to be committed. The question found the thread busy; it would stay unanswered."""

    def ask(connection: Connection) -> None:
        turn_queue.accept_question(connection, turn_queue.Claimant("other", ClaimRules()), question("2"), claim=True)

    async with open_store(tmp_path) as (database, store):
        turn = await ask_question(store, question("1"))
        await store.save_answer(turn, ANSWER)
        async with hold_uncommitted(database, ask):
            settling = asyncio.create_task(store.settle(turn, TurnStatus.DONE))
        following = await settling
        assert following is not None
        assert following.message_id == "2"


async def test_recording_a_page_sees_that_the_turn_is_being_forgotten(tmp_path: Path) -> None:
    """Otherwise a page that is recorded then would never be deleted from the thread."""

    def forget(connection: Connection) -> None:
        changes.forget_message(connection, message_key("1"), "")

    async with open_store(tmp_path) as (database, store):
        turn = await ask_question(store, question("1"))
        async with hold_uncommitted(database, forget):
            noting = asyncio.create_task(store.record_page(turn, 0, "9.9"))
        with pytest.raises(ClaimLost):
            await noting
