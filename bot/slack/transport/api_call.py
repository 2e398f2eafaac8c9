"""Calls one method of Slack's Web API and translates its errors into the bot's own.

    response = await call(lambda: client.chat_update(channel=..., ts=..., text=...))

| what Slack does | raised |
|---|---|
| HTTP 429, or a rate limit error | `SurfaceBusy`, with the seconds to wait |
| HTTP 5xx, a transient error, no answer at all | `SurfaceUnavailable` |
| an error about one message (`MESSAGE_ERRORS`) | `MessageLost` |
| any other error | `SurfaceGone`: trying again does not help |

An error's text is Slack's error code, or the class of the network error; never what was sent. Sources:
https://docs.slack.dev/apis/web-api/rate-limits and https://docs.slack.dev/reference/methods/chat.update
"""

import math
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
    "message_not_found": False,  # a person deleted it
    "cant_update_message": True,  # after a reinstallation the app is another author
    EDIT_WINDOW_CLOSED: True,  # the workspace limits how long messages may be edited
    "message_not_owned_by_app": True,
    "msg_too_long": True,
    STREAMING_STATE_CONFLICT: True,
}
"""Errors about one message; others in the thread can still be written. True: the message is still visible.

https://docs.slack.dev/reference/methods/chat.update
"""
MIN_SERVER_ERROR_STATUS = 500
TOO_MANY_REQUESTS_STATUS = 429
DEFAULT_RETRY_AFTER_SECONDS = 5.0
"""The wait after a rate limit error whose `Retry-After` is missing, or no number of seconds above 0."""
MAX_RETRY_AFTER_SECONDS = 600.0
"""Slack's limits are for a minute; whatever stands in front of it may say anything."""


async def call(send: Callable[[], Awaitable[Any]]) -> Any:
    """Await one request and return Slack's response. Raises a `SurfaceError`, see above."""
    try:
        return await send()
    except SlackApiError as error:
        raise _translate_error(error) from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise SurfaceUnavailable(type(error).__name__, may_still_happen=True) from None


def _translate_error(error: SlackApiError) -> SurfaceError:
    response: Any = error.response
    status = getattr(response, "status_code", 200)
    data = getattr(response, "data", response)
    name = str(data.get("error") or "") if isinstance(data, dict) else ""  # a proxy's error page is a str
    if status == TOO_MANY_REQUESTS_STATUS or name in BUSY_ERRORS:
        return SurfaceBusy(name, retry_after=_read_retry_after(response))
    if status >= MIN_SERVER_ERROR_STATUS or name in TRANSIENT_ERRORS or not name:
        return SurfaceUnavailable(name or str(status))
    return MessageLost(name, stays=MESSAGE_ERRORS[name]) if name in MESSAGE_ERRORS else SurfaceGone(name)


def _read_retry_after(response: Any) -> float:
    headers = {key.lower(): value for key, value in (getattr(response, "headers", None) or {}).items()}
    try:
        seconds = float(headers["retry-after"])
    except (KeyError, ValueError):
        return DEFAULT_RETRY_AFTER_SECONDS
    return min(seconds, MAX_RETRY_AFTER_SECONDS) if 0 < seconds < math.inf else DEFAULT_RETRY_AFTER_SECONDS
