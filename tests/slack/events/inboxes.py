"""Builds inboxes for tests."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.core.turns import ThreadKey
from bot.slack.events.answer_actions import AnswerActions
from bot.slack.events.inbox import Inbox
from bot.slack.messages import BotIdentity
from bot.slack.people.directory import People


class OpenAccess:
    """An access check that admits every person everywhere."""

    async def admit_message(self, posted: object) -> bool:
        return True

    async def admit_press(self, thread: ThreadKey, user: str) -> bool:
        return True


class IdleIntake:
    """An intake that gets no message."""

    is_draining = False


async def is_not_admin(_user: str) -> bool:
    """Return that a person is no admin."""
    return False


def make_inbox(
    bot: BotIdentity,
    people: People,
    intake: Any,
    access_guard: Any = None,
    *,
    is_admin: Callable[[str], Awaitable[bool]] = is_not_admin,
    follow_threads: bool = False,
) -> Inbox:
    """Return an inbox; `intake` needs only the methods that the test causes to be called."""
    guard: Any = access_guard or OpenAccess()
    actions = AnswerActions(bot, intake, guard, is_admin)
    return Inbox(bot, people, intake, guard, actions, follow_threads=follow_threads)
