"""Telling a person that something is not theirs to do: in the thread, and seen by nobody else.

Separate because buttons, shortcuts and words all end here. Rule: what cannot be told is only logged.
"""

import asyncio
from dataclasses import dataclass

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceError
from bot.core.turns import ThreadKey
from bot.slack.transport.api_errors import call

CHANGE_NOT_ALLOWED = "Only the person who asked, and admins, can do that, and only once the answer has ended."
STOP_NOT_ALLOWED = "Only the person who asked, and admins, can stop this answer."
ANSWER_ENDED = "That answer has ended already."
NOT_AN_ANSWER = "That is no answer of mine, or it is not yours to ask for again: only who asked, and admins, can."
EPHEMERAL_TIMEOUT_SECONDS = 1.0
"""Seconds; a button must be acknowledged within three."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralReply:
    """What somebody is told who may not do something."""

    thread: ThreadKey
    user: str
    sentence: str


async def send_ephemeral(client: AsyncWebClient, reply: EphemeralReply) -> None:
    """Tell who is refused, and nobody else, within a second. Never raises."""
    thread = reply.thread
    try:
        async with asyncio.timeout(EPHEMERAL_TIMEOUT_SECONDS):
            await call(
                lambda: client.chat_postEphemeral(
                    channel=thread.channel, thread_ts=thread.root, user=reply.user, text=reply.sentence
                )
            )
    except (SurfaceError, TimeoutError) as error:
        log.debug("A refusal could not be told.", action="refusal_untold", error=type(error).__name__)
