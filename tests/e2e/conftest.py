"""The real program between a sandbox workspace and a sandbox model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.model.server import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from tests.program import START_TIMEOUT_SECONDS, Program, program, settings

ADA, GRACE = "U0ADA", "U0GRACE"
GENERAL = "C0GENERAL"


@dataclass
class BotWorld:
    """A workspace, a model, and the settings that connect the program to both."""

    workspace: SandboxWorkspace
    model: SandboxModel
    env: dict[str, str]
    folder: Path

    def bot_texts(self, channel: str, root: str) -> list[str]:
        """Return the texts of the bot's messages in a thread, as they are now."""
        return [
            message.text for message in self.workspace.thread(channel, root) if message.user == self.workspace.bot_user
        ]

    def bot_text(self, channel: str, root: str) -> str:
        """Return the bot's whole text in a thread."""
        return "\n".join(self.bot_texts(channel, root))

    async def wait_for_text(self, channel: str, root: str, *, ends: str) -> str:
        """Wait until the bot's text in a thread ends with `ends`, and return all of it."""
        await self.workspace.wait_until(lambda: self.bot_text(channel, root).endswith(ends), START_TIMEOUT_SECONDS)
        return self.bot_text(channel, root)


@asynccontextmanager
async def new_world(folder: Path, workspace: SandboxWorkspace | None = None, **more: str) -> AsyncIterator[BotWorld]:
    """Open a workspace and a model, without a running bot; `more` are further settings of the bot."""
    async with SandboxModel(rate=2_000) as model, workspace or SandboxWorkspace(port=0) as slack:
        yield BotWorld(slack, model, settings(slack, model, **more), folder)


@asynccontextmanager
async def ready_bot(world: BotWorld) -> AsyncIterator[Program]:
    """Run the bot, wait until it is ready, and check at the end that it is alive."""
    async with program("run", cwd=world.folder, env=world.env) as running:
        await running.wait_for_output('"action": "ready"')
        yield running
        assert running.process.returncode is None, running.text


@asynccontextmanager
async def another_world(factory: pytest.TempPathFactory, **more: str) -> AsyncIterator[BotWorld]:
    """Open a separate world with a running bot, for a test that changes how the bot asks afterwards."""
    async with new_world(factory.mktemp("another"), None, **more) as world, ready_bot(world):
        yield world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    """Open a world for one test."""
    async with new_world(tmp_path) as world:
        yield world
