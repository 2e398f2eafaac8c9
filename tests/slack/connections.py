"""Connections as the bot has them, and what came over them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.sandbox.server import SandboxWorkspace
from bot.slack.connect import web_client
from bot.slack.socket_mode import Pace, Sockets, sockets
from tests.slack.waiting import nothing

HASTY = Pace(first=0.02, longest=0.1, hopeless=0.05, stable=0.0)


@dataclass
class Elsewhere:
    """As much of a workspace as `connected` wants to know."""

    api_url: str
    bot_token: str = SandboxWorkspace.bot_token
    app_token: str = SandboxWorkspace.app_token


@dataclass
class Heard:
    """What the app was given, in order."""

    texts: list[str] = field(default_factory=list)
    retries: list[list[str]] = field(default_factory=list)


@asynccontextmanager
async def connected(
    workspace: SandboxWorkspace | Elsewhere,
    *,
    count: int = 1,
    pace: Pace = HASTY,
    meanwhile: Callable[[], Awaitable[object]] = nothing,
) -> AsyncIterator[tuple[Sockets, Heard]]:
    """Connect as the bot does; `meanwhile` is awaited with each delivery."""
    heard = Heard()

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0", bot_user_id="U0BOT", bot_token="xoxb-1")

    async with web_client(workspace.bot_token, workspace.api_url) as client:
        app = AsyncApp(client=client, authorize=authorize, process_before_response=True)

        @app.event("message")
        async def message(event: dict[str, Any], request: Any) -> None:
            heard.texts.append(event["text"])
            heard.retries.append(request.headers.get("x-slack-retry-num", []))
            await meanwhile()

        @app.error
        async def failed(error: Exception) -> None:
            pass

        async with sockets(app, client, workspace.app_token, count=count, pace=pace) as connection:
            yield connection, heard
