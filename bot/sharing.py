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
from bot.pacing import AllDesks
from bot.ports.shares import Shared, Shares

EVERY: Final = 2.0
"""Seconds between two exchanges; so long may others not know of a change."""
PATIENCE: Final = 1.0
"""Seconds for one exchange."""
STALE: Final = 5
"""Exchanges that fail in a row before the last parts count no more."""

log = structlog.get_logger()


class Sharing:
    """Exchanges loads for parts, while it is watched."""

    def __init__(self, desks: AllDesks, shares: Shares) -> None:
        self._desks = desks
        self._shares = shares
        self._last = Shared(processes=2)  # until it is known, half is surely not too much
        self._failures = 0

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Exchange as long as the context lasts."""
        self._shares.hear(self._desks.news.set)
        await self._exchange()
        task = asyncio.create_task(self._watch(), name="sharing")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        had_any = False
        while True:
            has_any = bool(self._desks.answers())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._desks.news.wait(), EVERY if has_any or had_any else None)
            self._desks.news.clear()
            had_any = has_any
            await self._exchange()

    async def _exchange(self) -> None:
        refused, now = self._desks.take_refusals(), asyncio.get_running_loop().time()
        seconds = {limit: until - now for limit, until in refused.items() if until > now}
        try:
            async with asyncio.timeout(PATIENCE):
                self._last = await self._shares.exchange(self._desks.answers(), seconds)
        except (StoreError, TimeoutError):
            self._desks.keep_refusals(refused)
            self._failures += 1
            if self._failures == STALE:
                log.warning("What the platform grants is shared evenly for now.", action="sharing_failed")
                self._last = Shared(processes=self._last.processes)
        else:
            self._failures = 0
            self._desks.hold(self._last.refused)
        self._desks.share(self._last.parts, otherwise=1 / self._last.processes)
