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

from bot.core.domain import Author, PromptKey
from bot.core.errors import Conflict
from bot.core.steering import level
from bot.editing import Editing, SteeringRefused
from bot.settings import Settings
from bot.slack import parse
from bot.store import migrate
from bot.store.database import Database, database_url
from bot.store.versions import SqlVersions

T = TypeVar("T")


class Refused(click.ClickException):
    """What was asked for cannot be done; the text is one sentence."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the sentence as the program's other errors are printed."""
        click.echo(f"bot: {self.message}", file=file, err=True)


def with_database(do: Callable[[Database], Awaitable[T]]) -> T:
    """Open the database of the settings and do something with it."""

    async def body() -> T:
        async with opened(Settings.load()) as database:
            return await do(database)

    return asyncio.run(body())


def edit(do: Callable[[Editing], Awaitable[T]]) -> T:
    """Open the database of the settings and do something with what is set in it."""

    async def body() -> T:
        settings = Settings.load()
        async with opened(settings) as database:
            return await do(Editing(SqlVersions(database), settings.steering, parse.is_direct))

    try:
        return asyncio.run(body())
    except (SteeringRefused, Conflict) as error:
        raise Refused(str(error)) from None


def named(kind: str, where: str) -> PromptKey:
    """Return the level that two words of the command line name."""
    try:
        return level(f"{kind} {where}", parse.PLATFORM)
    except ValueError as error:
        raise Refused(str(error)) from None


def author() -> Author:
    """Return who is at the shell, by the name that the machine has for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may have a user without a name
        name = ""
    return Author(id="shell", name=name)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Open the database of the settings. Raises `SettingsError` or `StoreUnavailable`."""
    url = database_url(settings.database_url)
    await asyncio.to_thread(migrate.check, url)
    database = Database(url, is_ours=False)
    await database.open()
    try:
        yield database
    finally:
        await database.close()
