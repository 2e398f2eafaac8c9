"""The `bot` command: run, try, migrate, manifest; and those of `bot.commands`.

Separate because it is where people meet the program: an error is one sentence on standard error and an
exit code, 2 for a wrong setting or argument, 1 for a service that cannot be reached. It knows the
sandbox and the app, so it comes above both.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from bot import app, log, trial
from bot.commands.access import access
from bot.commands.budget import budget
from bot.commands.models import models
from bot.commands.personal import erase, export
from bot.commands.prompt import prompt
from bot.commands.usage import usage
from bot.core.errors import BotError, SettingsError
from bot.settings import Settings
from bot.slack import manifest
from bot.store import migrate
from bot.store.database import database_url

EPILOG = """\b
Start here:
  bot try         talk to the bot in your browser; needs no account and no key
\b
Then, with a Slack workspace:
  bot manifest    print the app manifest; paste it at api.slack.com/apps
  bot run         connect and answer

Settings come from the environment or a file .env; .env.example lists them all, each with a comment.
"""


def main() -> None:
    """Run the command; every foreseen error is one sentence and an exit code."""
    try:
        commands()
    except BotError as error:
        click.echo(f"bot: {error}", err=True)
        sys.exit(2 if isinstance(error, SettingsError) else 1)


@click.group(
    epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(version("threadkeeper"), prog_name="bot")
def commands() -> None:
    """Threadkeeper: a Slack bot that keeps every thread as a conversation.

    Mention it in a channel or write to it directly; it answers in the thread, growing as the model talks.
    """


@commands.command()
def run() -> None:
    """Connect to Slack and answer, until stopped.

    Needs SLACK_BOT_TOKEN, SLACK_APP_TOKEN, OPENAI_API_KEY and BOT_MODEL. With SLACK_SIGNING_SECRET and PORT
    in place of SLACK_APP_TOKEN, Slack delivers by HTTP.
    """
    settings = Settings.load()
    settings.require_for_run()
    log.configure(settings.bot_log_level, settings.bot_log_format)
    _until_stopped(lambda stop: app.serve(settings, stop))


@commands.command(name="try")
@click.option("--port", default=8484, show_default=True, help="Port of the page; 0 takes any free one.")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the bot's database in this folder."
)
@click.option("--browser/--no-browser", default=True, help="Open the page in the browser.  [default: open]")
def try_(port: int, data: Path | None, *, browser: bool) -> None:
    """Talk to the bot in the browser, in a workspace on this machine.

    Needs no account and no key: Slack and the model are played by local servers. With OPENAI_API_KEY or
    OPENAI_BASE_URL set, that model answers instead.
    """
    settings = Settings.load()
    log.configure("warning", settings.bot_log_format)
    _until_stopped(lambda stop: trial.serve(settings, stop, port=port, data=data, browser=browser))


@commands.command(name="migrate")
def migrate_() -> None:
    """Bring the database in DATABASE_URL up to date."""
    url = database_url(Settings.load().database_url)
    migrate.upgrade(url)
    click.echo(f"The database is up to date, at revision {migrate.head()}.")


@commands.command(name="manifest")
@click.option("--name", default="Threadkeeper", show_default=True, help="The app's name in Slack.")
@click.option("--url", default="", help="For HTTP mode: the bot's public address, https://…")
def manifest_(name: str, url: str) -> None:
    """Print the Slack app manifest (YAML), ready to paste at api.slack.com/apps."""
    if url and not url.startswith("https://"):
        raise click.BadParameter("Slack delivers to https:// addresses only.", param_hint="--url")
    click.echo(manifest.as_yaml(name, url=url), nl=False)


commands.add_command(prompt)
commands.add_command(access)
commands.add_command(models)
commands.add_command(usage)
commands.add_command(budget)
commands.add_command(export)
commands.add_command(erase)


def _until_stopped(serve: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run a service until SIGINT or SIGTERM; a second signal ends it at once."""

    async def body() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def asked(number: signal.Signals) -> None:
            stop.set()
            loop.remove_signal_handler(number)  # the next one has its usual effect

        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt
                loop.add_signal_handler(number, asked, number)
        await serve(stop)

    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(body())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - has no Windows build; there asyncio's own loop serves
    except ImportError:
        return None
    return uvloop.new_event_loop
