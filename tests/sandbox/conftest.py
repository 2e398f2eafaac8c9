"""A sandbox workspace on a free port, and Slack's own client for it."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from tests.sandbox.clients import web_client


@pytest.fixture
async def workspace() -> AsyncIterator[SandboxWorkspace]:
    """Start a workspace with Slack's timeouts and limits."""
    async with SandboxWorkspace() as running:
        yield running


@pytest.fixture
async def client(workspace: SandboxWorkspace) -> AsyncIterator[AsyncWebClient]:
    async with web_client(workspace) as connected:
        yield connected
