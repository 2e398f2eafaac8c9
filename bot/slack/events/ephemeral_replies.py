"""Sends a person an ephemeral reply: why they may not do something, visible to them alone.

Buttons, shortcuts and the word "stop" are refused with these sentences. The reply goes to the thread in which
the person acted. Sending takes at most a second, because the acknowledgement of a button waits for it; a
reply that cannot be sent is only logged.
Source: https://docs.slack.dev/reference/methods/chat.postEphemeral
"""

import asyncio
from dataclasses import dataclass

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceError
from bot.core.turns import ThreadKey
from bot.slack.transport.api_call import call

CHANGE_NOT_ALLOWED = "Only the person who asked and admins can do that, once, and only after the answer has ended."
STOP_NOT_ALLOWED = "Only the person who asked and admins can stop this answer."
ANSWER_ENDED = "That answer has already ended."
NOT_AN_ANSWER = "That is not an answer of mine, or you cannot repeat it: only the person who asked and admins can."
EPHEMERAL_TIMEOUT_SECONDS = 1.0
"""A button must be acknowledged within three seconds."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralReply:
    """A sentence for one person in one thread."""

    thread: ThreadKey
    user: str
    sentence: str


async def send_ephemeral(client: AsyncWebClient, reply: EphemeralReply) -> None:
    """Send a reply to its person alone, within a second. Never raises."""
    thread = reply.thread
    try:
        async with asyncio.timeout(EPHEMERAL_TIMEOUT_SECONDS):
            await call(
                lambda: client.chat_postEphemeral(
                    channel=thread.channel, thread_ts=thread.root, user=reply.user, text=reply.sentence
                )
            )
    except (SurfaceError, TimeoutError) as error:
        log.debug("A refusal could not be sent.", action="refusal_untold", error=type(error).__name__)
