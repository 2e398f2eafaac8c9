"""Calls the platform again until it answers.

After a 429 it waits as long as the platform says; after a failure 2, 4, 8, 16, and then 30 seconds each time.
Used where a call must not be given up: deleting a message, looking for pages, asking who somebody is.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.core.errors import SurfaceBusy, SurfaceUnavailable

MAX_RETRY_DELAY_SECONDS = 30.0
"""The longest time between two attempts while the platform does not answer."""

T = TypeVar("T")


async def retry_until_answered(call: Callable[[], Awaitable[T]]) -> T:
    """Call until the platform answers. Raises `SurfaceGone`."""
    failures = 0
    while True:
        try:
            return await call()
        except SurfaceBusy as busy:
            await asyncio.sleep(busy.retry_after)
        except SurfaceUnavailable:
            failures += 1
            await asyncio.sleep(compute_retry_delay(failures))


def compute_retry_delay(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: 2, 4, 8, ... 30."""
    return min(2.0 ** min(failures, 8), MAX_RETRY_DELAY_SECONDS)
