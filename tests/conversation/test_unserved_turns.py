"""Turns of a platform that no process here can show, on both databases: they cost next to nothing."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.conversation.answering import Answerer
from bot.conversation.lease import Lease
from bot.conversation.request_builder import RequestOptions
from bot.conversation.worker import MAX_ATTEMPTS, Worker
from bot.core.config import Prompt, ScopeConfig
from bot.core.turns import TurnStatus
from bot.plugins import Plugins
from bot.ports import ClaimRules
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from bot.store.schema import turns
from bot.testing.model import ScriptedModel
from bot.testing.surface import PaperSurface
from tests.contracts.questions import question, thread
from tests.databases import KINDS, Kind, migrated_database, open_database

SECONDS = 3.0
"""Enough for thousands of attempts where each one causes the next."""
MAX_CPU_SECONDS = 0.5
"""Of the whole test process; 4.6 s in ten seconds before."""
UNKNOWN = replace(thread(), platform="matrix")
ONLY_SLACK = ClaimRules(served=frozenset({("slack", "T1")}))


def start_worker(store: SqlStore) -> Worker:
    """Return a worker that can show answers on paper only."""
    answerer = Answerer(
        store=store,
        model=ScriptedModel(),
        surfaces={"slack": PaperSurface()},
        options=RequestOptions(
            deployment_config=ScopeConfig(prompt=Prompt(""), parameters={"model": "m"}), user_key=b"k"
        ),
        plugins=Plugins(),
    )
    return Worker(store, answerer, lease=Lease(30), max_threads=10)


async def read_turn(database: Database) -> tuple[str, int, str]:
    statement = select(turns.c.status, turns.c.attempt, turns.c.error)
    row = await database.tx(lambda connection: connection.execute(statement).one())
    return row.status, row.attempt, row.error


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rules", [ONLY_SLACK, ClaimRules()], ids=["not served", "served, but cannot be shown"])
async def test_it_is_left_alone_or_given_up_soon(kind: Kind, rules: ClaimRules, tmp_path: Path) -> None:
    with migrated_database(kind, tmp_path) as url:
        async with open_database(url) as database:
            store = SqlStore(database, "me", rules)
            await store.open()
            async with start_worker(store).run():
                await store.accept(question("1.0", where=UNKNOWN), claim=False)
                before = time.process_time()
                await asyncio.sleep(SECONDS)
                assert time.process_time() - before < MAX_CPU_SECONDS
            status, attempts, error = await read_turn(database)
    assert attempts <= MAX_ATTEMPTS + 1
    if rules is ONLY_SLACK:
        assert (status, attempts) == (TurnStatus.WAITING, 0)
    elif kind == "postgres":  # each attempt wakes the worker; on SQLite the poll makes one in a second
        assert (status, error) == (TurnStatus.FAILED, "error")
