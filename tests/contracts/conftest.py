"""Fixtures: a store under test (in memory, on SQLite, on PostgreSQL), and processes that share its database."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import Connection, text

from bot.ports import ClaimRules
from bot.store.conversations.sql_store import SqlStore
from bot.store.schema import metadata
from bot.testing.data import MemoryData
from bot.testing.store import MemoryStore
from tests.contracts.stores import Store
from tests.databases import KINDS, Kind, migrated_database, open_database


class Join(Protocol):
    """Starts a process with this name on the test's database, and returns its store."""

    def __call__(self, owner: str, rules: ClaimRules | None = None, /) -> Awaitable[Store]: ...


FOR_EVER = 1e9


def emptied(connection: Connection) -> None:
    """Delete all rows and restart the ids, so that ids can be compared."""
    if connection.dialect.name == "postgresql":
        tables = ", ".join(metadata.tables)
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        return
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())
    connection.execute(text("DELETE FROM sqlite_sequence"))


@asynccontextmanager
async def processes(kind: Kind, folder: Path) -> AsyncIterator[Join]:
    with migrated_database(kind, folder) as url:
        async with open_database(url) as database:
            await SqlStore(database, "first of all").open()

            async def join(owner: str, rules: ClaimRules | None = None) -> Store:
                store = SqlStore(database, owner, rules)
                await store.record_heartbeat(FOR_EVER)
                return store

            yield join


@pytest.fixture(params=("memory", *KINDS))
async def join(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Join]:
    if request.param == "memory":
        data = MemoryData()

        async def join_memory(owner: str, rules: ClaimRules | None = None) -> Store:
            return MemoryStore(owner, data, rules)

        yield join_memory
        return
    async with processes(request.param, tmp_path) as join_sql:
        yield join_sql


@pytest.fixture
async def store(join: Join) -> Store:
    return await join("me")
