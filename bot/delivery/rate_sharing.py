"""Keeps this process to its part of the rates that the platform grants to all processes together.

Every two seconds while answers are written, and at once when a workspace gets its first one, each process tells
the database how many answers it writes, and learns which part of each workspace's rates is its own:

    process A writes 3 answers in T1, process B writes 1  ->  A takes 3/4 of T1's rate, B takes 1/4

A refusal (429) is shared at once, and blocks all processes. While the database does not answer, the last shares
count for five exchanges; after that each process takes an even share.
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
"""Other processes may learn of a change this much later."""
EXCHANGE_TIMEOUT_SECONDS: Final = 1.0
MAX_FAILED_EXCHANGES: Final = 5
"""Failures in a row after which the last parts no longer count."""

log = structlog.get_logger()


class RateSharing:
    """Exchanges the loads of processes, and sets the shares of this one's limiters."""

    def __init__(self, limiters: RateLimiters, shares: RateShares) -> None:
        self._limiters = limiters
        self._shares = shares
        self._last = RateShare(processes=2)  # before the first exchange; there is hardly ever more than one other
        self._failures = 0

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Exchange once, and then repeatedly while the context lasts."""
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
                log.warning(
                    "The database does not answer; processes share the platform's rate limits evenly for now.",
                    action="sharing_failed",
                )
                self._last = RateShare(processes=self._last.processes)
        else:
            self._failures = 0
            self._limiters.block(self._last.refused)
        self._limiters.set_shares(self._last.fractions, default=1 / self._last.processes)
