"""Slack's threads as a surface: a page of Markdown is one message, posted and then edited.

Separate because it translates: our pages into Slack's calls, Slack's errors into our tree. Sources:
facts/slack.md 1.3 (posting and editing) and 2 (rate limits).
"""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain import ThreadKey
from bot.core.errors import SurfaceBusy, SurfaceError, SurfaceGone, SurfaceUnavailable
from bot.ports import SurfaceLimits
from bot.slack import limits, render

BUSY = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
PASSING = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "update_failed"}
)
BLOCKS_REFUSED = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "block_mismatch"}
)
SERVER_ERROR = 500
TOO_MANY = 429
DEFAULT_RETRY = 5.0
"""Seconds to wait when Slack says "too many" without saying for how long."""
STATUS = "is thinking…"

log = structlog.get_logger()


class SlackSurface:
    """Posts and edits messages in Slack's threads."""

    limits = SurfaceLimits(
        fits=render.fits,
        page_size=limits.PAGE_SIZE,
        interval=limits.EDIT_INTERVAL,
        edits_per_minute=limits.EDITS_PER_MINUTE,
        edits_burst=limits.EDITS_BURST,
    )

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._shows_status = True

    async def post(self, thread: ThreadKey, text: str) -> str:
        """Write a new message into the thread and return its ts."""

        async def send(**content: Any) -> Any:
            return await self._client.chat_postMessage(
                channel=thread.channel,
                thread_ts=thread.root,
                unfurl_links=False,
                unfurl_media=False,
                **content,
            )

        response = await self._show(send, text)
        return str(response["ts"])

    async def edit(self, thread: ThreadKey, message_id: str, text: str) -> None:
        """Replace the message with ts `message_id`."""

        async def send(**content: Any) -> Any:
            return await self._client.chat_update(channel=thread.channel, ts=message_id, **content)

        await self._show(send, text)

    async def remove(self, thread: ThreadKey, message_id: str) -> None:
        """Delete the message with ts `message_id`."""
        await _call(lambda: self._client.chat_delete(channel=thread.channel, ts=message_id))

    async def working(self, thread: ThreadKey, *, busy: bool) -> None:
        """Show or clear "is thinking"; where the plan, a scope or the server lacks it, do nothing."""
        if not self._shows_status:
            return
        try:
            await _call(
                lambda: self._client.assistant_threads_setStatus(
                    channel_id=thread.channel, thread_ts=thread.root, status=STATUS if busy else ""
                )
            )
        except SurfaceGone as gone:
            self._shows_status = str(gone) not in {
                "unknown_method",
                "missing_scope",
                "not_allowed_token_type",
            }
        except SurfaceError as error:
            log.debug("The status could not be shown.", action="status_failed", error=error.code)

    async def _show(self, send: Callable[..., Awaitable[Any]], text: str) -> Any:
        """Send a page as blocks and text; as text alone to a server that refuses the blocks."""
        page = render.render(text)
        try:
            return await _call(lambda: send(text=page.text, blocks=page.blocks))
        except SurfaceGone as gone:
            if str(gone) not in BLOCKS_REFUSED:
                raise
            log.warning("Slack refused the blocks of a message.", action="blocks_refused", reason=str(gone))
            return await _call(lambda: send(text=page.text))


async def _call(send: Callable[[], Awaitable[Any]]) -> Any:
    """Call Slack; its errors, and those of the way there, become ours. Their text is Slack's error name."""
    try:
        return await send()
    except SlackApiError as error:
        raise _translated(error) from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise SurfaceUnavailable(type(error).__name__) from None


def _translated(error: SlackApiError) -> SurfaceError:
    response: Any = error.response
    status = getattr(response, "status_code", 200)
    data = getattr(response, "data", response)
    name = str(data.get("error") or "") if isinstance(data, dict) else ""  # a proxy's page is a text
    if status == TOO_MANY or name in BUSY:
        return SurfaceBusy(name, retry_after=_retry_after(response))
    if status >= SERVER_ERROR or name in PASSING or not name:
        return SurfaceUnavailable(name or str(status))
    return SurfaceGone(name)


def _retry_after(response: Any) -> float:
    headers = {key.lower(): value for key, value in (getattr(response, "headers", None) or {}).items()}
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return DEFAULT_RETRY
