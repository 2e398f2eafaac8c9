"""HTTP mode: receives Slack's signed requests and returns the app's answers.

Anybody on the internet can post to this address, so a request passes these steps in order, cheapest first:

1. Both signature headers exist (else 401), once and well-formed (else 400).
2. The timestamp is within five minutes of the clock (else 401). A draining process answers 503 here.
3. The body is read, at most 1 MB (else 413) within three seconds (else 408).
4. slack_sdk verifies the signature over the body (else 401).
5. The body is decoded (else 400) and dispatched to Bolt.

A refusal has no text and is not logged, so that it costs nothing.
Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDictProxy
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp

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


@dataclass(frozen=True, slots=True)
class RequestSignature:
    """What a request's headers claim: that Slack signed its body at that time."""

    timestamp: str
    """Seconds since 1970, as it was written: the signature is over these digits."""
    digest: str

    @classmethod
    def from_headers(cls, headers: CIMultiDictProxy[str]) -> Self:
        """Read the headers. Raises 401 where one is missing, 400 where one is double or malformed."""
        timestamps = headers.getall("X-Slack-Request-Timestamp", [])
        digests = headers.getall("X-Slack-Signature", [])
        if not timestamps or not digests:
            raise web.HTTPUnauthorized
        timestamp, digest = ",".join(timestamps), ",".join(digests)
        if not re.fullmatch("[0-9]{1,12}", timestamp) or not re.fullmatch("v0=[0-9a-f]{64}", digest):
            raise web.HTTPBadRequest
        return cls(timestamp, digest)

    def is_fresh(self, now: float) -> bool:
        """Return whether it was made within five minutes of `now`."""
        return abs(now - int(self.timestamp)) <= MAX_CLOCK_DIFFERENCE_SECONDS

    def is_valid_for(self, body: bytes, secret: str) -> bool:
        """Return whether it is that of `body`; takes the same time either way."""
        return hmac.compare_digest(self.digest, compute_signature(body, self.timestamp, secret))


def compute_signature(body: bytes, timestamp: str, secret: str) -> str:
    """Return the signature that Slack puts on a body."""
    digest = hmac.new(secret.encode(), b"v0:%b:%b" % (timestamp.encode(), body), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


class HttpDeliveries:
    """Receives Slack's deliveries by HTTP."""

    def __init__(self, app: AsyncApp, *, signing_secret: str, clock: Callable[[], float] = time.time) -> None:
        self._app = app
        self._secret = signing_secret
        self._clock = clock
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
        signature = RequestSignature.from_headers(request.headers)
        if not signature.is_fresh(self._clock()):
            raise web.HTTPUnauthorized
        if self._stopped:
            raise web.HTTPServiceUnavailable
        body = await _read_body(request)
        if not signature.is_valid_for(body, self._secret):
            raise web.HTTPUnauthorized
        retry = {name: request.headers[name] for name in RETRY_HEADERS if name in request.headers}
        payload = _decode_payload(body, request.content_type)
        return await to_aiohttp_response(await dispatch_payload(self._app, payload, retry))


async def _read_body(request: web.Request) -> bytes:
    """Read the body. Raises 413 if it is too large, 408 if it takes too long."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(body)


def _decode_payload(body: bytes, content_type: str) -> dict[str, Any]:
    """Decode a body: JSON for events, a form for commands, JSON in a form for interactions. Raises 400."""
    try:
        text = body.decode()
        payload = json_codec.decode(text) if content_type == "application/json" else _decode_form(text)
    except ValueError:
        raise web.HTTPBadRequest from None
    if not isinstance(payload, dict) or not payload:
        raise web.HTTPBadRequest
    return payload


def _decode_form(text: str) -> Any:
    fields = dict(parse_qsl(text, keep_blank_values=True))
    return json_codec.decode(fields["payload"]) if "payload" in fields else fields
