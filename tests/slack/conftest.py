"""A workspace, the bot's ways into it, and a server for what comes from Slack."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.health import serving
from bot.sandbox.server import SandboxWorkspace
from bot.slack import connect
from bot.slack.http import Requests
from bot.slack.people import People
from bot.slack.surface import SlackSurface
from tests.slack.http_server import NOW, SECRET, Given, Server, listening


@pytest.fixture
async def workspace() -> AsyncIterator[SandboxWorkspace]:
    """Wait for acknowledgements for a moment only, and deliver again soon."""
    async with SandboxWorkspace(ack_timeout=0.5, redelivery=(0.0, 0.2, 0.2)) as running:
        yield running


@pytest.fixture
async def client(workspace: SandboxWorkspace) -> AsyncIterator[AsyncWebClient]:
    """Give the bot's client of the workspace."""
    async with connect.web_client(workspace.bot_token, workspace.api_url) as opened:
        yield opened


@pytest.fixture
async def surface(client: AsyncWebClient) -> SlackSurface:
    """Give the bot's surface there."""
    return SlackSurface(client, await connect.who_am_i(client), People(client, "T0SANDBOX"))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Serve in HTTP mode, on a free port."""
    given = Given()
    requests = Requests(listening(given), signing_secret=SECRET, clock=lambda: NOW)
    checks = {"slack": True, "database": True, "worker": True}
    async with serving("127.0.0.1", 0, lambda: checks, requests.routes()) as port:
        yield Server(port, requests, checks, given)
