"""Records what Slack delivers: in order within a thread, once, and in time for the acknowledgement.

    Slack's delivery            Inbox                                   Intake, store
    event --------> parse --> one task per distinct event
                               | waits for the thread's lock  (order)
                               | looks up names, checks access
                               | ------------------------------------> record, commit
    acknowledged <------------ done within 2.5 s
    delivered again <--------- not done: DeliveryNotRecorded; the task continues

A delivery is acknowledged only after its commit. If that takes too long, Slack delivers again; the second
delivery waits for the task of the first, because a commit in progress cannot be cancelled. Slack sends every
mention twice, as `message` and as `app_mention`; both are the same event here and are recorded once.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from bot.conversation.intake import Intake
from bot.core.access.permission_check import AccessRefusal
from bot.core.errors import SurfaceUnavailable, TooManyQuestions
from bot.core.reply.stopping import StopOutcome, StopRequest, is_stop_request
from bot.slack import event_payloads, messages
from bot.slack.events.access_guard import AccessGuard
from bot.slack.events.answer_actions import AnswerActions, stop_refusal
from bot.slack.events.ephemeral_replies import EphemeralReply
from bot.slack.people.directory import People

RECORD_TIMEOUT_SECONDS = 2.5
"""Slack waits three seconds for the acknowledgement. https://docs.slack.dev/apis/events-api"""

REMEMBER_RECORDED_SECONDS = 10.0
"""A repeated delivery within this time is answered from memory; later ones the store recognises."""


class DeliveryNotRecorded(Exception):
    """The event is not recorded; without an acknowledgement Slack delivers it again.

    The text says why: the call that failed, and how.
    """


class Inbox:
    """Records deliveries."""

    def __init__(
        self,
        bot: messages.BotIdentity,
        people: People,
        intake: Intake,
        access_guard: AccessGuard,
        answer_actions: AnswerActions,
        *,
        follow_threads: bool,
    ) -> None:
        """Messages reach `intake` only if `access_guard` admits them."""
        self._bot = bot
        self._people = people
        self._intake = intake
        self._access_guard = access_guard
        self.answer_actions = answer_actions
        self._follow_threads = follow_threads
        self._thread_locks = KeyedLock()
        self._recording: dict[Hashable, asyncio.Task[EphemeralReply | None]] = {}
        """Recordings in progress, or just finished, by `_duplicate_key`."""

    async def receive(self, body: Mapping[str, Any]) -> EphemeralReply | None:
        """Record the event of an Events API body, if it concerns the bot; return the reply to a refusal.

        Raises `DeliveryNotRecorded` if this process is draining or recording takes too long, and the errors
        of the intake.
        """
        event = event_payloads.parse_event(body, self._bot, follow_threads=self._follow_threads)
        if event is None:
            return None
        if self._intake.is_draining:
            raise DeliveryNotRecorded("this process is stopping")
        return await self._record_in_time(event)

    async def _record(self, event: event_payloads.SlackEvent) -> EphemeralReply | None:
        names: asyncio.Future[Mapping[str, str]] = asyncio.ensure_future(self._look_up_names(event))
        async with self._thread_locks(event.thread):
            match event:
                case event_payloads.StopEvent(thread=thread, user=user, delivery=delivery):
                    request = StopRequest(thread=thread, requested_by=user, delivery=delivery)
                    return stop_refusal(request, await self.answer_actions.stop(request))
                case event_payloads.MessageEvent():
                    return await self._record_message(event, names)
                case event_payloads.EditEvent(message=message, delivery=delivery):
                    await self._intake.record_edit(message.key, message.readable_text(await names), delivery=delivery)
                case event_payloads.DeleteEvent(message=key, delivery=delivery):
                    await self._intake.forget(key, delivery=delivery)
        return None

    async def _record_message(
        self, posted: event_payloads.MessageEvent, names: asyncio.Future[Mapping[str, str]]
    ) -> EphemeralReply | None:
        """Record a message. The word "stop" alone stops the answer that runs in the thread, if any."""
        message = posted.message
        if is_stop_request(message.text) and not message.files:
            request = StopRequest(thread=posted.thread, requested_by=message.author, message_id=message.id)
            outcome = await self.answer_actions.stop(request)
            if outcome is not StopOutcome.NOTHING:
                names.cancel()
                return stop_refusal(request, outcome)
        incoming = message.to_incoming(await names, addressed=posted.addressed, delivery=posted.delivery)
        if await self._is_admitted(posted):
            try:
                await self._intake.accept(incoming)
            except TooManyQuestions:
                self._access_guard.refuse_message(posted, AccessRefusal.TOO_OFTEN)
        return None

    async def _is_admitted(self, posted: event_payloads.MessageEvent) -> bool:
        try:
            return await self._access_guard.admit_message(posted)
        except SurfaceUnavailable as error:
            raise DeliveryNotRecorded(str(error)) from None

    async def _look_up_names(self, event: event_payloads.SlackEvent) -> Mapping[str, str]:
        """Look up the names in a message; runs while earlier events of the thread are recorded."""
        if isinstance(event, event_payloads.DeleteEvent | event_payloads.StopEvent):
            return {}
        return await self._people.names(event.message.ids_to_name)

    async def _record_in_time(self, event: event_payloads.SlackEvent) -> EphemeralReply | None:
        key = _duplicate_key(event)
        task = self._recording.get(key)
        if task is None:
            task = self._recording[key] = asyncio.create_task(self._record(event), name="delivery")
            task.add_done_callback(partial(self._remember_recorded, key))
        await asyncio.wait({task}, timeout=RECORD_TIMEOUT_SECONDS)
        if not task.done():
            raise DeliveryNotRecorded(f"not recorded within {RECORD_TIMEOUT_SECONDS} s")
        return task.result()

    def _remember_recorded(self, key: Hashable, task: asyncio.Task[EphemeralReply | None]) -> None:
        """Remember a success for a while; forget failures, so that a repeated delivery tries again."""
        if task.cancelled() or task.exception() or task.result():
            del self._recording[key]
        else:
            asyncio.get_running_loop().call_later(REMEMBER_RECORDED_SECONDS, self._recording.pop, key)


def _duplicate_key(event: event_payloads.SlackEvent) -> Hashable:
    """Return a key that is equal for deliveries of the same event.

    A mention arrives twice, as `message` and as `app_mention`, with two delivery ids, so a message is its own
    key. "Stop" is the exception: the store recognises its second delivery and refuses a person only once.
    """
    if isinstance(event, event_payloads.MessageEvent) and not is_stop_request(event.message.text):
        return replace(event, delivery="")
    return event.delivery or object()


class KeyedLock:
    """Admits one task at a time for each key, in the order of arrival.

    Deliveries run in separate tasks, and each may wait a different time for names from Slack. Example with two
    messages A and B of one thread and C of another; A needs 300 ms for a name:

        0 ms    A enters its lock     B waits for A     C enters its lock and is recorded
        300 ms  A is recorded         B enters

    A task that is cancelled while it waits leaves the queue; one that fails releases the lock. A key without
    users takes no memory.
    """

    def __init__(self) -> None:
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._users: Counter[Hashable] = Counter()
        """How many tasks hold or wait for the lock of a key."""

    @asynccontextmanager
    async def __call__(self, key: Hashable) -> AsyncIterator[None]:
        """Wait for the lock of a key and hold it while the context lasts."""
        self._users[key] += 1
        try:
            async with self._locks.setdefault(key, asyncio.Lock()):  # asyncio's locks are fair
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]

    def __len__(self) -> int:
        """Return how many keys are in use."""
        return len(self._locks)
