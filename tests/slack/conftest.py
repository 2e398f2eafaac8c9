"""Fixtures: a sandbox workspace, the bot's client and surface in it, and a server for HTTP mode."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.app.health import serve_health
from bot.sandbox.server import SandboxWorkspace
from bot.slack.people.directory import People
from bot.slack.surface import SlackSurface
from bot.slack.transport import connect
from bot.slack.transport.http import HttpDeliveries
from tests.slack.admin_client import admin_client, errors  # noqa: F401 - fixtures of several folders
from tests.slack.transport.http_server import SECRET, FixedClock, ReceivedRequests, Server, make_app


@pytest.fixture
async def workspace() -> AsyncIterator[SandboxWorkspace]:
    """Run a workspace that waits half a second for an acknowledgement and delivers again soon."""
    async with SandboxWorkspace(ack_timeout=0.5, redelivery=(0.0, 0.2, 0.2)) as running:
        yield running


@pytest.fixture
async def client(workspace: SandboxWorkspace) -> AsyncIterator[AsyncWebClient]:
    """Open the bot's client for the workspace."""
    async with connect.open_web_client(workspace.bot_token, workspace.api_url) as opened:
        yield opened


@pytest.fixture
async def surface(client: AsyncWebClient) -> SlackSurface:
    """Return the bot's surface in the workspace."""
    return SlackSurface(client, await connect.fetch_bot_identity(client), People(client, "T0SANDBOX"))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Serve in HTTP mode, on a free port."""
    received = ReceivedRequests()
    requests = HttpDeliveries(make_app(received), signing_secret=SECRET, clock=FixedClock())
    checks = {"slack": True, "database": True, "worker": True}
    async with serve_health("127.0.0.1", 0, lambda: checks, requests.routes()) as port:
        yield Server(port, requests, checks, received)
