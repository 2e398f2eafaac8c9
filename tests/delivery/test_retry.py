"""Calls of the platform that fail: when they are tried again."""

import asyncio
from collections.abc import MutableSequence
from typing import Any

import pytest

from bot.core.errors import SurfaceBusy, SurfaceGone, SurfaceUnavailable
from bot.delivery.retry import MAX_RETRY_DELAY_SECONDS, RETRY_JITTER, compute_retry_delay, retry_until_answered
from tests.virtual_time import on_virtual_time


def clock() -> float:
    return asyncio.get_running_loop().time()


async def attempt(outcomes: MutableSequence[Any]) -> None:
    if error := outcomes.pop(0):
        raise error


@pytest.mark.parametrize(
    ("failures", "most"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (6, 16.0), (7, 30.0), (8, 30.0), (9_999, 30.0)]
)
def test_waits_double_up_to_thirty_seconds_and_are_not_all_the_same(failures: int, most: float) -> None:
    waits = [compute_retry_delay(failures) for _ in range(200)]
    assert max(waits) <= most <= MAX_RETRY_DELAY_SECONDS
    assert min(waits) >= most * (1 - RETRY_JITTER)
    assert len(set(waits)) > 100


@on_virtual_time
async def test_a_call_is_tried_until_it_is_answered() -> None:
    outcomes: list[Exception | None] = [
        SurfaceUnavailable("503"),
        SurfaceUnavailable("TimeoutError"),
        SurfaceUnavailable("500"),
        None,
    ]
    begins = clock()
    await retry_until_answered(lambda: attempt(outcomes))
    assert 3.5 * (1 - RETRY_JITTER) <= clock() - begins <= 3.5


@on_virtual_time
async def test_a_rate_limit_is_waited_for_as_long_as_it_says() -> None:
    begins, outcomes = clock(), [SurfaceBusy(retry_after=7.0), None]
    await retry_until_answered(lambda: attempt(outcomes))
    assert clock() - begins == pytest.approx(7.0)


@on_virtual_time
async def test_what_is_refused_for_good_is_not_tried_again() -> None:
    begins = clock()
    with pytest.raises(SurfaceGone):
        await retry_until_answered(lambda: attempt([SurfaceGone("channel_not_found")]))
    assert clock() == begins
