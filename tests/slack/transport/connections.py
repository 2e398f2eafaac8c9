"""Socket Mode connections for tests, and what arrives over them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.sandbox.server import SandboxWorkspace
from bot.slack.transport.connect import open_web_client
from bot.slack.transport.socket_mode import ReconnectDelays, SocketPool, open_sockets
from tests.slack.transport.waiting import nothing

FAST_RECONNECTS = ReconnectDelays(
    first_seconds=0.02, longest_seconds=0.1, operator_error_seconds=0.05, stable_after_seconds=0.0
)


@dataclass
class OtherWorkspace:
    """The attributes of a workspace that `connected` needs."""

    api_url: str
    bot_token: str = SandboxWorkspace.bot_token
    app_token: str = SandboxWorkspace.app_token


@dataclass
class ReceivedDeliveries:
    """What the app received, in order."""

    texts: list[str] = field(default_factory=list)
    retries: list[list[str]] = field(default_factory=list)


@asynccontextmanager
async def connected(
    workspace: SandboxWorkspace | OtherWorkspace,
    *,
    count: int = 1,
    delays: ReconnectDelays = FAST_RECONNECTS,
    meanwhile: Callable[[], Awaitable[object]] = nothing,
) -> AsyncIterator[tuple[SocketPool, ReceivedDeliveries]]:
    """Connect as the bot does; `meanwhile` is awaited during each delivery."""
    received = ReceivedDeliveries()

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0", bot_user_id="U0BOT", bot_token="xoxb-1")

    async with open_web_client(workspace.bot_token, workspace.api_url) as client:
        app = AsyncApp(client=client, authorize=authorize, process_before_response=True)

        @app.event("message")
        async def message(event: dict[str, Any], request: Any) -> None:
            received.texts.append(event["text"])
            received.retries.append(request.headers.get("x-slack-retry-num", []))
            await meanwhile()

        @app.error
        async def failed(error: Exception) -> None:
            pass

        async with open_sockets(app, client, workspace.app_token, count=count, delays=delays) as connection:
            yield connection, received
