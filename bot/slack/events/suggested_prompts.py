"""Suggests what to ask to who opens the direct message with the app.

Separate because it is no answer: it is shown beside, and nothing fails with it. Rules: for a person who opens
it again and again it is done once an hour; where the app is no agent, nobody is asked again for a while.
Source: facts/slack.md 3 and 5.
"""

import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceError, SurfaceGone
from bot.slack import payload
from bot.slack.transport.api_errors import call
from bot.slack.transport.unavailable_features import FeatureAvailability

SHOWN_TTL_SECONDS = 3_600.0
"""Seconds for which suggestions that were shown are taken to be there."""

log = structlog.get_logger()


class SuggestedPrompts:
    """What is offered to be asked in direct messages."""

    def __init__(self, client: AsyncWebClient, questions: Mapping[str, str]) -> None:
        """`questions` by their titles; none if those of the app's manifest are to stand."""
        self._client = client
        self._prompts = [{"title": title, "message": asked} for title, asked in questions.items()]
        self._availability = FeatureAvailability()
        self._shown: dict[str, float] = {}  # by channel, oldest first

    async def show_prompts(self, channel: str) -> None:
        """Show them in a direct message, unless they are there. Never raises."""
        now = time.monotonic()
        if not self._prompts or not self._availability.is_available() or now < self._until(channel):
            return
        self._forget(now)
        self._shown[channel] = now
        try:
            await call(
                lambda: self._client.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=self._prompts)
            )
        except SurfaceError as error:
            self._shown.pop(channel, None)
            log.debug("Suggestions could not be shown.", action="suggesting_failed", error=error.code)
            if isinstance(error, SurfaceGone):
                self._availability.record_refusal(error)

    def _until(self, channel: str) -> float:
        return self._shown[channel] + SHOWN_TTL_SECONDS if channel in self._shown else 0.0

    def _forget(self, now: float) -> None:
        for channel in [each for each, at in self._shown.items() if at + SHOWN_TTL_SECONDS <= now]:
            del self._shown[channel]


def register(
    app: AsyncApp, suggestions: SuggestedPrompts, run_in_background: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    """Let the app suggest. Call it before what takes all else that is opened; nobody waits for it."""

    async def is_direct_message(body: dict[str, Any]) -> bool:
        return payload.text(body, "event", "tab") == "messages"

    @app.event("app_home_opened", matchers=[is_direct_message])
    async def opened(body: dict[str, Any], ack: AsyncAck) -> None:
        run_in_background(suggestions.show_prompts(payload.text(body, "event", "channel")))
        await ack()
