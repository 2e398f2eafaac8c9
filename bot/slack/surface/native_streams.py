"""Messages that grow while the app writes: Slack's native streams.

Separate from `surface`, which posts and edits, because what was appended stays: text is sent only when the
safe form of the whole page begins with all that was sent before. A stream lives about five minutes; before
that, and wherever one ends too early, the message goes on by edits. Sources: facts/slack.md 1.1.
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
from bot.core.reply.appended_text import find_addition
from bot.core.turns import ThreadKey, Turn
from bot.ports import Page
from bot.slack.message_metadata import page_metadata
from bot.slack.rendering import render
from bot.slack.surface.assistant_status import AssistantStatus
from bot.slack.transport.api_errors import call
from bot.slack.transport.unavailable_features import FeatureAvailability

STREAM_LIFETIME_SECONDS = 240.0
"""Seconds for which a message is added to; Slack ends it after about 300."""

RenderBlocksBelow = Callable[[Page], Sequence[dict[str, Any]]]
"""Returns the blocks that stand below a page's text."""

log = structlog.get_logger()


class StreamingMode(StrEnum):
    """How answers grow, as a deployment wants it."""

    AUTO = "auto"  # by native streams in direct messages, by edits where everybody is to see it
    EDITS = "edits"
    NATIVE = "native"
    OFF = "off"  # not at all: a message is posted when it is complete


@dataclass(frozen=True, slots=True)
class _StreamTools:
    """What all streams of a workspace are made with."""

    client: AsyncWebClient
    blocks_below: RenderBlocksBelow
    status: AssistantStatus
    availability: FeatureAvailability = field(default_factory=FeatureAvailability)


class NativeStream:
    """One message that grows."""

    def __init__(self, tools: "_StreamTools", thread: ThreadKey, ts: str, sent: str) -> None:
        """`shown` is what Slack was sent."""
        self.message_id = ts
        self._tools = tools
        self._thread = thread
        self._address: dict[str, Any] = {"channel": thread.channel, "ts": ts}
        self._sent = sent
        self._expires_at = time.monotonic() + STREAM_LIFETIME_SECONDS

    def can_show(self, page: Page) -> bool:
        """Return whether the page begins with what was sent, and the message may still grow."""
        return time.monotonic() < self._expires_at and find_addition(_safe_markdown(page), self._sent) is not None

    async def append_page(self, page: Page, *, last: bool) -> None:
        """Send what the message lacks of the page; end it with the last text."""
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
    """Begins messages that grow, and ends those that somebody else left growing."""

    def __init__(self, client: AsyncWebClient, blocks_below: RenderBlocksBelow, status: AssistantStatus) -> None:
        """`below` makes what stands under a complete page; `sessions` hear which streams go on."""
        self._tools = _StreamTools(client, blocks_below, status)

    def are_available(self) -> bool:
        """Return whether Slack can stream, as far as is known."""
        return self._tools.availability.is_available()

    async def start_stream(self, turn: Turn, page: Page) -> NativeStream | None:
        """Start a message with a page's text, for whoever asked; None where Slack refuses to."""
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
            log.info("Slack does not stream; the answer is edited.", action="not_streamed", reason=str(gone))
            self._tools.availability.record_refusal(gone)
            return None
        return NativeStream(self._tools, thread, str(response["ts"]), text)

    async def end_stream(self, thread: ThreadKey, ts: str, page: Page) -> None:
        """End whatever stream a message is, so that it can be edited; an edit tells whether it can.

        Raises `SurfaceBusy` and `SurfaceUnavailable`.
        """
        with suppress(SurfaceGone):
            await call(
                lambda: self._tools.client.chat_stopStream(
                    channel=thread.channel, ts=ts, metadata=page_metadata(page), session_status="processing"
                )
            )


def _safe_markdown(page: Page) -> str:
    """Return a page's text as it is sent, safe; see `render`."""
    block: Mapping[str, Any] = render.render(page.text).blocks[0]
    return str(block["text"])
