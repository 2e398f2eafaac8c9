"""Inboxes for tests of what comes in from Slack."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.slack.inbox import Entrance, Inbox
from bot.slack.parse import Bot
from bot.slack.people import People
from bot.slack.wishes import Wishes
from tests.fakes import OpenDoor


async def is_nobody(_user: str) -> bool:
    """Know of no admin."""
    return False


def inbox(
    bot: Bot,
    people: People,
    conversations: Any,
    entrance: Entrance | None = None,
    *,
    is_admin: Callable[[str], Awaitable[bool]] = is_nobody,
    follow: bool = False,
) -> Inbox:
    """Return an inbox; `conversations` need to know only what comes."""
    door = entrance or OpenDoor()
    wishes = Wishes(bot, conversations, door, is_admin)
    return Inbox(bot, people, conversations, door, wishes, follow_threads=follow)
