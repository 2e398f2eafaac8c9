"""HTTP mode: receives Slack's signed requests and returns the app's answers.

Anybody on the internet can post to this address, so a request passes these steps in order, cheapest first:

1. Both signature headers exist (else 401), once and well-formed (else 400).
2. The timestamp is within five minutes of the clock (else 401). A draining process answers 503 here.
3. The body is read, at most 1 MB (else 413) within three seconds (else 408), as UTF-8 (else 400).
4. slack_sdk verifies the signature over the body (else 401).
5. The body is decoded (else 400) and dispatched to Bolt.

A refusal has no text and is not logged, so that it costs nothing.
Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDictProxy
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import Clock, SignatureVerifier

from bot import json_codec
from bot.slack.transport.bolt_dispatch import dispatch_payload

EVENTS_PATH = "/slack/events"
"""Where Slack delivers events, interactions and commands."""
MAX_CLOCK_DIFFERENCE_SECONDS = 300.0
"""Between a request's timestamp and the clock."""
MAX_BODY_BYTES = 1024**2
"""Slack's largest payloads are views, with at most 250 KB."""
BODY_TIMEOUT_SECONDS = 3.0
"""For reading a body; Slack itself gives up a delivery after this time."""
RETRY_HEADERS = ("X-Slack-Retry-Num", "X-Slack-Retry-Reason")


class HttpDeliveries:
    """Receives Slack's deliveries by HTTP."""

    def __init__(self, app: AsyncApp, *, signing_secret: str, clock: Clock | None = None) -> None:
        self._app = app
        self._clock = clock or Clock()
        self._verifier = SignatureVerifier(signing_secret, self._clock)
        self._stopped = False

    @property
    def is_connected(self) -> bool:
        """Whether deliveries are accepted."""
        return not self._stopped

    async def stop(self) -> None:
        """Answer every further delivery with 503, so that Slack sends it to another process."""
        self._stopped = True

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes for the web server."""
        return [web.post(EVENTS_PATH, self._receive)]

    async def _receive(self, request: web.Request) -> web.Response:
        timestamp, signature = read_signature(request.headers)
        if abs(self._clock.now() - int(timestamp)) > MAX_CLOCK_DIFFERENCE_SECONDS:
            raise web.HTTPUnauthorized
        if self._stopped:
            raise web.HTTPServiceUnavailable
        text = await _read_body(request)
        if not self._verifier.is_valid(text, timestamp, signature):
            raise web.HTTPUnauthorized
        retry = {name: request.headers[name] for name in RETRY_HEADERS if name in request.headers}
        payload = _decode_payload(text, request.content_type)
        return await to_aiohttp_response(await dispatch_payload(self._app, payload, retry))


def read_signature(headers: CIMultiDictProxy[str]) -> tuple[str, str]:
    """Return the timestamp and the signature. Raises 401 if one is missing, 400 if one is double or malformed."""
    timestamps = headers.getall("X-Slack-Request-Timestamp", [])
    signatures = headers.getall("X-Slack-Signature", [])
    if not timestamps or not signatures:
        raise web.HTTPUnauthorized
    timestamp, signature = ",".join(timestamps), ",".join(signatures)
    if not re.fullmatch("[0-9]{1,12}", timestamp) or not re.fullmatch("v0=[0-9a-f]{64}", signature):
        raise web.HTTPBadRequest
    return timestamp, signature


async def _read_body(request: web.Request) -> str:
    """Read the body. Raises 413 if it is too large, 408 if it takes too long, 400 if it is not UTF-8."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, len(body))
        return body.decode()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except UnicodeDecodeError:
        raise web.HTTPBadRequest from None


def _decode_payload(text: str, content_type: str) -> dict[str, Any]:
    """Decode a body: JSON for events, a form for commands, JSON in a form for interactions. Raises 400."""
    try:
        payload = json_codec.decode(text) if content_type == "application/json" else _decode_form(text)
    except ValueError:
        raise web.HTTPBadRequest from None
    if not isinstance(payload, dict) or not payload:
        raise web.HTTPBadRequest
    return payload


def _decode_form(text: str) -> Any:
    fields = dict(parse_qsl(text, keep_blank_values=True))
    return json_codec.decode(fields["payload"]) if "payload" in fields else fields
