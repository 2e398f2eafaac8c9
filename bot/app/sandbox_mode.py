"""`bot try`: runs the real bot between a sandbox workspace and a sandbox model.

    browser --> sandbox workspace <-- Web API, Socket Mode -- bot -- chat completions --> sandbox model
                                                               |
                                                               +--> try.db (SQLite)

The bot is the same as in `bot run`; only its settings differ: addresses and tokens of the sandbox, an SQLite
database in `data` or a temporary folder. If the settings name a model (a key or a base URL), that model is
used instead of the sandbox's.
"""

import asyncio
import tempfile
import webbrowser
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import click
from pydantic import SecretStr

from bot.app import run
from bot.core.errors import SettingsError
from bot.sandbox.model.server import SandboxModel
from bot.sandbox.server import SandboxWorkspace
from bot.settings import OPENAI_API_URL, Settings
from bot.slack import manifest

SANDBOX_MODEL = "sandbox-small"
SANDBOX_PRICES = "sandbox-*=0.50/2/0.05"
"""Made up, so that usage and budgets have something to show."""


async def serve(settings: Settings, stop: asyncio.Event, *, port: int, data: Path | None, browser: bool) -> None:
    """Run the sandbox until `stop` is set. Raises `SettingsError` if it cannot start."""
    async with AsyncExitStack() as opened:
        workspace = await _open_workspace(port, opened)
        folder = data or Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="threadkeeper-")))
        _create_folder(folder)
        with_model = await opened.enter_async_context(_open_model(settings, workspace))
        sandboxed = connect_to_sandbox(with_model, workspace, folder / "try.db")

        def ready() -> None:
            click.echo(f"Threadkeeper is ready: open {workspace.url} in your browser. Ctrl-C ends it.")
            if browser:
                webbrowser.open(workspace.url)

        await run.serve(sandboxed, stop, ready=ready)


def _create_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The folder {folder} (--data) cannot be made: {error.strerror}.") from None


def connect_to_sandbox(settings: Settings, workspace: SandboxWorkspace, database: Path) -> Settings:
    """Return settings that connect the bot to a workspace and to an SQLite file, which the bot creates."""
    return settings.model_copy(
        update={
            "slack_bot_token": SecretStr(workspace.bot_token),
            "slack_app_token": SecretStr(workspace.app_token),
            "slack_signing_secret": SecretStr(""),
            "slack_api_url": workspace.api_url,
            "port": 0,
            "database_url": f"sqlite:///{database.resolve()}",
            "bot_grace_seconds": 1.0,
        }
    )


async def _open_workspace(port: int, opened: AsyncExitStack) -> SandboxWorkspace:
    features = manifest.build_manifest("Threadkeeper")["features"]
    workspace = SandboxWorkspace(port=port, commands=features["slash_commands"], shortcuts=features["shortcuts"])
    try:
        return await opened.enter_async_context(workspace)
    except OSError:
        raise SettingsError(f"Port {port} is in use; choose another with `bot try --port 8485`.") from None


@asynccontextmanager
async def _open_model(settings: Settings, workspace: SandboxWorkspace) -> AsyncIterator[Settings]:
    """Return settings with a model: the one that they name, or the sandbox's."""
    if settings.openai_api_key.get_secret_value() or settings.openai_base_url != OPENAI_API_URL:
        settings.require_model()
        yield settings
    else:
        async with SandboxModel(on_request=workspace.trace_model_request) as model:
            yield settings.model_copy(
                update={
                    "openai_base_url": model.base_url,
                    "bot_model": SANDBOX_MODEL,
                    "bot_prices": settings.bot_prices or SANDBOX_PRICES,
                }
            )
