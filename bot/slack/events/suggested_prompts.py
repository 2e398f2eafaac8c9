"""Shows suggested prompts to a person who opens the direct message with the app.

Slack reports each opening with `app_home_opened`. The prompts are set in the background, at most once an hour
for each direct message; an error is only logged. In an app without the agent feature Slack refuses with
`not_agent_app`, and the bot pauses for ten minutes.
Source: https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
"""

import time
from collections.abc import Mapping
from typing import Any

import structlog
from cachetools import TLRUCache
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.worker import RunInBackground
from bot.core.errors import SurfaceError, SurfaceGone
from bot.slack import payload
from bot.slack.transport.api_call import call
from bot.slack.transport.unavailable_features import FeatureAvailability

SHOWN_TTL_SECONDS = 3_600.0
"""Prompts are not set again in the same direct message within this time."""
MAX_REMEMBERED_CHANNELS = 10_000

log = structlog.get_logger()


class SuggestedPrompts:
    """The prompts suggested in direct messages."""

    def __init__(self, client: AsyncWebClient, questions: Mapping[str, str]) -> None:
        """`questions` by title; empty to keep the prompts of the app's manifest."""
        self._client = client
        self._prompts = [{"title": title, "message": asked} for title, asked in questions.items()]
        self._availability = FeatureAvailability()
        self._shown = TLRUCache[str, None](MAX_REMEMBERED_CHANNELS, ttu=_forget_at, timer=time.monotonic)

    async def show_prompts(self, channel: str) -> None:
        """Set the prompts of a direct message, unless that was done within the hour. Never raises."""
        if not self._prompts or not self._availability.is_available() or channel in self._shown:
            return
        self._shown[channel] = None
        try:
            await call(
                lambda: self._client.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=self._prompts)
            )
        except SurfaceError as error:
            self._shown.pop(channel, None)
            log.debug("Suggested prompts could not be set.", action="suggesting_failed", error=error.code)
            if isinstance(error, SurfaceGone):
                self._availability.record_refusal(error)


def _forget_at(_channel: str, _value: None, now: float) -> float:
    return now + SHOWN_TTL_SECONDS


def register(app: AsyncApp, suggestions: SuggestedPrompts, run_in_background: RunInBackground) -> None:
    """Add the listener that shows prompts; call this before other listeners for `app_home_opened`."""

    async def is_direct_message(body: dict[str, Any]) -> bool:
        return payload.text(body, "event", "tab") == "messages"

    @app.event("app_home_opened", matchers=[is_direct_message])
    async def opened(body: dict[str, Any], ack: AsyncAck) -> None:
        run_in_background(suggestions.show_prompts(payload.text(body, "event", "channel")))
        await ack()
