"""Native streams: messages that grow while the answer is written, by Slack's streaming methods.

    chat.startStream "Hel"  ->  chat.appendStream "lo wor"  ->  chat.stopStream "ld", buttons, metadata

Appended text cannot be taken back. So text is appended only if the sanitized page begins with everything
sent so far; otherwise the message is continued by edits. Slack ends a stream after about five minutes
(https://github.com/slackapi/python-slack-sdk/issues/1859); the bot stops appending after four and continues
by edits. It does the same if a stream ends early.

Source: https://docs.slack.dev/reference/methods/chat.startStream
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceGone
from bot.core.reply.commands import find_addition
from bot.core.turns import ThreadKey, Turn
from bot.ports import Page
from bot.slack.message_metadata import page_metadata
from bot.slack.rendering import render
from bot.slack.surface.assistant_status import AssistantStatus
from bot.slack.transport.api_call import call
from bot.slack.transport.unavailable_features import FeatureAvailability

STREAM_LIFETIME_SECONDS = 240.0
"""How long the bot appends to a message; Slack ends a stream after about 300 seconds."""

RenderBlocksBelow = Callable[[Page], Sequence[dict[str, Any]]]
"""Renders the blocks below a page's text."""

log = structlog.get_logger()


class StreamingMode(StrEnum):
    """How answers grow; a setting of the deployment."""

    AUTO = "auto"  # native streams in direct messages, edits in channels, where all readers see them
    EDITS = "edits"
    NATIVE = "native"
    OFF = "off"  # not at all: a page is posted when it is complete


@dataclass(frozen=True, slots=True)
class _StreamTools:
    """What every stream of a workspace needs."""

    client: AsyncWebClient
    blocks_below: RenderBlocksBelow
    status: AssistantStatus
    availability: FeatureAvailability = field(default_factory=FeatureAvailability)


class NativeStream:
    """One message that grows; implements the port `GrowingMessage`."""

    def __init__(self, tools: "_StreamTools", thread: ThreadKey, ts: str, sent: str) -> None:
        """`sent` is the text that the message already shows."""
        self.message_id = ts
        self._tools = tools
        self._thread = thread
        self._address: dict[str, Any] = {"channel": thread.channel, "ts": ts}
        self._sent = sent
        self._expires_at = time.monotonic() + STREAM_LIFETIME_SECONDS

    def can_show(self, page: Page) -> bool:
        """Return whether the page begins with the text sent so far, and the stream has not expired."""
        return time.monotonic() < self._expires_at and find_addition(_safe_markdown(page), self._sent) is not None

    async def append_page(self, page: Page, *, last: bool) -> None:
        """Append the rest of the page; `last` also ends the stream."""
        text = find_addition(_safe_markdown(page), self._sent) or ""
        try:
            if last:
                await self._stop(page, text)
            elif text:
                await call(lambda: self._tools.client.chat_appendStream(**self._address, markdown_text=text))
        except SurfaceGone as gone:
            self._tools.availability.record_refusal(gone)
            raise
        self._sent += text

    async def _stop(self, page: Page, text: str) -> None:
        below = [*self._tools.blocks_below(page)]
        await call(
            lambda: self._tools.client.chat_stopStream(
                **self._address,
                markdown_text=text or None,
                blocks=below or None,
                metadata=page_metadata(page),
                session_status="active" if page.is_last else "processing",
            )
        )
        if page.is_last:
            self._tools.status.note_stream_ended(self._thread)


class NativeStreams:
    """Starts native streams, and ends those that another process left open."""

    def __init__(self, client: AsyncWebClient, blocks_below: RenderBlocksBelow, status: AssistantStatus) -> None:
        """`blocks_below` renders the buttons of a complete page; `status` is told which streams are open."""
        self._tools = _StreamTools(client, blocks_below, status)

    def are_available(self) -> bool:
        """Return whether streams are available here, as far as the bot knows."""
        return self._tools.availability.is_available()

    async def start_stream(self, turn: Turn, page: Page) -> NativeStream | None:
        """Start a stream with a page's text, for the author of the turn; None if Slack refuses."""
        thread, text = turn.thread, _safe_markdown(page)
        self._tools.status.note_stream_started(thread)
        try:
            response = await call(
                lambda: self._tools.client.chat_startStream(
                    channel=thread.channel,
                    thread_ts=thread.root,
                    markdown_text=text,
                    recipient_user_id=turn.author.id,
                    recipient_team_id=thread.workspace,
                )
            )
        except SurfaceGone as gone:
            log.info(
                "Slack refused to stream; the answer is shown by edits.",
                action="not_streamed",
                reason=str(gone),
            )
            self._tools.availability.record_refusal(gone)
            return None
        return NativeStream(self._tools, thread, str(response["ts"]), text)

    async def end_stream(self, thread: ThreadKey, ts: str, page: Page) -> None:
        """End the stream of a message, if it is one, so that the message can be edited.

        Raises `SurfaceBusy` and `SurfaceUnavailable`.
        """
        with suppress(SurfaceGone):
            await call(
                lambda: self._tools.client.chat_stopStream(
                    channel=thread.channel, ts=ts, metadata=page_metadata(page), session_status="processing"
                )
            )


def _safe_markdown(page: Page) -> str:
    """Return a page's Markdown in its sanitized form; see `render`."""
    block: Mapping[str, Any] = render.render(page.text).blocks[0]
    return str(block["text"])
