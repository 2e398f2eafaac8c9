"""Waits for events on either side of a connection."""

import asyncio
from collections.abc import Callable

from bot.sandbox.server import SandboxWorkspace


async def nothing() -> None:
    """Return at once."""


def acknowledged(workspace: SandboxWorkspace) -> int:
    """Return how many deliveries were acknowledged so far."""
    return sum(entry.kind == "ack" and entry.status == "ok" for entry in workspace.trace)


async def until(predicate: Callable[[], object]) -> None:
    """Wait until `predicate` holds on either side; the workspace's own wait checks only when it changes."""
    async with asyncio.timeout(10):
        while not predicate():  # noqa: ASYNC110 - what it waits for knows nothing of it
            await asyncio.sleep(0.005)
