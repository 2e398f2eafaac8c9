"""The contract of `Summaries`: in memory, on SQLite, on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bot.core.chat.summaries import MAX_KEPT_SUMMARIES, Summary, ThreadSummaries
from bot.core.requests import Answer
from bot.core.turns import Action, Turn, TurnStatus
from bot.ports import Summaries
from bot.store.conversations.sql_store import SqlStore
from bot.store.conversations.summaries import SqlSummaries
from bot.testing.data import MemoryData
from bot.testing.records import MemorySummaries
from bot.testing.store import MemoryStore
from tests.contracts.questions import ADA, ANSWER, ask_question, message_key, question, thread
from tests.contracts.stores import Store
from tests.databases import KINDS, migrated_database, open_database

SummaryStores = tuple[Summaries, Store]


@pytest.fixture(params=("memory", *KINDS))
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SummaryStores]:
    """Give the summaries, and the store of their threads."""
    if request.param == "memory":
        data = MemoryData()
        yield MemorySummaries(data), MemoryStore(data=data)
        return
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            yield SqlSummaries(database), SqlStore(database, "me")


async def add_ended_turns(store: Store, count: int, *, others: tuple[Answer, ...] = ()) -> list[Turn]:
    """Return turns of a thread that have ended."""
    turns = []
    for number in range(1, count + 1):
        turn = await ask_question(store, question(f"{number}.0", sent_at=float(number)))
        await store.save_answer(turn, ANSWER, others)
        await store.settle(turn, TurnStatus.DONE)
        turns.append(turn)
    return turns


async def test_a_summary_is_kept_as_it_was_made(stores: SummaryStores) -> None:
    summaries, store = stores
    first, second = await add_ended_turns(store, 2)
    assert await summaries.read_summaries(thread()) == ThreadSummaries()
    kept = Summary(until=first.id, text="Ada asked ☃, and\nwas told.")
    assert await summaries.save_summary(thread(), kept, revision=0)
    assert await summaries.read_summaries(thread()) == ThreadSummaries(revision=0, summaries=(kept,))
    further = Summary(until=second.id, text="More.")
    assert await summaries.save_summary(thread(), further, revision=0)
    assert (await summaries.read_summaries(thread())).summaries == (kept, further)
    assert await summaries.read_summaries(thread("2.0")) == ThreadSummaries()


async def test_only_the_newest_are_kept_and_one_that_reaches_as_far_is_replaced(stores: SummaryStores) -> None:
    summaries, store = stores
    turns = await add_ended_turns(store, MAX_KEPT_SUMMARIES + 2)
    for turn in turns:
        assert await summaries.save_summary(thread(), Summary(until=turn.id, text="so far"), revision=0)
    known = (await summaries.read_summaries(thread())).summaries
    assert [each.until for each in known] == [turn.id for turn in turns[-MAX_KEPT_SUMMARIES:]]
    assert await summaries.save_summary(thread(), Summary(until=turns[-1].id, text="better\0"), revision=0)
    assert [each.text for each in (await summaries.read_summaries(thread())).summaries] == [
        *["so far"] * (MAX_KEPT_SUMMARIES - 1),
        "better\ufffd",
    ]


Change = Callable[[Store, Turn], Awaitable[object]]

CHANGES: dict[str, Change] = {
    "forgotten": lambda store, turn: store.forget(message_key(turn.message_id)),
    "reworded": lambda store, turn: store.edit_question(message_key(turn.message_id), "What?"),
    "answered again": lambda store, turn: store.retry(turn.id, turn.thread, by=ADA.id, claim=False),
    "flipped": lambda store, turn: store.flip(turn.id, turn.thread, Action.NEXT, by=ADA.id),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_with_a_turn_that_changes_goes_every_summary_that_covers_it(
    stores: SummaryStores, change: Change
) -> None:
    """And no others. A summary that was being made of the old text is not saved either."""
    summaries, store = stores
    turns = await add_ended_turns(store, 3, others=(ANSWER,))
    for turn in turns:
        await summaries.save_summary(thread(), Summary(until=turn.id, text="so far"), revision=0)
    elsewhere = await ask_question(store, question("9.0", where=thread("9.0")))
    await summaries.save_summary(thread("9.0"), Summary(until=elsewhere.id, text="other"), revision=0)
    assert await change(store, turns[1])
    known = await summaries.read_summaries(thread())
    assert [each.until for each in known.summaries] == [turns[0].id]
    assert known.revision == 1
    assert not await summaries.save_summary(thread(), Summary(until=turns[2].id, text="late"), revision=0)
    assert await summaries.read_summaries(thread()) == known
    assert await summaries.save_summary(thread(), Summary(until=turns[2].id, text="new"), revision=1)
    assert len((await summaries.read_summaries(thread("9.0"))).summaries) == 1


async def test_an_edit_that_changes_nothing_costs_nothing(stores: SummaryStores) -> None:
    summaries, store = stores
    (turn,) = await add_ended_turns(store, 1)
    await summaries.save_summary(thread(), Summary(until=turn.id, text="so far"), revision=0)
    assert await store.edit_question(message_key(turn.message_id), turn.question) is None
    assert await store.flip(turn.id, turn.thread, Action.NEXT, by="U0OTHER") is False
    assert len((await summaries.read_summaries(thread())).summaries) == 1


async def test_no_summary_of_an_unknown_thread_is_saved(stores: SummaryStores) -> None:
    summaries, _store = stores
    assert not await summaries.save_summary(thread(), Summary(until=1, text="so far"), revision=0)
    assert await summaries.read_summaries(thread()) == ThreadSummaries()


async def test_several_processes_may_make_the_same_summary_at_once(stores: SummaryStores) -> None:
    summaries, store = stores
    (turn,) = await add_ended_turns(store, 1)
    saved = await asyncio.gather(
        *(summaries.save_summary(thread(), Summary(until=turn.id, text=f"{n}"), revision=0) for n in range(5))
    )
    assert all(saved)
    assert len((await summaries.read_summaries(thread())).summaries) == 1
