"""What people want done about an answer: buttons, a shortcut, the word "stop"; and what is told who may not.

Separate from the inbox, which takes messages in order: these name an answer, and come in any order. Rule: who
asked may, and admins; whether somebody is an admin is looked up only where it matters.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.turns import Action, ThreadKey
from bot.slack import messages
from bot.slack.events.ephemeral_replies import (
    ANSWER_ENDED,
    CHANGE_NOT_ALLOWED,
    NOT_AN_ANSWER,
    STOP_NOT_ALLOWED,
    EphemeralReply,
)
from bot.slack.rendering import buttons

PRESS_RETRY_DELAY_SECONDS = 0.5
"""Seconds; a button must be acknowledged within three."""
ANSWER_AGAIN_ID = "answer_again"
"""`callback_id` of the message shortcut."""


class ChangesAnswers(Protocol):
    """What becomes of a wish; `Intake` is one."""

    async def retry(
        self, turn: int, thread: ThreadKey, *, by: str, by_admin: bool = False, goes_on: bool = False
    ) -> bool:
        """Have a turn answered again, or gone on with, if `by` may ask for it."""
        ...

    async def answer_again(self, thread: ThreadKey, message_id: str, *, by: str, by_admin: bool = False) -> bool:
        """Have the turn of a message answered again, if `by` may ask for it."""
        ...

    async def flip(self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False) -> bool:
        """Have another variant of an answer shown if `by` may ask for it."""
        ...

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Have an answer stopped if that person may ask for it."""
        ...


class AdmitsPresses(Protocol):
    """Who lets people use what is below an answer; `Doorkeeper` is one."""

    async def admit_press(self, thread: ThreadKey, user: str) -> bool:
        """Return whether a person may use a button below an answer."""
        ...


class AnswerActions:
    """Carries out what people want, in one workspace."""

    def __init__(
        self,
        bot: messages.BotIdentity,
        intake: ChangesAnswers,
        access_guard: AdmitsPresses,
        is_admin: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._bot = bot
        self._intake = intake
        self._access_guard = access_guard
        self._is_admin = is_admin

    async def press_button(self, body: Mapping[str, Any]) -> EphemeralReply | None:
        """Carry out what a button says; return what to tell who may not.

        Not refused while the process ends: Slack would not deliver it again, and another process can work.
        """
        pressed = buttons.parse_button_press(body, self._bot)
        if pressed is None:
            return None
        if pressed.action is Action.STOP:
            request = StopRequest(thread=pressed.thread, requested_by=pressed.user, turn=pressed.turn)
            return stop_refusal(request, await self.stop(request), nothing_running=ANSWER_ENDED)
        if not await self._access_guard.admit_press(pressed.thread, pressed.user):
            return None
        do = partial(self._do_if_permitted, pressed.user, partial(self._carry_out, pressed))
        return (
            None
            if await do() or await _retry_later(do)
            else EphemeralReply(thread=pressed.thread, user=pressed.user, sentence=CHANGE_NOT_ALLOWED)
        )

    async def answer_again(self, body: Mapping[str, Any]) -> EphemeralReply | None:
        """Have the answer made again below which somebody chose that; return what to tell who may not."""
        chosen = buttons.parse_message_shortcut(body, self._bot)
        if chosen is None:
            return None
        thread, ts, by = chosen
        if not await self._access_guard.admit_press(thread, by):
            return None
        done = await self._do_if_permitted(by, partial(self._intake.answer_again, thread, ts, by=by))
        return None if done else EphemeralReply(thread=thread, user=by, sentence=NOT_AN_ANSWER)

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Stop an answer."""
        outcome = await self._intake.stop(request)
        if outcome is StopOutcome.FORBIDDEN and await self._is_admin(request.requested_by):
            return await self._intake.stop(replace(request, is_by_admin=True))
        return outcome

    async def _carry_out(self, pressed: buttons.ButtonPress, *, by_admin: bool) -> bool:
        turn, thread, action, by = pressed.turn, pressed.thread, pressed.action, pressed.user
        if action in {Action.PREVIOUS, Action.NEXT, Action.CHOOSE}:
            return await self._intake.flip(turn, thread, action, by=by, by_admin=by_admin)
        goes_on = action is Action.CONTINUE
        return await self._intake.retry(turn, thread, by=by, by_admin=by_admin, goes_on=goes_on)

    async def _do_if_permitted(self, user: str, do: Callable[..., Awaitable[bool]]) -> bool:
        """Do something as whoever asked, or else as an admin; return whether it was done."""
        return await do(by_admin=False) or (await self._is_admin(user) and await do(by_admin=True))


async def _retry_later(do: Callable[[], Awaitable[bool]]) -> bool:
    """Do something once more when an answer that shows its buttons has ended: that comes a moment later."""
    await asyncio.sleep(PRESS_RETRY_DELAY_SECONDS)
    return await do()


def stop_refusal(request: StopRequest, outcome: StopOutcome, *, nothing_running: str = "") -> EphemeralReply | None:
    """Return what to tell who could not stop an answer; `nothing` where there was none to stop."""
    sentence = {StopOutcome.FORBIDDEN: STOP_NOT_ALLOWED, StopOutcome.NOTHING: nothing_running}.get(outcome, "")
    return EphemeralReply(thread=request.thread, user=request.requested_by, sentence=sentence) if sentence else None
