"""An event that is waited for until it is set or a time has passed, on virtual time."""

import asyncio

import pytest

from bot.delivery.timed_event import TimedEvent
from tests.virtual_time import on_virtual_time


async def waited(event: TimedEvent, *seconds: float) -> float:
    """Wait, and return how long it took."""
    clock = asyncio.get_running_loop().time
    began = clock()
    await event.wait(*seconds)
    return clock() - began


@on_virtual_time
async def test_who_waits_goes_on_when_it_is_set() -> None:
    event = TimedEvent()
    for seconds in ((), (5.0,)):
        asyncio.get_running_loop().call_later(2.0, event.set)
        assert await waited(event, *seconds) == 2.0
        event.clear()


@on_virtual_time
async def test_or_when_the_time_has_passed() -> None:
    event = TimedEvent()
    assert await waited(event, 5.0) == 5.0
    assert not event.is_set()


@on_virtual_time
async def test_where_it_is_set_nobody_waits_until_it_is_cleared() -> None:
    event = TimedEvent()
    event.set()
    assert event.is_set()
    assert await waited(event, 5.0) == 0.0
    event.clear()
    assert await waited(event, 5.0) == 5.0


@on_virtual_time
async def test_a_wait_that_ended_early_has_no_say_in_the_next_one() -> None:
    """Nor has one that was cancelled: its time passes in vain."""
    event = TimedEvent()
    asyncio.get_running_loop().call_later(1.0, event.set)
    assert await waited(event, 3.0) == 1.0
    event.clear()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await event.wait(3.0)
    event.set()
    event.clear()
    assert await waited(event, 5.0) == 5.0
