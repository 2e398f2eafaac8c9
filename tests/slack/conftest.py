"""A workspace for tests of what comes in from Slack."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.server import SandboxWorkspace


@pytest.fixture
async def workspace() -> AsyncIterator[SandboxWorkspace]:
    """Wait for acknowledgements for a moment only, and deliver again soon."""
    async with SandboxWorkspace(ack_timeout=0.5, redelivery=(0.0, 0.2, 0.2)) as running:
        yield running
