"""Deadlines for waits, on virtual time."""

import asyncio

import pytest

from bot.llm.http.read_deadline import ReadDeadline
from tests.virtual_time import on_virtual_time


async def wait(patience: ReadDeadline, seconds: float, due: float) -> None:
    """Wait for so many seconds."""
    patience.start(due)
    await asyncio.sleep(seconds)
    patience.stop()


async def two_waits(patience: ReadDeadline, first: float, second: float) -> None:
    """Wait for a second, and then for more than a minute."""
    with patience:
        await wait(patience, 1.0, first)
        await asyncio.sleep(3.0)
        await wait(patience, 100.0, second)


@on_virtual_time
async def test_a_wait_that_ends_in_time_is_not_cancelled() -> None:
    with ReadDeadline() as patience:
        for due in (5.0, 20.0, 8.0):
            await wait(patience, 1.0, due)
    assert not patience.is_expired
    assert asyncio.get_running_loop().time() == 3.0


@on_virtual_time
async def test_a_wait_ends_when_it_is_due() -> None:
    """An earlier deadline, shorter or longer, makes no difference."""
    clock = asyncio.get_running_loop().time
    for first, second in ((2.0, 9.0), (50.0, 9.0)):
        start, patience = clock(), ReadDeadline()
        with pytest.raises(TimeoutError):
            await two_waits(patience, start + first, start + second)
        assert (clock(), patience.is_expired) == (start + second, True)


@on_virtual_time
async def test_nothing_is_ended_between_two_waits() -> None:
    """A task that works for long between two waits is not cancelled."""
    with ReadDeadline() as patience:
        await wait(patience, 1.0, 2.0)
        await asyncio.sleep(50.0)
        await wait(patience, 1.0, 60.0)
        assert not patience.is_expired


@on_virtual_time
async def test_a_cancellation_from_outside_stays_one() -> None:
    async def body() -> None:
        with ReadDeadline() as patience:
            await wait(patience, 100.0, 50.0)

    task = asyncio.create_task(body())
    await asyncio.sleep(1.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    late = asyncio.create_task(body())
    asyncio.get_running_loop().call_at(50.0, late.cancel)  # at the same moment as the wait is due
    with pytest.raises((asyncio.CancelledError, TimeoutError)):
        await late


@on_virtual_time
async def test_many_waits_need_one_timer() -> None:
    loop = asyncio.get_running_loop()
    with ReadDeadline() as patience:
        set_before = len(loop._scheduled)  # type: ignore[attr-defined]
        for _ in range(100):
            await wait(patience, 0, loop.time() + 90.0)
        assert len(loop._scheduled) == set_before + 1  # type: ignore[attr-defined]
