"""Fixtures for pytest. A project's own `conftest.py` loads them: `pytest_plugins = ["bot.testing.fixtures"]`.

Nothing loads them by itself, since the package has no entry point for pytest. `sandbox_bot` is a function that starts
a bot, not a running bot: a test passes its plugins and settings, and decides when the bot ends.

    async def test_my_plugin(sandbox_bot: StartSandboxBot) -> None:
        async with sandbox_bot(MyPlugin(), bot_system_prompt="Be brief.") as bot:
            assert await bot.ask("Hi! [[say=Hello.]]") == "Hello."
"""

from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.plugins import Plugin
from bot.testing.sandbox_bot import SandboxBot, run_sandbox_bot


class StartSandboxBot(Protocol):
    """The type of the fixture `sandbox_bot`."""

    def __call__(self, *plugins: Plugin, **settings: Any) -> AbstractAsyncContextManager[SandboxBot]:
        """Start a bot with plugins and settings; it ends with the block."""
        ...


@pytest.fixture
def sandbox_bot(tmp_path: Path) -> StartSandboxBot:
    """Return a function that starts a bot in a sandbox, with its database in the test's folder."""
    return partial(run_sandbox_bot, tmp_path)
