"""Passes one authenticated delivery to Bolt and returns Bolt's answer.

Socket Mode and HTTP mode both end here:

    WebSocket --+
                +--> dispatch_payload --> Bolt's listeners --> BoltResponse
    HTTP -------+

| response | when | Slack |
|---|---|---|
| 200 | a listener acknowledged, or the event is an echo of the bot's own message | is told "received" |
| 404, 500 | no listener, or one raised | delivers again |

An exception in Bolt becomes a 500. The caller has authenticated the delivery, so Bolt's own signature check,
which would log the headers, is off. Both modes pass a retry in the same form, as HTTP headers:

    {"x-slack-retry-num": ["1"], "x-slack-retry-reason": ["timeout"]}

Source: https://docs.slack.dev/apis/events-api/#error-handling
"""

from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.log import describe_error
from bot.slack.payload import is_echo

log = structlog.get_logger()


async def dispatch_payload(app: AsyncApp, payload: dict[str, Any], headers: Mapping[str, str]) -> BoltResponse:
    """Let the app handle a payload and return its response; only status 200 may be acknowledged.

    `headers` are those of a retry: `X-Slack-Retry-Num` and `X-Slack-Retry-Reason`. Events about the bot's own
    messages are answered at once, because Bolt needs longer to ignore them; sockets skip this call for them.
    """
    if is_echo(payload):
        return BoltResponse(status=200)
    try:
        # Bolt's name for "authenticated and decoded", in HTTP mode too
        request = AsyncBoltRequest(body=payload, headers=dict(headers), mode="socket_mode")
        response: BoltResponse = await app.async_dispatch(request)
    except Exception as error:  # noqa: BLE001 - top level: Bolt trusts the shape of what it is given
        log.error("Bolt raised an exception on a delivery.", action="delivery_broken", error=describe_error(error))
        return BoltResponse(status=500)
    return response
