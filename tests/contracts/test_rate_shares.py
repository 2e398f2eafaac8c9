"""The contract of `RateShares`: each process gets its part of the limits, and hears of refusals."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.ports.rate_shares import RateLimitKey, RateShares
from bot.store.config.rate_shares import SqlRateShares
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database
from bot.store.schema import refusals
from bot.testing.data import MemoryData
from bot.testing.records import MemoryRateShares
from bot.testing.store import MemoryStore
from tests.contracts.conftest import FOR_EVER
from tests.databases import migrated_database, open_database

Join = Callable[[str], Awaitable[RateShares]]
HERE, THERE = ("slack", "T1"), ("slack", "T2")


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
async def join(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Join]:
    """Give a function that lets a process with this name join the others."""
    if request.param == "memory":
        data = MemoryData()

        async def join_memory(owner: str) -> RateShares:
            await MemoryStore(owner, data).record_heartbeat(FOR_EVER)
            return MemoryRateShares(owner, data)

        yield join_memory
        return
    with migrated_database("postgres", tmp_path) as url:
        async with open_database(url) as database:

            async def join_sql(owner: str) -> RateShares:
                await SqlStore(database, owner).record_heartbeat(FOR_EVER)
                return SqlRateShares(database, owner)

            yield join_sql


async def test_a_process_alone_has_the_whole_share(join: Join) -> None:
    a = await join("a")
    found = await a.exchange({HERE: 3, THERE: 1}, {})
    assert (found.fractions, found.processes) == ({HERE: 1.0, THERE: 1.0}, 1)
    assert (await a.exchange({}, {})).fractions == {}


async def test_parts_go_by_the_answers_of_each_process(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await a.exchange({HERE: 3, THERE: 2}, {})
    found = await b.exchange({HERE: 1}, {})
    assert (found.fractions, found.processes) == ({HERE: 0.25}, 2)
    assert (await a.exchange({HERE: 3}, {})).fractions == {HERE: 0.75}
    assert (await b.exchange({HERE: 1, THERE: 1}, {})).fractions == {HERE: 0.25, THERE: 1.0}


async def test_a_process_without_answers_takes_no_share(join: Join) -> None:
    a, b = await join("a"), await join("b")
    await a.exchange({HERE: 3}, {})
    await a.exchange({}, {})
    assert (await b.exchange({HERE: 1}, {})).fractions == {HERE: 1.0}


async def test_the_dead_count_nothing(join: Join) -> None:
    a = await join("a")
    await a.exchange({HERE: 3}, {})
    await (await _dead(join)).exchange({HERE: 9}, {})
    found = await a.exchange({HERE: 3}, {})
    assert (found.fractions, found.processes) == ({HERE: 1.0}, 1)


async def test_a_process_taken_for_dead_counts_itself(join: Join) -> None:
    await join("a")
    assert (await (await _dead(join)).exchange({HERE: 9}, {})).fractions == {HERE: 1.0}


EDITS: RateLimitKey = ("slack", "T1", "edit")
POSTS: RateLimitKey = ("slack", "T1", "post C1")


async def test_a_refusal_holds_for_all_processes_until_it_ends(join: Join) -> None:
    """Also for a process that joins later. Of two refusals the longer one counts."""
    a, b = await join("a"), await join("b")
    assert (await a.exchange({HERE: 1}, {EDITS: 30.0, POSTS: 0.2})).refused.keys() == {EDITS, POSTS}
    await b.exchange({}, {EDITS: 5.0})
    await asyncio.sleep(0.3)
    for shares in (a, b, await join("c")):
        ((limit, seconds),) = (await shares.exchange({}, {})).refused.items()
        assert limit == EDITS
        assert 20 < seconds < 30


async def test_a_refusal_outlives_the_process_that_saved_it(join: Join) -> None:
    a = await join("a")
    await (await _dead(join)).exchange({}, {EDITS: 30.0})
    assert (await a.exchange({HERE: 1}, {})).refused.keys() == {EDITS}


@pytest.mark.postgres
async def test_expired_refusals_are_deleted(tmp_path: Path) -> None:
    """They are deleted when the next refusal is saved."""
    with migrated_database("postgres", tmp_path) as url:
        async with open_database(url) as database:
            shares = SqlRateShares(database, "a")
            await shares.exchange({}, {POSTS: 0.1})
            await asyncio.sleep(0.2)
            await shares.exchange({}, {EDITS: 30.0})
            kept = await database.tx(lambda connection: connection.scalars(select(refusals.c.name)).all())
            assert kept == ["edit"]


async def test_processes_that_are_refused_at_once_do_not_deadlock(join: Join) -> None:
    shares = [await join(name) for name in "abcd"]
    limits: list[RateLimitKey] = [("slack", "T1", f"post C{number}") for number in range(20)]

    async def tell(number: int) -> None:
        mine = limits[5 * number :] + limits[: 5 * number]
        for _ in range(10):
            await shares[number].exchange({HERE: 1}, dict.fromkeys(mine, 0.01))

    async with asyncio.timeout(60):
        await asyncio.gather(*(tell(number) for number in range(4)))


async def _dead(join: Join) -> RateShares:
    """Return the shares of a process that joined, told its load, and unregistered."""
    shares = await join("dead")
    await shares.exchange({HERE: 9}, {})
    store = (
        SqlStore(shares._database, "dead") if isinstance(shares, SqlRateShares) else MemoryStore("dead", shares._data)  # type: ignore[attr-defined]
    )
    await store.unregister()
    return shares


async def test_on_sqlite_one_process_has_everything_without_asking(tmp_path: Path) -> None:
    with migrated_database("sqlite", tmp_path) as url:
        found = await SqlRateShares(Database(url), "a").exchange({HERE: 3}, {})
    assert (found.fractions, found.processes) == ({HERE: 1.0}, 1)
