"""Calls the platform again until it answers.

After a 429 it waits as long as the platform says; after a failure 0.5, 1, 2, 4, ... and then 30 seconds each time.
Most failures are over at once, so the first attempts come soon. Each wait is up to a quarter shorter, by chance, so
that the answers of an outage do not all come back at the same moment. Used where a call must not be given up:
deleting a message, looking for pages, asking who somebody is.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from bot.core.errors import SurfaceBusy, SurfaceUnavailable

FIRST_RETRY_DELAY_SECONDS = 0.5
MAX_RETRY_DELAY_SECONDS = 30.0
"""The longest time between two attempts while the platform does not answer."""
RETRY_JITTER = 0.25
"""The part of a wait that chance may take away."""

T = TypeVar("T")


async def complete_if_cancelled(work: Coroutine[Any, Any, T]) -> T:
    """Await `work`; a caller that is cancelled waits for its end, and only a second cancellation ends the waiting."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # read it, or asyncio reports it
        raise
    return task.result()


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
    """Return the seconds to wait after so many failures in a row: 0.5, 1, 2, 4, ... 30, or a little less."""
    delay = min(FIRST_RETRY_DELAY_SECONDS * 2.0 ** min(failures - 1, 8), MAX_RETRY_DELAY_SECONDS)
    return delay * random.uniform(1 - RETRY_JITTER, 1)  # noqa: S311 - no secret
