"""`bot export` and `bot erase`: writes out or erases what is stored about a person, or of a thread.

One person or one thread at a time, named by Slack's ids.
"""

import re
import sys

import click

from bot.commands.database_session import CommandRefused, parse_scope_words, with_database
from bot.core.history import personal_data as core
from bot.core.history.personal_data import PersonKey
from bot.core.turns import ThreadKey
from bot.policy import personal_data
from bot.slack import messages
from bot.store.database import Database
from bot.store.personal.personal_data import SqlPersonalData

USER_OPTION = click.option("--user", default="", metavar="U…", help="A person, by Slack's id.")
WORKSPACE_OPTION = click.option(
    "--workspace", default="", metavar="T…", help="Only what that person said in this workspace."
)
THREAD_OPTION = click.option(
    "--thread", default="", metavar="T…/C…/TS", help="A thread: workspace, channel, first message."
)


@click.command()
@USER_OPTION
@WORKSPACE_OPTION
@THREAD_OPTION
def export(user: str, workspace: str, thread: str) -> None:
    """Write out what is stored about a person, or of a thread.

    As JSON lines: one for each message with its answers; for a person also their votes, the prompts that
    they saved, and what their calls cost.
    """
    subject = _parse_subject(user, workspace, thread)

    async def write(database: Database) -> None:
        async for record in personal_data.export_records(SqlPersonalData(database), subject):
            sys.stdout.write(core.to_json_lines([record]))

    with_database(write)


@click.command()
@USER_OPTION
@WORKSPACE_OPTION
@THREAD_OPTION
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(user: str, workspace: str, thread: str, *, yes: bool) -> None:
    """Erase what is stored about a person, or of a thread.

    Messages, answers, names and the notes of votes are erased for good; they do not come back when Slack delivers
    a message again. Costs stay counted, for past months without the name. Messages in Slack stay there.
    """
    subject = _parse_subject(user, workspace, thread)
    if not yes:
        click.confirm(f"Erase everything that is stored of {user or thread}?", abort=True, err=True)

    async def erase_all(database: Database) -> int:
        return await personal_data.erase(SqlPersonalData(database), subject)

    count = with_database(erase_all)
    click.echo(f"Erased: {count} message{'' if count == 1 else 's'}, with their answers.")


def _parse_subject(user: str, workspace: str, thread: str) -> PersonKey | ThreadKey:
    if bool(user) is bool(thread):
        raise CommandRefused("Name either a person with --user or a thread with --thread.")
    if thread:
        if workspace:
            raise CommandRefused("A thread names its workspace itself; leave --workspace out.")
        scope = parse_scope_words("thread", thread)
        return ThreadKey(platform=scope.platform, workspace=scope.workspace, channel=scope.channel, root=scope.root)
    if not re.fullmatch("[UW][A-Z0-9]+", user):
        raise CommandRefused(f"`{user}` is not a Slack user id such as U012AB3CD.")
    return PersonKey(user=user, platform=messages.PLATFORM, workspace=workspace)
