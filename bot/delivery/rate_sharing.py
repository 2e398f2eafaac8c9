"""Keeps what this process writes to its part of what the platform grants to all processes together.

Separate from `pacing`, which grants writes and waits for nobody. Rules: while answers are written the others
are told every few seconds, and at once when a workspace gets its first; while the database does not answer,
the last parts count for a while, and then an even one. What is refused is told at once, and holds for all.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from bot.core.errors import StoreError
from bot.delivery.rate_limiter import RateLimiters
from bot.ports.rate_shares import RateShare, RateShares

EXCHANGE_INTERVAL_SECONDS: Final = 2.0
"""Seconds between two exchanges; so long may others not know of a change."""
EXCHANGE_TIMEOUT_SECONDS: Final = 1.0
"""Seconds for one exchange."""
MAX_FAILED_EXCHANGES: Final = 5
"""Exchanges that fail in a row before the last parts count no more."""

log = structlog.get_logger()


class RateSharing:
    """Exchanges loads for parts, while it is watched."""

    def __init__(self, limiters: RateLimiters, shares: RateShares) -> None:
        self._limiters = limiters
        self._shares = shares
        self._last = RateShare(processes=2)  # until it is known, half is surely not too much
        self._failures = 0

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Exchange as long as the context lasts."""
        self._shares.call_on_refusal(self._limiters.changed.set)
        await self._exchange()
        task = asyncio.create_task(self._exchange_repeatedly(), name="sharing")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _exchange_repeatedly(self) -> None:
        had_any = False
        while True:
            has_any = bool(self._limiters.count_answers())
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    self._limiters.changed.wait(), EXCHANGE_INTERVAL_SECONDS if has_any or had_any else None
                )
            self._limiters.changed.clear()
            had_any = has_any
            await self._exchange()

    async def _exchange(self) -> None:
        refused, now = self._limiters.take_refusals(), asyncio.get_running_loop().time()
        seconds = {limit: until - now for limit, until in refused.items() if until > now}
        try:
            async with asyncio.timeout(EXCHANGE_TIMEOUT_SECONDS):
                self._last = await self._shares.exchange(self._limiters.count_answers(), seconds)
        except (StoreError, TimeoutError):
            self._limiters.restore_refusals(refused)
            self._failures += 1
            if self._failures == MAX_FAILED_EXCHANGES:
                log.warning("What the platform grants is shared evenly for now.", action="sharing_failed")
                self._last = RateShare(processes=self._last.processes)
        else:
            self._failures = 0
            self._limiters.block(self._last.refused)
        self._limiters.set_shares(self._last.fractions, default=1 / self._last.processes)
