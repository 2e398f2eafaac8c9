"""A workspace and a server, for tests of what comes in from Slack."""

from collections.abc import AsyncIterator

import pytest

from bot.health import serving
from bot.sandbox.server import SandboxWorkspace
from bot.slack.http import Requests
from tests.slack.http_server import NOW, SECRET, Given, Server, listening


@pytest.fixture
async def workspace() -> AsyncIterator[SandboxWorkspace]:
    """Wait for acknowledgements for a moment only, and deliver again soon."""
    async with SandboxWorkspace(ack_timeout=0.5, redelivery=(0.0, 0.2, 0.2)) as running:
        yield running


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Serve in HTTP mode, on a free port."""
    given = Given()
    requests = Requests(listening(given), signing_secret=SECRET, clock=lambda: NOW)
    checks = {"slack": True, "database": True, "worker": True}
    async with serving("127.0.0.1", 0, lambda: checks, requests.routes()) as port:
        yield Server(port, requests, checks, given)
