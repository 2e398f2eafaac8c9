"""Checks access for each delivery, and tells a refused person why: once, alone, and within a budget."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.access import Refusal
from bot.core.budget import Budget
from bot.core.domain import Addressed, ThreadKey
from bot.core.errors import SurfaceError, SurfaceUnavailable
from bot.slack import parse
from bot.slack.calls import call
from bot.slack.door import SlackDoor
from bot.slack.message_metadata import notice

QUIET = 600.0
"""Seconds in which nobody is refused twice in the same channel for the same reason."""
PER_MINUTE, BURST = 20, 10
"""Refusals that are told in the whole workspace."""
ROOM = 10_000
PATIENCE = 10.0
"""Seconds that telling may take; nobody waits for it."""
ASKING = frozenset({Addressed.MENTION, Addressed.DIRECT})
log = structlog.get_logger()


class Doorkeeper:
    """Lets deliveries in, and tells those whom it refuses."""

    def __init__(
        self,
        door: SlackDoor,
        client: AsyncWebClient,
        aside: Callable[[Coroutine[Any, Any, None]], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`aside` has something done that nobody waits for."""
        self._door = door
        self._client = client
        self._aside = aside
        self._clock = clock
        self._told: OrderedDict[tuple[str, str, Refusal], float] = OrderedDict()
        self._budget = Budget(per_minute=PER_MINUTE, burst=BURST)

    async def lets_in(self, said: parse.Said) -> bool:
        """Return whether a message may be recorded; whoever addressed us is told if not.

        Raises `SurfaceUnavailable`.
        """
        message = said.message
        refused = await self._door.refusal(said.thread, message.author, is_shared=said.is_shared)
        if refused is None:
            return True
        if said.why in ASKING:
            log.info("Somebody may not ask.", action="ask_denied", reason=refused, user=message.author)
            is_reply = message.thread.root != message.id
            self._tell(message.thread, message.author, refused, is_in_thread=is_reply)
        return False

    async def lets_press(self, thread: ThreadKey, user: str) -> bool:
        """Return whether a person may use a button below an answer; they are told if not."""
        try:
            refused = await self._door.refusal(thread, user)
        except SurfaceUnavailable:
            refused = Refusal.UNKNOWN
        if refused is None:
            return True
        log.info("Somebody may not ask.", action="ask_denied", reason=refused, user=user)
        self._tell(thread, user, refused, is_in_thread=True)
        return False

    def _tell(self, thread: ThreadKey, user: str, refused: Refusal, *, is_in_thread: bool) -> None:
        now = self._clock()
        key = (user, thread.channel, refused)
        is_quiet = now < self._told.get(key, float("-inf")) + QUIET
        if not refused.for_people or is_quiet or self._budget.delay(now, last=True):
            return
        self._budget.take(now)
        self._told[key] = now
        self._told.move_to_end(key)
        while len(self._told) > ROOM:
            self._told.popitem(last=False)
        self._aside(self._write(thread, user, refused.for_people, is_in_thread=is_in_thread))

    async def _write(self, thread: ThreadKey, user: str, text: str, *, is_in_thread: bool) -> None:
        """Write to one person alone: in a direct message as usual, elsewhere so that nobody else sees it."""
        channel, root = thread.channel, thread.root
        try:
            async with asyncio.timeout(PATIENCE):
                if parse.is_direct(channel):
                    await call(
                        lambda: self._client.chat_postMessage(
                            channel=channel, thread_ts=root, text=text, metadata=notice()
                        )
                    )
                else:
                    shown = root if is_in_thread else None
                    await call(
                        lambda: self._client.chat_postEphemeral(
                            channel=channel, user=user, text=text, thread_ts=shown
                        )
                    )
        except (SurfaceError, TimeoutError) as error:
            log.debug("A refusal could not be told.", action="refusal_untold", error=type(error).__name__)
