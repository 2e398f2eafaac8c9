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

from bot.core.domain import ThreadKey, Turn
from bot.core.errors import SurfaceGone
from bot.core.growth import added
from bot.ports import Page
from bot.slack import render
from bot.slack.abilities import Ability
from bot.slack.calls import call
from bot.slack.message_metadata import metadata
from bot.slack.sessions import Sessions

LIFETIME = 240.0
"""Seconds for which a message is added to; Slack ends it after about 300."""

Below = Callable[[Page], Sequence[dict[str, Any]]]
"""Returns the blocks that stand below a page's text."""

log = structlog.get_logger()


class Streaming(StrEnum):
    """How answers grow, as a deployment wants it."""

    AUTO = "auto"  # by native streams in direct messages, by edits where everybody is to see it
    EDITS = "edits"
    NATIVE = "native"
    OFF = "off"  # not at all: a message is posted when it is complete


@dataclass(frozen=True, slots=True)
class _Hands:
    """What all streams of a workspace are made with."""

    client: AsyncWebClient
    below: Below
    sessions: Sessions
    ability: Ability = field(default_factory=Ability)


class Stream:
    """One message that grows."""

    def __init__(self, hands: "_Hands", thread: ThreadKey, ts: str, shown: str) -> None:
        """`shown` is what Slack was sent."""
        self.message_id = ts
        self._hands = hands
        self._thread = thread
        self._here: dict[str, Any] = {"channel": thread.channel, "ts": ts}
        self._shown = shown
        self._until = time.monotonic() + LIFETIME

    def takes(self, page: Page) -> bool:
        """Return whether the page begins with what was sent, and the message may still grow."""
        return time.monotonic() < self._until and added(_markdown(page), self._shown) is not None

    async def add(self, page: Page, *, last: bool) -> None:
        """Send what the message lacks of the page; end it with the last text."""
        text = added(_markdown(page), self._shown) or ""
        try:
            if last:
                await self._end(page, text)
            elif text:
                await call(lambda: self._hands.client.chat_appendStream(**self._here, markdown_text=text))
        except SurfaceGone as gone:
            self._hands.ability.refused(gone)
            raise
        self._shown += text

    async def _end(self, page: Page, text: str) -> None:
        below = [*self._hands.below(page)]
        await call(
            lambda: self._hands.client.chat_stopStream(
                **self._here,
                markdown_text=text or None,
                blocks=below or None,
                metadata=metadata(page),
                session_status="active" if page.ends else "processing",
            )
        )
        if page.ends:
            self._hands.sessions.rested(self._thread)


class Streams:
    """Begins messages that grow, and ends those that somebody else left growing."""

    def __init__(self, client: AsyncWebClient, below: Below, sessions: Sessions) -> None:
        """`below` makes what stands under a complete page; `sessions` hear which streams go on."""
        self._hands = _Hands(client, below, sessions)

    def are_to_be_had(self) -> bool:
        """Return whether Slack can stream, as far as is known."""
        return self._hands.ability.is_there()

    async def begin(self, turn: Turn, page: Page) -> Stream | None:
        """Start a message with a page's text, for whoever asked; None where Slack refuses to."""
        thread, text = turn.thread, _markdown(page)
        self._hands.sessions.streams(thread)
        try:
            response = await call(
                lambda: self._hands.client.chat_startStream(
                    channel=thread.channel,
                    thread_ts=thread.root,
                    markdown_text=text,
                    recipient_user_id=turn.author.id,
                    recipient_team_id=thread.workspace,
                )
            )
        except SurfaceGone as gone:
            log.info("Slack does not stream; the answer is edited.", action="not_streamed", reason=str(gone))
            self._hands.ability.refused(gone)
            return None
        return Stream(self._hands, thread, str(response["ts"]), text)

    async def end(self, thread: ThreadKey, ts: str, page: Page) -> None:
        """End whatever stream a message is, so that it can be edited; an edit tells whether it can.

        Raises `SurfaceBusy` and `SurfaceUnavailable`.
        """
        with suppress(SurfaceGone):
            await call(
                lambda: self._hands.client.chat_stopStream(
                    channel=thread.channel, ts=ts, metadata=metadata(page), session_status="processing"
                )
            )


def _markdown(page: Page) -> str:
    """Return a page's text as it is sent, safe; see `render`."""
    block: Mapping[str, Any] = render.render(page.text).blocks[0]
    return str(block["text"])
