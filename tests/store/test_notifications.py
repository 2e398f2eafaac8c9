"""A transaction that leaves work for others wakes them at once, and no other transaction does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.conversation.lease import Lease
from bot.core.turns import TurnStatus
from bot.store import notifications
from bot.store.conversations.sql_store import SqlStore
from bot.store.database import Database, parse_database_url
from bot.testing.data import MemoryData
from bot.testing.store import MemoryStore
from tests.contracts.questions import ADA, ask_question, end_turn, message_key, question, thread
from tests.contracts.stores import Store
from tests.databases import migrated_database, open_database
from tests.store.test_outages import end_sessions

SOON = 5.0


@asynccontextmanager
async def watch_notifications(store: Store) -> AsyncIterator[asyncio.Event]:
    """Listen while the context lasts; the event is set at each notification."""
    event = asyncio.Event()
    task = asyncio.create_task(store.listen(event.set, Lease(30)))
    await asyncio.sleep(0.3)
    yield event
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Store, Store]]:
    if request.param == "memory":
        data = MemoryData()
        yield MemoryStore("a", data), MemoryStore("b", data)
        return
    with migrated_database("postgres", tmp_path) as url:
        async with open_database(url) as database:
            for owner in "ab":
                await SqlStore(database, owner).open()
            yield SqlStore(database, "a"), SqlStore(database, "b")


async def settle_for_others(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    await ask_question(store, question("2"))
    await store.settle(turn, TurnStatus.FAILED, claim=False)


async def release(store: Store) -> None:
    await store.release(await ask_question(store, question("1")))


async def leave(store: Store) -> None:
    await ask_question(store, question("1"))
    await store.unregister()


async def retry_for_others(store: Store) -> None:
    turn = await ask_question(store, question("1"))
    await end_turn(store, turn)
    assert await store.retry(turn.id, turn.thread, by=ADA.id, claim=False)


async def forget_what_held_others_up(store: Store) -> None:
    await ask_question(store, question("1"))
    await ask_question(store, question("2"))
    assert await store.forget(message_key("1"))


async def accept_for_others(store: Store) -> None:
    await ask_question(store, question("1"), claim=False)


STEPS: list[Callable[[Store], Awaitable[None]]] = [
    settle_for_others,
    release,
    leave,
    retry_for_others,
    forget_what_held_others_up,
    accept_for_others,
]


@pytest.mark.parametrize("step", STEPS, ids=lambda each: each.__name__)
async def test_work_that_is_handed_over_wakes_the_others(
    stores: tuple[Store, Store], step: Callable[[Store], Awaitable[None]]
) -> None:
    a, b = stores
    async with watch_notifications(b) as event:
        await step(a)
        async with asyncio.timeout(SOON):
            await event.wait()
        assert await b.claim(1)


async def test_ordinary_transactions_wake_no_process(stores: tuple[Store, Store]) -> None:
    """A notification takes a lock on the whole database at its commit.

    See https://www.recall.ai/blog/postgres-listen-notify-does-not-scale.
    """
    a, b = stores
    async with watch_notifications(b) as event:
        turn = await ask_question(a, question("1"))
        await ask_question(a, question("2"))
        await ask_question(a, question("3"), claim=False)  # its thread has an owner: no other process could claim it
        await a.record_page(turn, 0, "1.1")
        following = await end_turn(a, turn)
        assert following is not None
        third = await end_turn(a, following)
        assert third is not None
        await a.settle(third, TurnStatus.FAILED, claim=False)
        await a.forget(message_key("3"))
        await a.record_heartbeat(30)
        await a.unregister()
        await asyncio.sleep(0.3)
        assert not event.is_set()


@pytest.mark.postgres
async def test_a_lost_connection_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "FIRST_RETRY_DELAY_SECONDS", 0.05)
    with migrated_database("postgres", tmp_path) as url:
        async with open_database(url) as database:
            store = SqlStore(database, "a")
            await store.open()
            async with watch_notifications(store) as event:
                for number in range(3):
                    await asyncio.to_thread(end_sessions, url)
                    await asyncio.sleep(0.5)
                    event.clear()
                    await ask_question(store, question(f"{number}", where=thread(f"{number}")), claim=False)
                    async with asyncio.timeout(SOON):
                        await event.wait()


@pytest.mark.postgres
async def test_listening_can_be_ended_at_any_moment(tmp_path: Path) -> None:
    """Also while it connects. A connection that stays open would be reported, and fail the test."""
    with migrated_database("postgres", tmp_path) as url:
        async with open_database(url) as database:
            for delay in (0.0, 0.001, 0.002, 0.004, 0.008, 0.016, 0.03, 0.06, 0.3, 0.4):
                task = asyncio.create_task(SqlStore(database, "a").listen(lambda: None, Lease(30)))
                await asyncio.sleep(delay)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task


async def test_where_no_server_is_it_goes_on_trying() -> None:
    """It raises nothing."""
    database = Database(parse_database_url("postgresql://someone:hunter2@127.0.0.1:1/none"))
    task = asyncio.create_task(SqlStore(database, "a").listen(lambda: None, Lease(30)))
    await asyncio.sleep(0.2)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
