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

from bot.core.domain import Incoming, MessageKey
from bot.core.errors import SurfaceUnavailable
from bot.core.stopping import StopOutcome, StopRequest, is_stop
from bot.slack import parse
from bot.slack.lanes import Lanes
from bot.slack.people import People
from bot.slack.refusals import Refusal
from bot.slack.wishes import Permits, Wishes, refusal

PATIENCE = 2.5
"""Seconds; Slack waits three for the acknowledgement. https://docs.slack.dev/apis/events-api"""

KNOWN = 10.0
"""Seconds for which it is remembered that something is recorded; the store knows it for ever."""


class Conversations(Protocol):
    """What becomes of a delivery; `Intake` is one."""

    @property
    def is_draining(self) -> bool:
        """Whether this process ends, and deliveries should go to another one."""
        ...

    async def accept(self, incoming: Incoming) -> object:
        """Record a message."""
        ...

    async def reworded(self, message: MessageKey, text: str, *, delivery: str = "") -> None:
        """Record an edit."""
        ...

    async def forget(self, message: MessageKey, *, delivery: str = "") -> None:
        """Erase what was deleted."""
        ...


class Entrance(Permits, Protocol):
    """Who lets deliveries in; `Doorkeeper` is one."""

    async def lets_in(self, said: parse.Said) -> bool:
        """Return whether a message may be recorded. Raises `SurfaceUnavailable` where it is not known."""
        ...


class NotTaken(Exception):
    """The delivery must not be acknowledged, so that Slack delivers it again."""


class Inbox:
    """Takes deliveries."""

    def __init__(
        self,
        bot: parse.Bot,
        people: People,
        conversations: Conversations,
        entrance: Entrance,
        wishes: Wishes,
        *,
        follow_threads: bool,
    ) -> None:
        """Nothing passes to `conversations` that `entrance` does not let in."""
        self._bot = bot
        self._people = people
        self._conversations = conversations
        self._entrance = entrance
        self.wishes = wishes
        self._follow_threads = follow_threads
        self._lanes = Lanes()
        self._recording: dict[Hashable, asyncio.Task[Refusal | None]] = {}
        """What is recorded now, or was just recorded, by what `_sameness` says."""

    async def take(self, body: Mapping[str, Any]) -> Refusal | None:
        """Record what an Events API body tells, if it concerns us; return what to tell who may not do that.

        Raises `NotTaken` while the process ends or if it takes too long, and what the conversations raise.
        """
        event = parse.event(body, self._bot, follow=self._follow_threads)
        if event is None:
            return None
        if self._conversations.is_draining:
            raise NotTaken
        return await self._in_time(event)

    async def _record(self, event: parse.Event) -> Refusal | None:
        names: asyncio.Future[Mapping[str, str]] = asyncio.ensure_future(self._names(event))
        async with self._lanes(event.thread):
            match event:
                case parse.Halted(thread=thread, user=user, delivery=delivery):
                    request = StopRequest(thread=thread, by=user, delivery=delivery)
                    return refusal(request, await self.wishes.stop(request))
                case parse.Said():
                    return await self._said(event, names)
                case parse.Edited(message=message, delivery=delivery):
                    await self._conversations.reworded(
                        message.key, message.readable(await names), delivery=delivery
                    )
                case parse.Deleted(message=key, delivery=delivery):
                    await self._conversations.forget(key, delivery=delivery)
        return None

    async def _said(self, said: parse.Said, names: asyncio.Future[Mapping[str, str]]) -> Refusal | None:
        """Record a message; one that says nothing but "stop" while an answer runs there is no question."""
        message = said.message
        if is_stop(message.text) and not message.files:
            request = StopRequest(thread=said.thread, by=message.author, message_id=message.id)
            outcome = await self.wishes.stop(request)
            if outcome is not StopOutcome.NOTHING:
                names.cancel()
                return refusal(request, outcome)
        incoming = message.incoming(await names, why=said.why, delivery=said.delivery)
        if await self._is_let_in(said):
            await self._conversations.accept(incoming)
        return None

    async def _is_let_in(self, said: parse.Said) -> bool:
        try:
            return await self._entrance.lets_in(said)
        except SurfaceUnavailable:
            raise NotTaken from None

    async def _names(self, event: parse.Event) -> Mapping[str, str]:
        """Look names up, while others in the thread go first."""
        if isinstance(event, parse.Deleted | parse.Halted):
            return {}
        return await self._people.names(event.message.ids)

    async def _in_time(self, event: parse.Event) -> Refusal | None:
        key = _sameness(event)
        task = self._recording.get(key)
        if task is None:
            task = self._recording[key] = asyncio.create_task(self._record(event), name="delivery")
            task.add_done_callback(partial(self._ended, key))
        await asyncio.wait({task}, timeout=PATIENCE)
        if not task.done():
            raise NotTaken
        return task.result()

    def _ended(self, key: Hashable, task: asyncio.Task[Refusal | None]) -> None:
        """Remember what is recorded; what failed is to be tried again, and nobody is refused twice."""
        if task.cancelled() or task.exception() or task.result():
            del self._recording[key]
        else:
            asyncio.get_running_loop().call_later(KNOWN, self._recording.pop, key)


def _sameness(event: parse.Event) -> Hashable:
    """Return what is equal of deliveries that tell the same.

    Slack tells of a mention twice, as `message` and as `app_mention`, with an id each. Of who may not stop an
    answer, the store lets only the first of the two hear.
    """
    if isinstance(event, parse.Said) and not is_stop(event.message.text):
        return replace(event, delivery="")
    return event.delivery or object()
