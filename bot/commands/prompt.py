"""`bot prompt`: shows and changes prompts, models and parameters, level by level, and keeps them in files.

A level is a scope, named by two words such as `channel T1/C1`. A change is shown as a difference before it is saved
as a version. An error is one sentence and exit code 2.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from bot.commands import database_session as session
from bot.commands.database_session import CommandRefused, parse_scope_words, with_config_editor
from bot.commands.prompt_changes import PromptChange
from bot.commands.prompt_files import PromptFile, file_name, read_folder, to_markdown
from bot.core.chat import scoped_config as core
from bot.core.chat.parameters import render
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


def _scope_arguments(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the two words that name a level."""
    return click.argument("kind", type=click.Choice(SCOPE_KINDS))(click.argument("where")(command))


@click.group(epilog=EPILOG)
def prompt() -> None:
    """Show and change prompts, models and parameters, level by level."""


@prompt.command(name="list")
def list_() -> None:
    """List the levels that set something."""
    versions = with_config_editor(lambda editor: editor.versions.list_newest(Scope()))
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
    scope = parse_scope_words(kind, where)
    editable = with_config_editor(lambda editor: editor.load_scope(scope))
    click.echo("\n".join(_describe_scope(editable)))


@prompt.command(name="set")
@_scope_arguments
@click.argument("text", required=False)
@click.option("--file", type=click.File(encoding="utf-8"), help="Read the prompt from a file; - is stdin.")
@click.option("--append/--replace", "appends", default=None, help="Add to the prompt above, or replace it.")
@click.option("--model", help="The model, as its server names it.")
@click.option("--param", "values", multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@click.option("--unset", multiple=True, metavar="NAME", help="Inherit the prompt or a parameter again.")
@click.option("--lock", multiple=True, metavar="NAME", help="Forbid the levels below to set it.")
@click.option("--unlock", multiple=True, metavar="NAME", help="Remove a lock.")
@click.option("--note", default="", help="Why; kept with the version.")
@click.option("--dry-run", is_flag=True, help="Show the difference, and save nothing.")
def set_(kind: str, where: str, *, note: str, dry_run: bool, **words: Any) -> None:
    """Set the prompt and parameters of a level.

    What is not named stays as it is. Placeholders are {date}, {channel}, {workspace} and {user}; other
    braces are written twice.
    """
    scope, change = parse_scope_words(kind, where), _build_change(**words)

    async def save(editor: ConfigEditor) -> None:
        editable = await editor.load_scope(scope)
        try:
            config = change.apply(editable.config)
        except ValueError as error:
            raise CommandRefused(str(error)) from None
        await _save(editor, editable, config, note=note, dry_run=dry_run)

    with_config_editor(save)


@prompt.command()
@_scope_arguments
@session.limit_option("How many versions at most.")
def history(kind: str, where: str, limit: int) -> None:
    """List the versions of a level, newest first, each with the votes on its answers."""
    scope = parse_scope_words(kind, where)

    async def read(database: Database) -> tuple[Sequence[ConfigVersion], Mapping[int, VoteCounts]]:
        versions = await SqlConfigVersions(database).list_history(scope, limit=limit)
        return versions, await SqlVotes(database).count_votes_by_version([version.id for version in versions])

    versions, scores = session.with_database(read)
    for version in versions:
        score = scores.get(version.id)
        votes = f", {score.good} found its answers good, {score.bad} bad" if score else ""
        click.echo(f"{_describe_version(version)}{votes}")


@prompt.command()
@_scope_arguments
@click.argument("old", type=int, required=False)
@click.argument("new", type=int, required=False)
def diff(kind: str, where: str, old: int | None, new: int | None) -> None:
    """Show the difference between two versions.

    Without numbers, these are the newest one and the one before it.
    """
    scope = parse_scope_words(kind, where)

    async def compare(editor: ConfigEditor) -> str:
        editable = await editor.load_scope(scope)
        after = editable.version_number if new is None else new
        before = max(after - 1, 0) if old is None else old
        return core.diff(
            await _config_of_version(editor, editable, before), await _config_of_version(editor, editable, after)
        )

    click.echo(with_config_editor(compare) or "There is no difference.")


@prompt.command()
@_scope_arguments
@click.argument("number", type=int)
@click.option("--note", default="", help="Why; kept with the version.")
def rollback(kind: str, where: str, number: int, note: str) -> None:
    """Set a level to what it was before.

    This saves a new version with the content of version NUMBER; 0 is empty.
    """
    scope = parse_scope_words(kind, where)

    async def save(editor: ConfigEditor) -> None:
        editable = await editor.load_scope(scope)
        before = await _config_of_version(editor, editable, number)
        await _save(editor, editable, before, note=note or f"As in version {number}.", dry_run=False)

    with_config_editor(save)


@prompt.command()
@click.argument("folder", type=FOLDER_TYPE)
def export(folder: Path) -> None:
    """Write every level to a Markdown file.

    A level that already has a file in the folder keeps it.
    """
    present = _read_files(folder)
    for version in with_config_editor(lambda editor: editor.versions.list_newest(Scope())):
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

    Levels without one stay as they are. All files are checked before anything is saved. A second import of
    the same files changes nothing.
    """
    files = _read_files(folder)
    if not files:
        click.echo(f"There is no Markdown file in {folder}.", err=True)

    async def save(editor: ConfigEditor) -> None:
        await _check_locks(editor, files)
        for scope, file in files.items():
            editable = await editor.load_scope(scope)
            await _save(editor, editable, file.config, note=note, dry_run=dry_run)

    with_config_editor(save)


async def _save(
    editor: ConfigEditor, editable: EditableScope, config: ScopeConfig, *, note: str, dry_run: bool
) -> None:
    """Show what changes at a level, and save it if anything does."""
    if problems := core.find_problems(config, editable.locked_fields):
        raise ConfigRefused(problems)
    difference = core.diff(editable.config, config)
    name = core.name_scope(editable.scope)
    if not difference:
        click.echo(f"{name}: nothing changes.")
        return
    click.echo(f"{name}:\n{difference}")
    if not dry_run:
        version = await editor.save(
            editable.scope, config, based_on=editable.version_number, by=session.get_shell_author(), note=note
        )
        click.echo(f"Saved as version {version.number} of {name}.")


async def _config_of_version(editor: ConfigEditor, editable: EditableScope, number: int) -> ScopeConfig:
    """Return the config of a version; 0 is the empty one before the first."""
    if number == 0:
        return core.EMPTY_CONFIG
    versions = await editor.versions.list_history(editable.scope, limit=max(editable.version_number - number + 1, 0))
    for version in versions:
        if version.number == number:
            return version.config
    raise CommandRefused(f"There is no version {number} of {core.name_scope(editable.scope)}.")


async def _check_locks(editor: ConfigEditor, files: Mapping[Scope, PromptFile]) -> None:
    """Raise if one of the files sets a field that is locked above it once all files are applied."""
    wanted = {scope: file.config for scope, file in files.items()}
    for scope, file in files.items():
        editable = await editor.load_scope(scope)
        locks = core.find_locks({**editable.configs, **wanted}, scope, is_direct=editable.is_direct)
        for problem in core.find_problems(file.config, locks).values():
            raise CommandRefused(f"{file.path}: {problem}")


def _read_files(folder: Path) -> Mapping[Scope, PromptFile]:
    """Return a folder's files, those of higher levels first, so that locks are removed before they would refuse."""
    try:
        files = read_folder(folder, messages.PLATFORM)
    except ValueError as error:
        raise CommandRefused(str(error)) from None
    except OSError as error:
        raise _file_error(error) from None
    return dict(sorted(files.items(), key=lambda item: len(core.list_scopes(item[0], is_direct=True))))


def _file_error(error: OSError) -> CommandRefused:
    """Return the error of a file that cannot be read or written."""
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
        raise CommandRefused(f"{file.name} is not text in UTF-8.") from None


def _describe_version(version: ConfigVersion) -> str:
    """Return a version in one line: number, time, author, what it sets, and why."""
    at, who = session.format_signature(version.created_at, version.author)
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
        text = ", ".join(render(name, value).splitlines())
        yield f"  {name}: {text} (from {core.name_scope(effective.origins[name])})"
    for name, by in sorted(editable.locked_fields.items()):
        yield f"  {name} is locked by {core.name_scope(by)}"
    for scope, text in effective.prompts:
        yield f"  prompt (from {core.name_scope(scope)}):"
        yield from (f"    {line}" for line in text.split("\n"))
