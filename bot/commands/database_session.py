"""What the commands share: the database of the settings, scopes named by two words, and errors in one sentence.

The commands may run beside a running bot, also on an embedded SQLite database: each of their transactions takes
milliseconds, and the bot reads what they saved at its next question.
"""

import asyncio
import getpass
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from bot.core.chat.scoped_config import parse_scope
from bot.core.config import Scope
from bot.core.errors import ConfigRefused, VersionConflict
from bot.core.turns import Author
from bot.policy.config_editor import ConfigEditor
from bot.settings import Settings
from bot.slack import messages
from bot.store import migrate
from bot.store.config.versions import SqlConfigVersions
from bot.store.database import Database, parse_database_url

T = TypeVar("T")


class CommandRefused(click.ClickException):
    """A command cannot do what was asked; the text is one sentence."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the sentence in the form of the program's other errors."""
        click.echo(f"bot: {self.message}", file=file, err=True)


def limit_option(text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option `-n`, of commands that list something; `text` is its help."""
    return click.option("-n", "limit", type=click.IntRange(1), default=20, show_default=True, help=text)


def with_database(do: Callable[[Database], Awaitable[T]]) -> T:
    """Open the database of the settings, and call `do` with it."""

    async def body() -> T:
        async with open_database(Settings.load()) as database:
            return await do(database)

    return asyncio.run(body())


def with_config_editor(do: Callable[[ConfigEditor], Awaitable[T]]) -> T:
    """Open the database of the settings, and call `do` with an editor of the configs in it."""

    async def body() -> T:
        settings = Settings.load()
        async with open_database(settings) as database:
            return await do(
                ConfigEditor(SqlConfigVersions(database), settings.deployment_config, messages.is_direct_channel)
            )

    try:
        return asyncio.run(body())
    except (ConfigRefused, VersionConflict) as error:
        raise CommandRefused(str(error)) from None


def parse_scope_words(kind: str, where: str) -> Scope:
    """Return the scope that two words name, such as `channel T1/C1`."""
    try:
        return parse_scope(f"{kind} {where}", messages.PLATFORM)
    except ValueError as error:
        raise CommandRefused(str(error)) from None


def get_shell_author() -> Author:
    """Return the person at the shell, by their name on this machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may have a user without a name
        name = ""
    return Author(id="shell", name=name)


def format_signature(created_at: float, author: Author) -> tuple[str, str]:
    """Return when and by whom a version was saved, as text."""
    at = datetime.fromtimestamp(created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return at, author.name or author.id or "unknown"


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database of the settings. Raises `SettingsError` or `StoreUnavailable`."""
    url = parse_database_url(settings.database_url)
    await asyncio.to_thread(migrate.check_revision, url)
    database = Database(url, exclusive=False)
    await database.open()
    try:
        yield database
    finally:
        await database.close()
