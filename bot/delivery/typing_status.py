"""Says in a thread that an answer is on its way, until there is something to see.

Separate from `delivery`, which writes: a status is no message, and nothing waits for it for long.
"""

import asyncio

from bot.core.turns import Turn
from bot.delivery.timed_event import TimedEvent
from bot.ports import Surface

STATUS_REFRESH_SECONDS = 90.0
"""Seconds; Slack drops a status after two minutes (facts/slack.md 1.3)."""
STATUS_STOP_TIMEOUT_SECONDS = 2.0
"""Seconds a first post waits for a status call under way, which would else arrive after it and stick."""


class TypingStatus:
    """Shows that an answer is on its way, until `stop`."""

    def __init__(self, surface: Surface, turn: Turn) -> None:
        self._surface = surface
        self._turn = turn
        self._stopped = TimedEvent()
        self._task = asyncio.create_task(self._keep_showing(), name="thinking")

    async def stop(self, *, clear: bool) -> None:
        """End it; `clear` takes the status away, which a post of ours does by itself."""
        if not self._stopped.is_set():
            self._stopped.set()
            await asyncio.wait({self._task}, timeout=STATUS_STOP_TIMEOUT_SECONDS)
            self._task.cancel()
            if clear:
                await self._surface.show_working(self._turn, busy=False)

    async def _keep_showing(self) -> None:
        begins = self._turn.message_id == self._turn.thread.root and self._turn.token == 1
        while not self._stopped.is_set():
            await self._surface.show_working(self._turn, busy=True, begins=begins)
            begins = False
            await self._stopped.wait(STATUS_REFRESH_SECONDS)
