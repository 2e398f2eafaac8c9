"""A running bot between a sandbox workspace and a sandbox model, with a database of each kind."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.model import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from tests.e2e.program import START, Program, program, settings

ADA, GRACE = "U0ADA", "U0GRACE"
GENERAL = "C0GENERAL"


@dataclass
class World:
    """Everything there is: the workspace, the model and the program between them."""

    workspace: SandboxWorkspace
    model: SandboxModel
    env: dict[str, str]
    folder: Path

    def shown(self, channel: str, root: str) -> list[str]:
        """Return the texts of the bot's messages in a thread, as they are now."""
        return [
            message.text
            for message in self.workspace.thread(channel, root)
            if message.user == self.workspace.bot_user
        ]

    def complete(self, channel: str, root: str) -> str:
        """Return the bot's whole text in a thread."""
        return "\n".join(self.shown(channel, root))

    async def until(self, channel: str, root: str, *, ends: str) -> str:
        """Wait until the thread shows a text that ends like this, and return all of it."""
        await self.workspace.changed(lambda: self.complete(channel, root).endswith(ends), START)
        return self.complete(channel, root)


@pytest.fixture
async def model() -> AsyncIterator[SandboxModel]:
    async with SandboxModel(rate=2_000) as running:
        yield running


@pytest.fixture
async def workspace() -> AsyncIterator[SandboxWorkspace]:
    async with SandboxWorkspace(port=0) as running:
        yield running


@pytest.fixture
def world(workspace: SandboxWorkspace, model: SandboxModel, tmp_path: Path) -> World:
    """Return everything but a running bot, on the embedded database."""
    return World(workspace, model, settings(workspace, model), tmp_path)


@pytest.fixture
async def bot(world: World) -> AsyncIterator[Program]:
    """Run the bot, and wait until it is ready."""
    async with program("run", cwd=world.folder, env=world.env) as running:
        await running.until('"action": "ready"')
        yield running
        assert running.process.returncode is None, running.text
