"""The program's server in HTTP mode, with an app that records what it receives; and Slack's signatures."""

import asyncio
import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import Clock
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.transport.http import EVENTS_PATH, HttpDeliveries

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_790_000_000.0
EVENT = {"type": "event_callback", "team_id": "T0", "event_id": "Ev1", "event": {"type": "message"}}
BODY = json.dumps(EVENT).encode()
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class ReceivedRequests:
    """What the app behind the server received; `fails` makes it raise."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    fails: bool = False


@dataclass
class Server:
    """The program's server."""

    port: int
    requests: HttpDeliveries
    checks: dict[str, bool]
    received: ReceivedRequests

    async def post(self, body: bytes, headers: Mapping[str, str] = JSON) -> tuple[int, str]:
        """Send a signed request, as Slack does."""
        return await self.send("POST", EVENTS_PATH, body, {**signature(body), **headers})

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Send any request; return the response's status and text."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=io.BytesIO(body), headers=headers) as answer,
        ):
            return answer.status, await answer.text()

    async def raw(self, request: bytes) -> str:
        """Send bytes; return the first line of the response."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            async with asyncio.timeout(10):
                return (await reader.readline()).decode().strip()
        finally:
            writer.close()
            await writer.wait_closed()


class FixedClock(Clock):
    """A clock that stands at `NOW`."""

    def now(self) -> float:
        return NOW


def compute_signature(body: bytes, timestamp: str, secret: str) -> str:
    """Return Slack's signature of a body, which need not be UTF-8, as it must be for slack_sdk."""
    digest = hmac.new(secret.encode(), b"v0:%b:%b" % (timestamp.encode(), body), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


def signature(body: bytes, *, at: str = str(int(NOW)), secret: str = SECRET) -> dict[str, str]:
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": compute_signature(body, at, secret)}


GOOD = signature(BODY)


def make_app(received: ReceivedRequests) -> AsyncApp:
    """Return an app that records events, buttons and a command."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0", bot_user_id="U0BOT", bot_token="xoxb-1")

    app = AsyncApp(client=AsyncWebClient(), authorize=authorize, process_before_response=True)

    async def take(body: dict[str, Any], request: Any, ack: Any) -> None:
        received.bodies.append(body)
        received.retries.extend(request.headers.get("x-slack-retry-num", []))
        if received.fails:
            raise RuntimeError
        await ack()

    app.event("message")(take)
    app.action("press")(take)
    app.command("/prompt")(take)

    @app.error
    async def failed(error: Exception) -> None:
        pass

    return app
