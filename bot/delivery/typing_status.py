"""Shows a typing status in a thread until the first text of an answer is there.

    second 0     TypingStatus(...)           the thread shows "is thinking"
          90     refresh                     Slack drops a status after two minutes
         101     stop(clear=False)           the first message is posted, which removes the status by itself
          or     stop(clear=True)            there will be no message; the status is removed by a call

No answer waits long for it: a first post waits up to two seconds for a status call in progress, because a status
that arrived after the post would stay.
"""

import asyncio

from bot.core.turns import Turn
from bot.delivery.timed_event import TimedEvent
from bot.ports import Surface

STATUS_REFRESH_SECONDS = 90.0
"""Slack drops a status after two minutes.

https://docs.slack.dev/reference/methods/assistant.threads.setStatus
"""
STATUS_STOP_TIMEOUT_SECONDS = 2.0
"""How long a first post waits for a status call in progress."""


class TypingStatus:
    """Shows that an answer is being prepared, until `stop`."""

    def __init__(self, surface: Surface, turn: Turn) -> None:
        self._surface = surface
        self._turn = turn
        self._stopped = TimedEvent()
        self._task = asyncio.create_task(self._keep_showing(), name="typing-status")

    async def stop(self, *, clear: bool) -> None:
        """End it. `clear` removes the status; a new message of the bot does so by itself."""
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
