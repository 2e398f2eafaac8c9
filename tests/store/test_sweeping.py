"""Deliveries are forgotten after a week, a batch at a time, and not all the time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from bot.store import processes
from bot.store.database import Database
from bot.store.schema import deliveries, now
from bot.store.sql import SqlStore
from tests.databases import KINDS, migrated_database

DAY = 24 * 3600


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    with migrated_database(request.param, tmp_path) as url:
        database = Database(url)
        await database.open()
        yield database
        await database.close()


def delivered(connection: Connection, *, days_ago: float, count: int) -> None:
    for number in range(count):
        connection.execute(
            deliveries.insert().values(
                platform="slack", workspace="T1", id=f"{days_ago}-{number}", at=now() - days_ago * DAY
            )
        )


def remembered(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(deliveries)).scalar_one()


async def test_old_deliveries_are_forgotten_and_younger_ones_are_not(database: Database) -> None:
    await database.tx(delivered, days_ago=7.1, count=3)
    await database.tx(delivered, days_ago=6.9, count=2)
    await SqlStore(database, "me").beat(30)
    assert await database.tx(remembered) == 2


async def test_what_is_more_than_a_batch_is_left_to_the_next_beat(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And when nothing is left, a process looks again after an hour only."""
    monkeypatch.setattr(processes, "BATCH", 4)
    await database.tx(delivered, days_ago=8, count=6)
    store = SqlStore(database, "me")
    left = []
    for _ in range(2):
        await store.beat(30)
        left.append(await database.tx(remembered))
    assert left == [2, 0]
    await database.tx(delivered, days_ago=9, count=1)
    await store.beat(30)
    assert await database.tx(remembered) == 1
