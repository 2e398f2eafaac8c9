"""What people do with an answer: its buttons, the shortcut "Answer again", and stopping it.

| action | who may |
|---|---|
| try again, go on, answer again, other variants | the person who asked and admins, after the answer ended |
| stop | the person who asked and admins |

The intake is asked first as for the person who asked; only if it refuses, `is_admin` is called and the
request repeated for an admin, because that look-up may cost a call to Slack. These actions name their
answer, so they need no order, unlike the messages in `inbox`.

A button acts once, however often it is pressed or delivered: the store takes a press only until the answer is
claimed again, which is what the press leads to.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from cachetools import TTLCache

from bot.conversation.intake import Intake
from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.turns import Action
from bot.slack import messages
from bot.slack.events.access_guard import AccessGuard
from bot.slack.events.ephemeral_replies import (
    ANSWER_ENDED,
    CHANGE_NOT_ALLOWED,
    NOT_AN_ANSWER,
    STOP_NOT_ALLOWED,
    EphemeralReply,
)
from bot.slack.rendering import buttons

PRESS_RETRY_DELAY_SECONDS = 0.5
"""A button must be acknowledged within three seconds."""
MAX_REMEMBERED_PRESSES = 10_000
REMEMBER_PRESS_SECONDS = 300.0
"""Slack repeats deliveries for five minutes. https://docs.slack.dev/apis/events-api"""
ANSWER_AGAIN_ID = "answer_again"
"""The `callback_id` of the message shortcut."""


class AnswerActions:
    """Carries out the actions on answers of one workspace."""

    def __init__(
        self,
        bot: messages.BotIdentity,
        intake: Intake,
        access_guard: AccessGuard,
        is_admin: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._bot = bot
        self._intake = intake
        self._access_guard = access_guard
        self._is_admin = is_admin
        self._carried_out: TTLCache[buttons.ButtonPress, None] = TTLCache(
            MAX_REMEMBERED_PRESSES, REMEMBER_PRESS_SECONDS
        )
        """Presses that are or were carried out; the store refuses their repetitions too, but not in silence."""

    async def press_button(self, body: Mapping[str, Any]) -> EphemeralReply | None:
        """Carry out a button; return a reply if the person may not use it.

        A draining process accepts buttons, because Slack does not deliver them again; another process works.
        """
        pressed = buttons.parse_button_press(body, self._bot)
        if pressed is None:
            return None
        if pressed.action is Action.STOP:
            request = StopRequest(thread=pressed.thread, requested_by=pressed.user, turn=pressed.turn)
            return stop_refusal(request, await self.stop(request), nothing_running=ANSWER_ENDED)
        if not await self._access_guard.admit_press(pressed.thread, pressed.user):
            return None
        if pressed.shown_token and pressed in self._carried_out:
            return None  # another press of the same button, before it changed
        self._carried_out[pressed] = None
        do = partial(self._do_if_permitted, pressed.user, partial(self._carry_out, pressed))
        is_done = False
        try:
            is_done = await do() or await _retry_later(do)
        finally:
            if not is_done:  # refused, or the store failed: the next press may do it
                self._carried_out.pop(pressed, None)
        if is_done:
            return None
        return EphemeralReply(thread=pressed.thread, user=pressed.user, sentence=CHANGE_NOT_ALLOWED)

    async def answer_again(self, body: Mapping[str, Any]) -> EphemeralReply | None:
        """Carry out the shortcut on a message; return a reply if the person may not use it."""
        chosen = buttons.parse_message_shortcut(body, self._bot)
        if chosen is None:
            return None
        thread, ts, by = chosen
        if not await self._access_guard.admit_press(thread, by):
            return None
        done = await self._do_if_permitted(by, partial(self._intake.answer_again, thread, ts, by=by))
        return None if done else EphemeralReply(thread=thread, user=by, sentence=NOT_AN_ANSWER)

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Stop an answer, as the person who asked or as an admin."""
        outcome = await self._intake.stop(request)
        if outcome is StopOutcome.FORBIDDEN and await self._is_admin(request.requested_by):
            return await self._intake.stop(replace(request, is_by_admin=True))
        return outcome

    async def _carry_out(self, pressed: buttons.ButtonPress, *, by_admin: bool) -> bool:
        turn, thread, action, by = pressed.turn, pressed.thread, pressed.action, pressed.user
        if action in {Action.PREVIOUS, Action.NEXT, Action.CHOOSE}:
            return await self._intake.flip(
                turn, thread, action, by=by, by_admin=by_admin, shown_token=pressed.shown_token
            )
        goes_on = action is Action.CONTINUE
        return await self._intake.retry(
            turn, thread, by=by, by_admin=by_admin, goes_on=goes_on, shown_token=pressed.shown_token
        )

    async def _do_if_permitted(self, user: str, do: Callable[..., Awaitable[bool]]) -> bool:
        """Call `do` as a person, and again as an admin if that is refused; return whether it was done."""
        return await do(by_admin=False) or (await self._is_admin(user) and await do(by_admin=True))


async def _retry_later(do: Callable[[], Awaitable[bool]]) -> bool:
    """Call `do` once more after a moment: an answer shows its buttons shortly before it counts as ended."""
    await asyncio.sleep(PRESS_RETRY_DELAY_SECONDS)
    return await do()


def stop_refusal(request: StopRequest, outcome: StopOutcome, *, nothing_running: str = "") -> EphemeralReply | None:
    """Return the reply for a person who could not stop an answer; `nothing_running` if none was running."""
    sentence = {StopOutcome.FORBIDDEN: STOP_NOT_ALLOWED, StopOutcome.NOTHING: nothing_running}.get(outcome, "")
    return EphemeralReply(thread=request.thread, user=request.requested_by, sentence=sentence) if sentence else None
