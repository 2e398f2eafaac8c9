"""What people want done about an answer: buttons, a shortcut, the word "stop"; and what is told who may not.

Separate from the inbox, which takes messages in order: these name an answer, and come in any order. Rule: who
asked may, and admins; whether somebody is an admin is looked up only where it matters.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from bot.core.domain import Action, ThreadKey
from bot.core.stopping import StopOutcome, StopRequest
from bot.slack import buttons, parse
from bot.slack.refusals import NO_ANSWER, NOT_YOURS, NOT_YOURS_TO_STOP, TOO_LATE, Refusal

MOMENT = 0.5
"""Seconds; a button must be acknowledged within three."""
AGAIN = "answer_again"
"""`callback_id` of the message shortcut."""


class Answers(Protocol):
    """What becomes of a wish; `Intake` is one."""

    async def retry(
        self, turn: int, thread: ThreadKey, *, by: str, by_admin: bool = False, goes_on: bool = False
    ) -> bool:
        """Have a turn answered again, or gone on with, if `by` may ask for it."""
        ...

    async def answer_again(
        self, thread: ThreadKey, message_id: str, *, by: str, by_admin: bool = False
    ) -> bool:
        """Have the turn of a message answered again, if `by` may ask for it."""
        ...

    async def flip(
        self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False
    ) -> bool:
        """Have another variant of an answer shown if `by` may ask for it."""
        ...

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Have an answer stopped if that person may ask for it."""
        ...


class Permits(Protocol):
    """Who lets people use what is below an answer; `Doorkeeper` is one."""

    async def lets_press(self, thread: ThreadKey, user: str) -> bool:
        """Return whether a person may use a button below an answer."""
        ...


class Wishes:
    """Carries out what people want, in one workspace."""

    def __init__(
        self,
        bot: parse.Bot,
        answers: Answers,
        permits: Permits,
        is_admin: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._bot = bot
        self._answers = answers
        self._permits = permits
        self._is_admin = is_admin

    async def press(self, body: Mapping[str, Any]) -> Refusal | None:
        """Carry out what a button says; return what to tell who may not.

        Not refused while the process ends: Slack would not deliver it again, and another process can work.
        """
        pressed = buttons.pressed(body, self._bot)
        if pressed is None:
            return None
        if pressed.action is Action.STOP:
            request = StopRequest(thread=pressed.thread, by=pressed.user, turn=pressed.turn)
            return refusal(request, await self.stop(request), nothing=TOO_LATE)
        if not await self._permits.lets_press(pressed.thread, pressed.user):
            return None
        do = partial(self._permitted, pressed.user, partial(self._carried_out, pressed))
        return (
            None
            if await do() or await _later(do)
            else Refusal(thread=pressed.thread, user=pressed.user, sentence=NOT_YOURS)
        )

    async def again(self, body: Mapping[str, Any]) -> Refusal | None:
        """Have the answer made again below which somebody chose that; return what to tell who may not."""
        chosen = buttons.chosen(body, self._bot)
        if chosen is None:
            return None
        thread, ts, by = chosen
        if not await self._permits.lets_press(thread, by):
            return None
        done = await self._permitted(by, partial(self._answers.answer_again, thread, ts, by=by))
        return None if done else Refusal(thread=thread, user=by, sentence=NO_ANSWER)

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Stop an answer."""
        outcome = await self._answers.stop(request)
        if outcome is StopOutcome.FORBIDDEN and await self._is_admin(request.by):
            return await self._answers.stop(replace(request, by_admin=True))
        return outcome

    async def _carried_out(self, pressed: buttons.Pressed, *, by_admin: bool) -> bool:
        turn, thread, action, by = pressed.turn, pressed.thread, pressed.action, pressed.user
        if action in {Action.PREVIOUS, Action.NEXT, Action.CHOOSE}:
            return await self._answers.flip(turn, thread, action, by=by, by_admin=by_admin)
        goes_on = action is Action.CONTINUE
        return await self._answers.retry(turn, thread, by=by, by_admin=by_admin, goes_on=goes_on)

    async def _permitted(self, user: str, do: Callable[..., Awaitable[bool]]) -> bool:
        """Do something as whoever asked, or else as an admin; return whether it was done."""
        return await do(by_admin=False) or (await self._is_admin(user) and await do(by_admin=True))


async def _later(do: Callable[[], Awaitable[bool]]) -> bool:
    """Do something once more when an answer that shows its buttons has ended: that comes a moment later."""
    await asyncio.sleep(MOMENT)
    return await do()


def refusal(request: StopRequest, outcome: StopOutcome, *, nothing: str = "") -> Refusal | None:
    """Return what to tell who could not stop an answer; `nothing` where there was none to stop."""
    sentence = {StopOutcome.FORBIDDEN: NOT_YOURS_TO_STOP, StopOutcome.NOTHING: nothing}.get(outcome, "")
    return Refusal(thread=request.thread, user=request.by, sentence=sentence) if sentence else None
