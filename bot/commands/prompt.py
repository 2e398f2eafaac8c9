"""`bot prompt`: show and change what the bot is told, level by level, and keep it in files.

Separate from `bot.cli` because it is a tool of its own. Rules: a level is two words, such as
`channel T1/C1`; what changes is shown as a difference; an error is one sentence and exit code 2.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from bot.commands.database_session import (
    CommandRefused,
    parse_scope_words,
    shell_author,
    with_config_editor,
    with_database,
)
from bot.commands.prompt_changes import PromptChange
from bot.commands.prompt_files import PromptFile, file_name, read_folder, to_markdown
from bot.core.chat import scoped_config as core
from bot.core.chat.parameters import render as shown
from bot.core.config import ConfigVersion, Scope, ScopeConfig
from bot.core.errors import ConfigRefused
from bot.core.history.feedback import VoteCounts
from bot.policy.config_editor import ConfigEditor, EditableScope
from bot.slack import messages
from bot.store.config.versions import SqlConfigVersions
from bot.store.conversations.feedback import SqlVotes
from bot.store.database import Database

SCOPE_KINDS = ("workspace", "direct", "channel", "thread")
FOLDER_TYPE = click.Path(file_okay=False, path_type=Path)

EPILOG = """\b
A level is two words, with Slack's ids:
  workspace T1             everything in a workspace
  direct T1                its direct messages
  channel T1/C1            one channel
  thread T1/C1/1700000000.000100
"""


@click.group(epilog=EPILOG)
def prompt() -> None:
    """Show and change prompts, models and parameters, level by level."""


@prompt.command(name="list")
def list_() -> None:
    """List the levels that set something."""
    versions = with_config_editor(lambda editing: editing.versions.list_newest(Scope()))
    for version in versions:
        if version.config != core.EMPTY_CONFIG:
            click.echo(f"{core.name_scope(version.scope)}: {_describe_version(version)}")


@prompt.command()
@click.argument("kind", type=click.Choice((*SCOPE_KINDS, "deployment")))
@click.argument("where", default="")
def show(kind: str, where: str) -> None:
    """Show what is set at a level, and what applies there.

    `bot prompt show deployment` shows what the settings say.
    """
    key = parse_scope_words(kind, where)
    level = with_config_editor(lambda editing: editing.load_scope(key))
    click.echo("\n".join(_describe_scope(level)))


@prompt.command(name="set")
@click.argument("kind", type=click.Choice(SCOPE_KINDS))
@click.argument("where")
@click.argument("text", required=False)
@click.option("--file", type=click.File(encoding="utf-8"), help="Read the prompt from a file; - is stdin.")
@click.option("--append/--replace", "appends", default=None, help="Follow the prompt above, or replace it.")
@click.option("--model", help="The model, as its server names it.")
@click.option("--param", "values", multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@click.option("--unset", multiple=True, metavar="NAME", help="Inherit the prompt or a parameter again.")
@click.option("--lock", multiple=True, metavar="NAME", help="Let no level below set it.")
@click.option("--unlock", multiple=True, metavar="NAME", help="Take a lock away.")
@click.option("--note", default="", help="Why; kept with the version.")
@click.option("--dry-run", is_flag=True, help="Show the difference, and save nothing.")
def set_(kind: str, where: str, *, note: str, dry_run: bool, **words: Any) -> None:
    """Set the prompt and parameters of a level.

    What is not named stays as it is. Placeholders are {date}, {channel}, {workspace} and {user}; other
    braces are written twice.
    """
    key, change = parse_scope_words(kind, where), _build_change(**words)

    async def save(editing: ConfigEditor) -> None:
        level = await editing.load_scope(key)
        try:
            steering = change.apply(level.config)
        except ValueError as error:
            raise CommandRefused(str(error)) from None
        await _save(editing, level, steering, note=note, dry_run=dry_run)

    with_config_editor(save)


@prompt.command()
@click.argument("kind", type=click.Choice(SCOPE_KINDS))
@click.argument("where")
@click.option("-n", "limit", type=click.IntRange(1), default=20, show_default=True, help="How many versions at most.")
def history(kind: str, where: str, limit: int) -> None:
    """List the versions of a level, newest first, each with what people thought of its answers."""
    key = parse_scope_words(kind, where)

    async def read(database: Database) -> tuple[Sequence[ConfigVersion], Mapping[int, VoteCounts]]:
        versions = await SqlConfigVersions(database).list_history(key, limit=limit)
        return versions, await SqlVotes(database).count_votes_by_version([version.id for version in versions])

    versions, scores = with_database(read)
    for version in versions:
        score = scores.get(version.id)
        judged = f", {score.good} found its answers good, {score.bad} bad" if score else ""
        click.echo(f"{_describe_version(version)}{judged}")


@prompt.command()
@click.argument("kind", type=click.Choice(SCOPE_KINDS))
@click.argument("where")
@click.argument("old", type=int, required=False)
@click.argument("new", type=int, required=False)
def diff(kind: str, where: str, old: int | None, new: int | None) -> None:
    """Show the difference between two versions.

    Without numbers, those are the newest one and the one before it.
    """
    key = parse_scope_words(kind, where)

    async def compare(editing: ConfigEditor) -> str:
        level = await editing.load_scope(key)
        after = level.version_number if new is None else new
        before = max(after - 1, 0) if old is None else old
        return core.diff(
            await _config_of_version(editing, level, before), await _config_of_version(editing, level, after)
        )

    click.echo(with_config_editor(compare) or "There is no difference.")


@prompt.command()
@click.argument("kind", type=click.Choice(SCOPE_KINDS))
@click.argument("where")
@click.argument("number", type=int)
@click.option("--note", default="", help="Why; kept with the version.")
def rollback(kind: str, where: str, number: int, note: str) -> None:
    """Set a level to what it was before.

    That is a new version with the content of version NUMBER; 0 is nothing at all.
    """
    key = parse_scope_words(kind, where)

    async def save(editing: ConfigEditor) -> None:
        level = await editing.load_scope(key)
        before = await _config_of_version(editing, level, number)
        await _save(editing, level, before, note=note or f"As in version {number}.", dry_run=False)

    with_config_editor(save)


@prompt.command()
@click.argument("folder", type=FOLDER_TYPE)
def export(folder: Path) -> None:
    """Write every level to a Markdown file.

    A file of the folder that sets a level already keeps its name.
    """
    present = _read_files(folder)
    for version in with_config_editor(lambda editing: editing.versions.list_newest(Scope())):
        known = present.get(version.scope)
        if known or version.config != core.EMPTY_CONFIG:
            path = known.path if known else folder / file_name(version.scope)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(to_markdown(version.scope, version.config).encode())
            except OSError as error:
                raise _file_error(error) from None
            click.echo(path)


@prompt.command(name="import")
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option("--note", default="", help="Why; kept with each version.")
@click.option("--dry-run", is_flag=True, help="Show the differences, and save nothing.")
def import_(folder: Path, note: str, *, dry_run: bool) -> None:
    """Set every level that has a Markdown file.

    Levels without one stay as they are. All files are checked before anything is saved. Done twice, it
    changes nothing more.
    """
    files = _read_files(folder)
    if not files:
        click.echo(f"There is no Markdown file in {folder}.", err=True)

    async def save(editing: ConfigEditor) -> None:
        await _check_locks(editing, files)
        for key, file in files.items():
            level = await editing.load_scope(key)
            await _save(editing, level, file.steering, note=note, dry_run=dry_run)

    with_config_editor(save)


async def _save(
    editor: ConfigEditor, editable: EditableScope, config: ScopeConfig, *, note: str, dry_run: bool
) -> None:
    """Show what changes at a level, and save it, if anything does."""
    if problems := core.find_problems(config, editable.locked_fields):
        raise ConfigRefused(problems)
    difference = core.diff(editable.config, config)
    place = core.name_scope(editable.scope)
    if not difference:
        click.echo(f"{place}: nothing changes.")
        return
    click.echo(f"{place}:\n{difference}")
    if not dry_run:
        version = await editor.save(
            editable.scope, config, based_on=editable.version_number, by=shell_author(), note=note
        )
        click.echo(f"Saved as version {version.number} of {place}.")


async def _config_of_version(editor: ConfigEditor, editable: EditableScope, number: int) -> ScopeConfig:
    """Return what a version set; 0 is the time before the first one."""
    if number == 0:
        return core.EMPTY_CONFIG
    versions = await editor.versions.list_history(editable.scope, limit=max(editable.version_number - number + 1, 0))
    for version in versions:
        if version.number == number:
            return version.config
    raise CommandRefused(f"There is no version {number} of {core.name_scope(editable.scope)}.")


async def _check_locks(editor: ConfigEditor, files: Mapping[Scope, PromptFile]) -> None:
    """Refuse files of which one sets what is locked above it once all are applied."""
    wanted = {key: file.steering for key, file in files.items()}
    for key, file in files.items():
        level = await editor.load_scope(key)
        locks = core.find_locks({**level.configs, **wanted}, key, is_direct=level.is_direct)
        for problem in core.find_problems(file.steering, locks).values():
            raise CommandRefused(f"{file.path}: {problem}")


def _read_files(folder: Path) -> Mapping[Scope, PromptFile]:
    """Return a folder's files, those of higher levels first: a lock is taken away before it would refuse."""
    try:
        files = read_folder(folder, messages.PLATFORM)
    except ValueError as error:
        raise CommandRefused(str(error)) from None
    except OSError as error:
        raise _file_error(error) from None
    return dict(sorted(files.items(), key=lambda item: len(core.list_scopes(item[0], is_direct=True))))


def _file_error(error: OSError) -> CommandRefused:
    """Return what the disk says of a file."""
    return CommandRefused(f"{error.filename}: {error.strerror}.")


def _build_change(*, file: TextIO | None, model: str | None, values: Iterable[str], **words: Any) -> PromptChange:
    if file and words["text"] is not None:
        raise CommandRefused("The prompt is given twice, as an argument and as a file.")
    if file:
        words["text"] = _read_text(file).removesuffix("\n")
    return PromptChange(values=[*values, *([] if model is None else [f"model={model}"])], **words)


def _read_text(file: TextIO) -> str:
    try:
        return file.read()
    except UnicodeDecodeError:
        raise CommandRefused(f"{file.name} is no text in UTF-8.") from None


def _describe_version(version: ConfigVersion) -> str:
    """Return a version in one line: number, time, author, what it sets, and why."""
    at = datetime.fromtimestamp(version.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    who = version.author.name or version.author.id or "unknown"
    what = ", ".join(sorted(core.list_set_fields(version.config))) or "nothing"
    why = f' "{version.note}"' if version.note else ""
    return f"version {version.number}, {at}, {who}, sets {what}{why}"


def _describe_scope(editable: EditableScope) -> Iterator[str]:
    """Yield what is set at a level, and what applies there, line by line."""
    newest = _describe_version(editable.newest_version) if editable.newest_version else "no version"
    yield f"{core.name_scope(editable.scope)}: {newest}"
    yield from (f"  {line}" for line in core.describe_config(editable.config))
    yield "What applies here:"
    effective = editable.effective_config()
    for name, value in sorted(effective.parameters.items()):
        text = ", ".join(shown(name, value).splitlines())
        yield f"  {name}: {text} (from {core.name_scope(effective.origins[name])})"
    for name, by in sorted(editable.locked_fields.items()):
        yield f"  {name} is locked by {core.name_scope(by)}"
    for key, text in effective.prompts:
        yield f"  prompt (from {core.name_scope(key)}):"
        yield from (f"    {line}" for line in text.split("\n"))
