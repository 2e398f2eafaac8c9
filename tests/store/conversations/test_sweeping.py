"""Deliveries are deleted after a week, a batch at a time, about once an hour."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from bot.store.conversations import processes
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from bot.store.schema import deliveries, drafts, now
from tests.databases import KINDS, migrated_database, open_database

pytestmark = pytest.mark.calendar

DAY = 24 * 3600


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            yield database


def insert_deliveries(connection: Connection, *, days_ago: float, count: int) -> None:
    for number in range(count):
        connection.execute(
            deliveries.insert().values(
                platform="slack", workspace="T1", id=f"{days_ago}-{number}", at=now() - days_ago * DAY
            )
        )


def count_deliveries(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(deliveries)).scalar_one()


async def test_old_deliveries_are_forgotten_and_younger_ones_are_not(database: Database) -> None:
    await database.tx(insert_deliveries, days_ago=7.1, count=3)
    await database.tx(insert_deliveries, days_ago=6.9, count=2)
    await SqlStore(database, "me").record_heartbeat(30)
    assert await database.tx(count_deliveries) == 2


async def test_more_than_a_batch_is_left_to_the_next_heartbeat(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nothing is left, a process looks again after an hour."""
    monkeypatch.setattr(processes, "SWEEP_BATCH_SIZE", 4)
    await database.tx(insert_deliveries, days_ago=8, count=6)
    store = SqlStore(database, "me")
    left = []
    for _ in range(2):
        await store.record_heartbeat(30)
        left.append(await database.tx(count_deliveries))
    assert left == [2, 0]
    await database.tx(insert_deliveries, days_ago=9, count=1)
    await store.record_heartbeat(30)
    assert await database.tx(count_deliveries) == 1


def insert_drafts(connection: Connection, *, days_left: float, count: int) -> None:
    for number in range(count):
        thread = {"platform": "slack", "workspace": "T1", "channel": "D1", "root": f"{days_left}-{number}"}
        what = {"level": "workspace T1", "based_on": 0, "author_id": "U1", "note": "", "content": "{}"}
        connection.execute(drafts.insert().values(**thread, **what, expires_at=now() + days_left * DAY))


async def test_drafts_that_have_expired_are_swept_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches as large as those of deliveries; the next batch follows soon."""
    monkeypatch.setattr(processes, "SWEEP_BATCH_SIZE", 4)
    await database.tx(insert_drafts, days_left=-0.1, count=5)
    await database.tx(insert_drafts, days_left=0.1, count=2)
    store, left = SqlStore(database, "me"), []
    for _ in range(2):
        await store.record_heartbeat(30)
        left.append(await database.tx(lambda connection: connection.scalar(select(func.count()).select_from(drafts))))
    assert left == [3, 2]
