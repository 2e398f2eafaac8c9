"""`bot prompt`: show and change what the bot is told, level by level, and keep it in files.

Separate from `bot.cli` because it is a tool of its own. Rules: a level is two words, such as
`channel T1/C1`; what changes is shown as a difference; an error is one sentence and exit code 2.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from bot.commands.change import Change
from bot.commands.prompt_files import PromptFile, file_name, read_folder, to_markdown
from bot.commands.shell import Refused, author, edit, named, with_database
from bot.core import steering as core
from bot.core.domain import PromptKey, Steering, Version
from bot.core.feedback import Score
from bot.core.parameters import show as shown
from bot.editing import Editing, Level, SteeringRefused
from bot.slack import parse
from bot.store.database import Database
from bot.store.feedback import SqlVotes
from bot.store.versions import SqlVersions

KINDS = ("workspace", "direct", "channel", "thread")
FOLDER = click.Path(file_okay=False, path_type=Path)

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
    versions = edit(lambda editing: editing.versions.overview(PromptKey()))
    for version in versions:
        if version.steering != core.NOTHING:
            click.echo(f"{core.place(version.key)}: {_described(version)}")


@prompt.command()
@click.argument("kind", type=click.Choice((*KINDS, "deployment")))
@click.argument("where", default="")
def show(kind: str, where: str) -> None:
    """Show what is set at a level, and what applies there.

    `bot prompt show deployment` shows what the settings say.
    """
    key = named(kind, where)
    level = edit(lambda editing: editing.level(key))
    click.echo("\n".join(_sheet(level)))


@prompt.command(name="set")
@click.argument("kind", type=click.Choice(KINDS))
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
    key, change = named(kind, where), _change(**words)

    async def save(editing: Editing) -> None:
        level = await editing.level(key)
        try:
            steering = change.applied(level.steering)
        except ValueError as error:
            raise Refused(str(error)) from None
        await _save(editing, level, steering, note=note, dry_run=dry_run)

    edit(save)


@prompt.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("where")
@click.option(
    "-n", "limit", type=click.IntRange(1), default=20, show_default=True, help="How many versions at most."
)
def history(kind: str, where: str, limit: int) -> None:
    """List the versions of a level, newest first, each with what people thought of its answers."""
    key = named(kind, where)

    async def read(database: Database) -> tuple[Sequence[Version], Mapping[int, Score]]:
        versions = await SqlVersions(database).history(key, limit=limit)
        return versions, await SqlVotes(database).scores([version.id for version in versions])

    versions, scores = with_database(read)
    for version in versions:
        score = scores.get(version.id)
        judged = f", {score.good} found its answers good, {score.bad} bad" if score else ""
        click.echo(f"{_described(version)}{judged}")


@prompt.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("where")
@click.argument("old", type=int, required=False)
@click.argument("new", type=int, required=False)
def diff(kind: str, where: str, old: int | None, new: int | None) -> None:
    """Show the difference between two versions.

    Without numbers, those are the newest one and the one before it.
    """
    key = named(kind, where)

    async def compare(editing: Editing) -> str:
        level = await editing.level(key)
        after = level.number if new is None else new
        before = max(after - 1, 0) if old is None else old
        return core.diff(await _content(editing, level, before), await _content(editing, level, after))

    click.echo(edit(compare) or "There is no difference.")


@prompt.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("where")
@click.argument("number", type=int)
@click.option("--note", default="", help="Why; kept with the version.")
def rollback(kind: str, where: str, number: int, note: str) -> None:
    """Set a level to what it was before.

    That is a new version with the content of version NUMBER; 0 is nothing at all.
    """
    key = named(kind, where)

    async def save(editing: Editing) -> None:
        level = await editing.level(key)
        before = await _content(editing, level, number)
        await _save(editing, level, before, note=note or f"As in version {number}.", dry_run=False)

    edit(save)


@prompt.command()
@click.argument("folder", type=FOLDER)
def export(folder: Path) -> None:
    """Write every level to a Markdown file.

    A file of the folder that sets a level already keeps its name.
    """
    present = _read(folder)
    for version in edit(lambda editing: editing.versions.overview(PromptKey())):
        known = present.get(version.key)
        if known or version.steering != core.NOTHING:
            path = known.path if known else folder / file_name(version.key)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(to_markdown(version.key, version.steering).encode())
            except OSError as error:
                raise _unusable(error) from None
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
    files = _read(folder)
    if not files:
        click.echo(f"There is no Markdown file in {folder}.", err=True)

    async def save(editing: Editing) -> None:
        await _check_locks(editing, files)
        for key, file in files.items():
            level = await editing.level(key)
            await _save(editing, level, file.steering, note=note, dry_run=dry_run)

    edit(save)


async def _save(editing: Editing, level: Level, steering: Steering, *, note: str, dry_run: bool) -> None:
    """Show what changes at a level, and save it, if anything does."""
    if problems := core.problems(steering, level.locked):
        raise SteeringRefused(problems)
    difference = core.diff(level.steering, steering)
    place = core.place(level.key)
    if not difference:
        click.echo(f"{place}: nothing changes.")
        return
    click.echo(f"{place}:\n{difference}")
    if not dry_run:
        version = await editing.save(level.key, steering, based_on=level.number, by=author(), note=note)
        click.echo(f"Saved as version {version.number} of {place}.")


async def _content(editing: Editing, level: Level, number: int) -> Steering:
    """Return what a version set; 0 is the time before the first one."""
    if number == 0:
        return core.NOTHING
    versions = await editing.versions.history(level.key, limit=max(level.number - number + 1, 0))
    for version in versions:
        if version.number == number:
            return version.steering
    raise Refused(f"There is no version {number} of {core.place(level.key)}.")


async def _check_locks(editing: Editing, files: Mapping[PromptKey, PromptFile]) -> None:
    """Refuse files of which one sets what is locked above it once all are applied."""
    wanted = {key: file.steering for key, file in files.items()}
    for key, file in files.items():
        level = await editing.level(key)
        locks = core.locked({**level.settings, **wanted}, key, is_direct=level.is_direct)
        for problem in core.problems(file.steering, locks).values():
            raise Refused(f"{file.path}: {problem}")


def _read(folder: Path) -> Mapping[PromptKey, PromptFile]:
    """Return a folder's files, those of higher levels first: a lock is taken away before it would refuse."""
    try:
        files = read_folder(folder, parse.PLATFORM)
    except ValueError as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise _unusable(error) from None
    return dict(sorted(files.items(), key=lambda item: len(core.levels(item[0], is_direct=True))))


def _unusable(error: OSError) -> Refused:
    """Return what the disk says of a file."""
    return Refused(f"{error.filename}: {error.strerror}.")


def _change(*, file: TextIO | None, model: str | None, values: Iterable[str], **words: Any) -> Change:
    if file and words["text"] is not None:
        raise Refused("The prompt is given twice, as an argument and as a file.")
    if file:
        words["text"] = _content_of(file).removesuffix("\n")
    return Change(values=[*values, *([] if model is None else [f"model={model}"])], **words)


def _content_of(file: TextIO) -> str:
    try:
        return file.read()
    except UnicodeDecodeError:
        raise Refused(f"{file.name} is no text in UTF-8.") from None


def _described(version: Version) -> str:
    """Return a version in one line: number, time, author, what it sets, and why."""
    at = datetime.fromtimestamp(version.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    who = version.author.name or version.author.id or "unknown"
    what = ", ".join(sorted(core.fields(version.steering))) or "nothing"
    why = f' "{version.note}"' if version.note else ""
    return f"version {version.number}, {at}, {who}, sets {what}{why}"


def _sheet(level: Level) -> Iterator[str]:
    """Yield what is set at a level, and what applies there, line by line."""
    yield f"{core.place(level.key)}: {_described(level.newest) if level.newest else 'no version'}"
    yield from (f"  {line}" for line in core.described(level.steering))
    yield "What applies here:"
    effective = level.effective()
    for name, value in sorted(effective.parameters.items()):
        text = ", ".join(shown(name, value).splitlines())
        yield f"  {name}: {text} (from {core.place(effective.origins[name])})"
    for name, by in sorted(level.locked.items()):
        yield f"  {name} is locked by {core.place(by)}"
    for key, text in effective.prompts:
        yield f"  prompt (from {core.place(key)}):"
        yield from (f"    {line}" for line in text.split("\n"))
