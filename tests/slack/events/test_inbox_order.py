"""Locks by key: first come, first served within a key."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.events.inbox import KeyedLock
from tests.virtual_time import on_virtual_time


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=12))
def test_tasks_of_a_key_run_in_order_of_arrival(work: list[tuple[str, int]]) -> None:
    """However long each takes; afterwards the key takes no memory."""

    @on_virtual_time
    async def run() -> None:
        locks, done = KeyedLock(), list[tuple[str, int]]()

        async def one(number: int, key: str, seconds: int) -> None:
            async with locks(key):
                await asyncio.sleep(seconds)
                done.append((key, number))

        await asyncio.gather(*(one(number, *each) for number, each in enumerate(work)))
        for key in "ab":
            assert [n for k, n in done if k == key] == [n for n, (k, _) in enumerate(work) if k == key]
        assert len(locks) == 0

    run()


@on_virtual_time
async def test_keys_do_not_wait_for_each_other() -> None:
    locks = KeyedLock()
    async with locks("a"), asyncio.timeout(1), locks("b"):
        assert len(locks) == 2


@on_virtual_time
async def test_a_cancelled_or_failed_task_releases_the_lock() -> None:
    locks, done = KeyedLock(), list[str]()

    async def one(name: str) -> None:
        async with locks("a"):
            await asyncio.sleep(1)
            if name == "fails":
                raise ValueError
            done.append(name)

    tasks = [asyncio.create_task(one(name)) for name in ("first", "gives up", "fails", "last")]
    await asyncio.sleep(0.5)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert done == ["first", "last"]
    assert len(locks) == 0
