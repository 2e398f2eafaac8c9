"""What Slack delivers -> what is recorded of it: in order within a thread, and in time.

Separate from `listeners`, which knows Bolt. Rules: a delivery counts as taken only when it is recorded; one
that takes too long is refused, but carried to its end, because a commit cannot be called back, and what comes
twice is recorded once.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

from bot.core.domain import Action, Incoming, MessageKey, ThreadKey
from bot.core.errors import SurfaceUnavailable
from bot.slack import buttons, parse
from bot.slack.lanes import Lanes
from bot.slack.people import People

PATIENCE = 2.5
"""Seconds; Slack waits three for the acknowledgement. https://docs.slack.dev/apis/events-api"""


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

    async def retry(self, turn: int, thread: ThreadKey, *, by: str, goes_on: bool = False) -> bool:
        """Have a turn answered again, or gone on with, if `by` may ask for it."""
        ...

    async def flip(self, turn: int, thread: ThreadKey, action: Action, *, by: str) -> bool:
        """Have another variant of an answer shown if `by` may ask for it."""
        ...


class Entrance(Protocol):
    """Who lets deliveries in; `Doorkeeper` is one."""

    async def lets_in(self, said: parse.Said) -> bool:
        """Return whether a message may be recorded. Raises `SurfaceUnavailable` where it is not known."""
        ...

    async def lets_press(self, thread: ThreadKey, user: str) -> bool:
        """Return whether a person may use a button below an answer."""
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
        *,
        follow_threads: bool,
    ) -> None:
        self._bot = bot
        self._people = people
        self._conversations = conversations
        self._entrance = entrance
        self._follow_threads = follow_threads
        self._lanes = Lanes()
        self._running: set[asyncio.Task[None]] = set()

    async def take(self, body: Mapping[str, Any]) -> None:
        """Record what an Events API body tells, if it concerns us.

        Raises `NotTaken` while the process ends or if it takes too long, and what the conversations raise.
        """
        event = parse.event(body, self._bot, follow=self._follow_threads)
        if event is not None:
            if self._conversations.is_draining:
                raise NotTaken
            await self._in_time(self._record(event))

    async def press(self, body: Mapping[str, Any]) -> buttons.Pressed | None:
        """Carry out what a button says; return what was pressed if that person may not.

        Not refused while the process ends: Slack would not deliver it again, and another process can work.
        """
        pressed = buttons.pressed(body, self._bot)
        if pressed is None or not await self._entrance.lets_press(pressed.thread, pressed.user):
            return None
        return None if await self._carried_out(pressed) else pressed

    async def _carried_out(self, pressed: buttons.Pressed) -> bool:
        turn, thread, by = pressed.turn, pressed.thread, pressed.user
        match pressed.action:
            case Action.PREVIOUS | Action.NEXT | Action.CHOOSE as action:
                return await self._conversations.flip(turn, thread, action, by=by)
            case Action.RETRY | Action.AGAIN | Action.CONTINUE as action:
                goes_on = action is Action.CONTINUE
                return await self._conversations.retry(turn, thread, by=by, goes_on=goes_on)
            case Action.JUDGE:  # no button: see `opinions`
                return False

    async def _record(self, event: parse.Event) -> None:
        names: asyncio.Future[Mapping[str, str]] = asyncio.ensure_future(self._names(event))
        async with self._lanes(event.thread):
            match event:
                case parse.Said(message=message, why=why, delivery=delivery) as said:
                    incoming = message.incoming(await names, why=why, delivery=delivery)
                    if await self._is_let_in(said):
                        await self._conversations.accept(incoming)
                case parse.Edited(message=message, delivery=delivery):
                    await self._conversations.reworded(
                        message.key, message.readable(await names), delivery=delivery
                    )
                case parse.Deleted(message=key, delivery=delivery):
                    await self._conversations.forget(key, delivery=delivery)

    async def _is_let_in(self, said: parse.Said) -> bool:
        try:
            return await self._entrance.lets_in(said)
        except SurfaceUnavailable:
            raise NotTaken from None

    async def _names(self, event: parse.Event) -> Mapping[str, str]:
        """Look names up, while others in the thread go first."""
        return {} if isinstance(event, parse.Deleted) else await self._people.names(event.message.ids)

    async def _in_time(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="delivery")
        self._running.add(task)
        task.add_done_callback(self._ended)
        await asyncio.wait({task}, timeout=PATIENCE)
        if not task.done():
            raise NotTaken
        task.result()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # a late one's is nobody's: Slack was refused already, and delivers again
