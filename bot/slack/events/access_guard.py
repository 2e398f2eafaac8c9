"""Applies the access check to deliveries, and tells the people that it refuses.

    message --> AccessGuard.admit_message --> allowed: the inbox records it
                         |
                         +--> refused: one sentence that only this person sees, at most every
                              ten minutes for the same person, channel and reason

Two limits keep anybody from making the bot post often: the ten minutes, and `REFUSALS_PER_MINUTE` in the whole
workspace. Bots are never answered, not even with a refusal, because two bots that answer each other never
stop. The sentence is sent in the background; if that fails, it is only logged.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TypeAlias

import structlog
from cachetools import TLRUCache
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.worker import RunInBackground
from bot.core.access.permission_check import AccessRefusal
from bot.core.errors import SurfaceError, SurfaceUnavailable
from bot.core.limits.token_bucket import TokenBucket
from bot.core.turns import AddressingKind, ThreadKey
from bot.slack import event_payloads, messages
from bot.slack.message_metadata import notice_metadata
from bot.slack.people.access_check import SlackAccessPolicy
from bot.slack.transport.api_call import call

SECONDS_BETWEEN_SAME_REFUSALS = 600.0
"""A person is not told the same reason in the same channel again within this time."""
REFUSALS_PER_MINUTE, REFUSALS_BURST = 20, 10
"""Limits for the sentences sent in the whole workspace."""
MAX_REMEMBERED_REFUSALS = 10_000
REFUSAL_TIMEOUT_SECONDS = 10.0
"""For sending a refusal, in the background."""
ADDRESSED_TO_BOT = frozenset({AddressingKind.MENTION, AddressingKind.DIRECT})

_Refused: TypeAlias = tuple[str, str, AccessRefusal]
"""A person's id, a channel, and the reason."""

log = structlog.get_logger()


class AccessGuard:
    """Admits deliveries, and tells the people that it refuses."""

    def __init__(
        self,
        access_policy: SlackAccessPolicy,
        client: AsyncWebClient,
        run_in_background: RunInBackground,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`run_in_background` runs a coroutine without waiting for it."""
        self._access_policy = access_policy
        self._client = client
        self._run_in_background = run_in_background
        self._clock = clock
        self._recent_refusals = TLRUCache[_Refused, None](MAX_REMEMBERED_REFUSALS, ttu=_forget_at, timer=clock)
        self._token_bucket = TokenBucket(per_minute=REFUSALS_PER_MINUTE, burst=REFUSALS_BURST)

    async def admit_message(self, posted: event_payloads.MessageEvent) -> bool:
        """Return whether a message may be recorded. If not, a person who addressed the bot is told.

        Raises `SurfaceUnavailable` and `StoreError`.
        """
        message = posted.message
        refused = await self._access_policy.find_refusal(posted.thread, message.author, is_shared=posted.is_shared)
        if refused is None:
            return True
        if posted.addressed in ADDRESSED_TO_BOT:
            self.refuse_message(posted, refused)
        return False

    def refuse_message(self, posted: event_payloads.MessageEvent, refused: AccessRefusal) -> None:
        """Tell the author of a message, in private, why it is not answered."""
        message = posted.message
        log.info("A person was refused.", action="ask_denied", reason=refused, user=message.author)
        is_reply = message.thread.root != message.id
        self._notify_person(message.thread, message.author, refused, is_in_thread=is_reply)

    async def admit_press(self, thread: ThreadKey, user: str) -> bool:
        """Return whether a person may use a button below an answer. If not, they are told. Raises `StoreError`."""
        try:
            refused = await self._access_policy.find_refusal(thread, user)
        except SurfaceUnavailable:
            refused = AccessRefusal.UNKNOWN
        if refused is None:
            return True
        log.info("A person without access was refused.", action="ask_denied", reason=refused, user=user)
        self._notify_person(thread, user, refused, is_in_thread=True)
        return False

    def _notify_person(self, thread: ThreadKey, user: str, refused: AccessRefusal, *, is_in_thread: bool) -> None:
        now, key = self._clock(), (user, thread.channel, refused)
        if not refused.for_people or key in self._recent_refusals or self._token_bucket.delay(now, last=True):
            return
        self._token_bucket.take(now)
        self._recent_refusals[key] = None
        self._run_in_background(self._send_refusal(thread, user, refused.for_people, is_in_thread=is_in_thread))

    async def _send_refusal(self, thread: ThreadKey, user: str, text: str, *, is_in_thread: bool) -> None:
        """Send a sentence to one person: a plain message in a direct message, an ephemeral one elsewhere."""
        channel, root = thread.channel, thread.root
        try:
            async with asyncio.timeout(REFUSAL_TIMEOUT_SECONDS):
                if messages.is_direct_channel(channel):
                    await call(
                        lambda: self._client.chat_postMessage(
                            channel=channel, thread_ts=root, text=text, metadata=notice_metadata()
                        )
                    )
                else:
                    ts = root if is_in_thread else None
                    await call(
                        lambda: self._client.chat_postEphemeral(channel=channel, user=user, text=text, thread_ts=ts)
                    )
        except (SurfaceError, TimeoutError) as error:
            log.debug("A refusal could not be sent.", action="refusal_untold", error=type(error).__name__)


def _forget_at(_refused: _Refused, _value: None, now: float) -> float:
    return now + SECONDS_BETWEEN_SAME_REFUSALS
