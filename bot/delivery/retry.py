"""Calling the platform until it answers.

Separate because answers, and whoever reads threads, insist alike.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.core.errors import SurfaceBusy, SurfaceUnavailable

MAX_RETRY_DELAY_SECONDS = 30.0
"""Seconds between attempts while the platform does not answer."""

T = TypeVar("T")


async def retry_until_answered(call: Callable[[], Awaitable[T]]) -> T:
    """Call the platform until it answers. Raises `SurfaceGone`."""
    failures = 0
    while True:
        try:
            return await call()
        except SurfaceBusy as busy:
            await asyncio.sleep(busy.retry_after)
        except SurfaceUnavailable:
            failures += 1
            await asyncio.sleep(retry_delay(failures))


def retry_delay(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row."""
    return min(2.0 ** min(failures, 8), MAX_RETRY_DELAY_SECONDS)
