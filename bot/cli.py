"""The `bot` command: lists the commands, and imports the one that is used.

A command is imported only when it is used, so that `bot --help` does not wait for a server's libraries. Every
foreseen error is one sentence on standard error and an exit code: 2 for a wrong setting or argument, 1 for a
service that cannot be reached.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from types import MappingProxyType

import click

from bot.core.errors import BotError, SettingsError

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "access": ("bot.commands.access.access", "Show and set who may ask, and who may edit prompts."),
        "budget": ("bot.commands.budget.budget", "Set how much may be spent in a day or a month."),
        "erase": ("bot.commands.personal_data.erase", "Erase what is stored about a person, or of a thread."),
        "export": ("bot.commands.personal_data.export", "Write out what is stored about a person, or of a thread."),
        "manifest": ("bot.commands.setup.manifest_", "Print the Slack app manifest (YAML)."),
        "migrate": ("bot.commands.setup.migrate_", "Bring the database up to date."),
        "models": ("bot.commands.models.models", "List the server's models, and what was learned about them."),
        "prompt": ("bot.commands.prompt.prompt", "Show and change prompts, models and parameters."),
        "run": ("bot.commands.run.run", "Connect to Slack and answer, until stopped."),
        "try": ("bot.commands.run.try_", "Talk to the bot in the browser; needs no account."),
        "usage": ("bot.commands.usage.usage", "Show what calls of models cost."),
    }
)
"""The place of each command, and its line in `bot --help`."""

EPILOG = """\b
Start here:
  bot try         talk to the bot in your browser; needs no account and no key
\b
Then, with a Slack workspace:
  bot manifest    print the app manifest; paste it at api.slack.com/apps
  bot run         connect and answer

Settings come from the environment or a file .env; .env.example lists them all, each with a comment.
"""


class CommandGroup(click.Group):
    """The commands, by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return their names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import a command and return it; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].rpartition(".")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


def main() -> None:
    """Run the command."""
    try:
        commands()
    except BotError as error:
        click.echo(f"bot: {error}", err=True)
        sys.exit(2 if isinstance(error, SettingsError) else 1)


@click.group(
    cls=CommandGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(version("threadkeeper"), prog_name="bot")
def commands() -> None:
    """Threadkeeper: a Slack bot that keeps every thread as a conversation.

    Mention it in a channel or write to it directly; its answer grows in the thread while the model writes it.
    """
