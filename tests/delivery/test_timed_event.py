"""An event that is awaited until it is set or a time has passed, on virtual time."""

import asyncio

import pytest

from bot.delivery.timed_event import TimedEvent
from tests.virtual_time import on_virtual_time


async def measure_wait(event: TimedEvent, *seconds: float) -> float:
    """Wait, and return how long it took."""
    clock = asyncio.get_running_loop().time
    began = clock()
    await event.wait(*seconds)
    return clock() - began


@on_virtual_time
async def test_a_waiting_task_goes_on_when_it_is_set() -> None:
    event = TimedEvent()
    for seconds in ((), (5.0,)):
        asyncio.get_running_loop().call_later(2.0, event.set)
        assert await measure_wait(event, *seconds) == 2.0
        event.clear()


@on_virtual_time
async def test_a_waiting_task_goes_on_when_the_time_has_passed() -> None:
    event = TimedEvent()
    assert await measure_wait(event, 5.0) == 5.0
    assert not event.is_set()


@on_virtual_time
async def test_while_it_is_set_no_task_waits() -> None:
    event = TimedEvent()
    event.set()
    assert event.is_set()
    assert await measure_wait(event, 5.0) == 0.0
    event.clear()
    assert await measure_wait(event, 5.0) == 5.0


@on_virtual_time
async def test_a_wait_that_ended_early_does_not_end_the_next_one() -> None:
    """Nor does one that was cancelled, when its time passes."""
    event = TimedEvent()
    asyncio.get_running_loop().call_later(1.0, event.set)
    assert await measure_wait(event, 3.0) == 1.0
    event.clear()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await event.wait(3.0)
    event.set()
    event.clear()
    assert await measure_wait(event, 5.0) == 5.0
