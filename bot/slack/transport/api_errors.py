"""One call of Slack's Web API; what goes wrong with it becomes an error of ours.

Separate because posting, editing and reading fail alike. An error's text is Slack's name for it, or the class
of what happened on the way; never what was sent. Source: facts/slack.md 2.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.core.errors import MessageLost, SurfaceBusy, SurfaceError, SurfaceGone, SurfaceUnavailable

BUSY_ERRORS = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
TRANSIENT_ERRORS = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "update_failed"}
)
EDIT_WINDOW_CLOSED = "edit_window_closed"
STREAMING_STATE_CONFLICT = "streaming_state_conflict"
MESSAGE_ERRORS = {
    "message_not_found": False,  # somebody deleted it
    "cant_update_message": True,  # the app was installed anew, and is another author
    EDIT_WINDOW_CLOSED: True,  # the workspace says for how long messages may be edited
    "message_not_owned_by_app": True,
    "msg_too_long": True,
    STREAMING_STATE_CONFLICT: True,
}
"""What is wrong with one message, whatever else can be written; and whether it stays. facts/slack.md 1.3"""
MIN_SERVER_ERROR_STATUS = 500
TOO_MANY_REQUESTS_STATUS = 429
DEFAULT_RETRY_AFTER_SECONDS = 5.0
"""Seconds to wait when Slack says "too many" without saying for how long."""


async def call(send: Callable[[], Awaitable[Any]]) -> Any:
    """Return the response. Raises a `SurfaceError`: `SurfaceGone` where trying again does not help."""
    try:
        return await send()
    except SlackApiError as error:
        raise _translate_error(error) from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise SurfaceUnavailable(type(error).__name__) from None


def _translate_error(error: SlackApiError) -> SurfaceError:
    response: Any = error.response
    status = getattr(response, "status_code", 200)
    data = getattr(response, "data", response)
    name = str(data.get("error") or "") if isinstance(data, dict) else ""  # a proxy's page is a text
    if status == TOO_MANY_REQUESTS_STATUS or name in BUSY_ERRORS:
        return SurfaceBusy(name, retry_after=_read_retry_after(response))
    if status >= MIN_SERVER_ERROR_STATUS or name in TRANSIENT_ERRORS or not name:
        return SurfaceUnavailable(name or str(status))
    return MessageLost(name, stays=MESSAGE_ERRORS[name]) if name in MESSAGE_ERRORS else SurfaceGone(name)


def _read_retry_after(response: Any) -> float:
    headers = {key.lower(): value for key, value in (getattr(response, "headers", None) or {}).items()}
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return DEFAULT_RETRY_AFTER_SECONDS
