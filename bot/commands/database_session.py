"""What the commands share: the way to the database, the name of a level, and one sentence for what is wrong.

Separate so that each command is its own few lines. On an embedded SQLite database they work beside a running
bot: a transaction of theirs takes milliseconds, and the bot reads what was saved at its next question.
"""

import asyncio
import getpass
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
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
    """What was asked for cannot be done; the text is one sentence."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the sentence as the program's other errors are printed."""
        click.echo(f"bot: {self.message}", file=file, err=True)


def with_database(do: Callable[[Database], Awaitable[T]]) -> T:
    """Open the database of the settings and do something with it."""

    async def body() -> T:
        async with open_database(Settings.load()) as database:
            return await do(database)

    return asyncio.run(body())


def with_config_editor(do: Callable[[ConfigEditor], Awaitable[T]]) -> T:
    """Open the database of the settings and do something with what is set in it."""

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
    """Return the level that two words of the command line name."""
    try:
        return parse_scope(f"{kind} {where}", messages.PLATFORM)
    except ValueError as error:
        raise CommandRefused(str(error)) from None


def shell_author() -> Author:
    """Return who is at the shell, by the name that the machine has for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may have a user without a name
        name = ""
    return Author(id="shell", name=name)


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
