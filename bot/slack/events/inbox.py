"""What Slack delivers -> what is recorded of it: in order within a thread, and in time.

Separate from `listeners`, which knows Bolt. Rules: a delivery counts as taken only when it is recorded; one
that takes too long is refused, but carried to its end, because a commit cannot be called back; what comes
again meanwhile waits for that end, and what comes twice, as every mention does, is recorded once.
"""

import asyncio
from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from bot.core.errors import SurfaceUnavailable
from bot.core.reply.stopping import StopOutcome, StopRequest, is_stop_request
from bot.core.turns import IncomingMessage, MessageKey
from bot.slack import event_payloads, messages
from bot.slack.events.answer_actions import AdmitsPresses, AnswerActions, stop_refusal
from bot.slack.events.ephemeral_replies import EphemeralReply
from bot.slack.events.keyed_locks import KeyedLock
from bot.slack.people.directory import People

RECORD_TIMEOUT_SECONDS = 2.5
"""Seconds; Slack waits three for the acknowledgement. https://docs.slack.dev/apis/events-api"""

REMEMBER_RECORDED_SECONDS = 10.0
"""Seconds for which it is remembered that something is recorded; the store knows it for ever."""


class RecordsDeliveries(Protocol):
    """What becomes of a delivery; `Intake` is one."""

    @property
    def is_draining(self) -> bool:
        """Whether this process ends, and deliveries should go to another one."""
        ...

    async def accept(self, incoming: IncomingMessage) -> object:
        """Record a message."""
        ...

    async def record_edit(self, message: MessageKey, text: str, *, delivery: str = "") -> None:
        """Record an edit."""
        ...

    async def forget(self, message: MessageKey, *, delivery: str = "") -> None:
        """Erase what was deleted."""
        ...


class AdmitsMessages(AdmitsPresses, Protocol):
    """Who lets deliveries in; `Doorkeeper` is one."""

    async def admit_message(self, posted: event_payloads.MessageEvent) -> bool:
        """Return whether a message may be recorded. Raises `SurfaceUnavailable` where it is not known."""
        ...


class DeliveryNotRecorded(Exception):
    """The delivery must not be acknowledged, so that Slack delivers it again."""


class Inbox:
    """Takes deliveries."""

    def __init__(
        self,
        bot: messages.BotIdentity,
        people: People,
        intake: RecordsDeliveries,
        access_guard: AdmitsMessages,
        answer_actions: AnswerActions,
        *,
        follow_threads: bool,
    ) -> None:
        """Nothing passes to `conversations` that `entrance` does not let in."""
        self._bot = bot
        self._people = people
        self._intake = intake
        self._access_guard = access_guard
        self.answer_actions = answer_actions
        self._follow_threads = follow_threads
        self._thread_locks = KeyedLock()
        self._recording: dict[Hashable, asyncio.Task[EphemeralReply | None]] = {}
        """What is recorded now, or was just recorded, by what `_sameness` says."""

    async def receive(self, body: Mapping[str, Any]) -> EphemeralReply | None:
        """Record what an Events API body tells, if it concerns us; return what to tell who may not do that.

        Raises `NotTaken` while the process ends or if it takes too long, and what the conversations raise.
        """
        event = event_payloads.parse_event(body, self._bot, follow_threads=self._follow_threads)
        if event is None:
            return None
        if self._intake.is_draining:
            raise DeliveryNotRecorded
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
        """Record a message; one that says nothing but "stop" while an answer runs there is no question."""
        message = posted.message
        if is_stop_request(message.text) and not message.files:
            request = StopRequest(thread=posted.thread, requested_by=message.author, message_id=message.id)
            outcome = await self.answer_actions.stop(request)
            if outcome is not StopOutcome.NOTHING:
                names.cancel()
                return stop_refusal(request, outcome)
        incoming = message.to_incoming(await names, addressed=posted.addressed, delivery=posted.delivery)
        if await self._is_admitted(posted):
            await self._intake.accept(incoming)
        return None

    async def _is_admitted(self, posted: event_payloads.MessageEvent) -> bool:
        try:
            return await self._access_guard.admit_message(posted)
        except SurfaceUnavailable:
            raise DeliveryNotRecorded from None

    async def _look_up_names(self, event: event_payloads.SlackEvent) -> Mapping[str, str]:
        """Look names up, while others in the thread go first."""
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
            raise DeliveryNotRecorded
        return task.result()

    def _remember_recorded(self, key: Hashable, task: asyncio.Task[EphemeralReply | None]) -> None:
        """Remember what is recorded; what failed is to be tried again, and nobody is refused twice."""
        if task.cancelled() or task.exception() or task.result():
            del self._recording[key]
        else:
            asyncio.get_running_loop().call_later(REMEMBER_RECORDED_SECONDS, self._recording.pop, key)


def _duplicate_key(event: event_payloads.SlackEvent) -> Hashable:
    """Return what is equal of deliveries that tell the same.

    Slack tells of a mention twice, as `message` and as `app_mention`, with an id each. Of who may not stop an
    answer, the store lets only the first of the two hear.
    """
    if isinstance(event, event_payloads.MessageEvent) and not is_stop_request(event.message.text):
        return replace(event, delivery="")
    return event.delivery or object()
