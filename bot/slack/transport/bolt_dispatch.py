"""One delivery of Slack's, whichever way it came -> Bolt's answer.

Separate because both ways, sockets and HTTP, end here. Rules: a delivery is authenticated before it comes
here, so Bolt need not look at signatures (and would log them); whatever goes wrong is an answer too, one that
makes Slack deliver again.
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
    """Let the app handle a payload. Status 200 means that Slack may be told so, any other that it may not.

    `headers` are those of a retry: `X-Slack-Retry-Num` and `X-Slack-Retry-Reason`. Of our own messages nobody
    wants to know, and Bolt would need longer to find that out; sockets do not even ask.
    """
    if is_echo(payload):
        return BoltResponse(status=200)
    try:
        # Bolt's name for "authenticated and decoded", in HTTP mode too
        request = AsyncBoltRequest(body=payload, headers=dict(headers), mode="socket_mode")
        response: BoltResponse = await app.async_dispatch(request)
    except Exception as error:  # noqa: BLE001 - top level: Bolt trusts the shape of what it is given
        log.error("A delivery broke Bolt.", action="delivery_broken", error=describe_error(error))
        return BoltResponse(status=500)
    return response
