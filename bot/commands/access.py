"""`bot access`: shows and changes who may ask where, and who may edit prompts, as admins do in Home.

Each subcommand that changes something builds a `GrantsChange`, a function from the old grants to the new ones;
`_save` applies it, shows the difference, and saves a version. Only what is named changes. An error is one sentence
and exit code 2.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import click

from bot.commands import database_session as session
from bot.commands.database_session import CommandRefused, parse_scope_words
from bot.core.access import rule_words
from bot.core.access.grants import NO_GRANTS, Grants, GrantsVersion, describe_grants, diff
from bot.core.access.permission_check import DEFAULT_ADMISSIONS
from bot.core.access.rule_words import CHANNEL_ID_PATTERN, PERSON_ID_PATTERN
from bot.core.chat.scoped_config import name_scope
from bot.core.config import Scope
from bot.core.errors import VersionConflict
from bot.policy.saved_grants import SavedGrants
from bot.settings import Settings
from bot.store.config.grants import SqlGrants
from bot.store.database import Database

GrantsChange = Callable[[Grants], Grants]

EPILOG = """\b
WHERE is a workspace's id, T1; for editors and their history a channel's, T1/C1.
"""
ADMISSION_WORDS = "direct-messages, shared-channels, guests, channel-guests, external"


@click.group(epilog=EPILOG)
def access() -> None:
    """Show and change who may ask where, and who may edit prompts."""


@access.command()
@click.argument("where")
def show(where: str) -> None:
    """Show who may do what, and who set it."""
    scope = _parse_where(where)
    deployment = describe_grants(Grants(rules=Settings.load().access_rules))
    versions = _with_saved_grants(scope, lambda of: of.record.list_current(replace(scope, channel="")))
    click.echo("\n".join(["the deployment's settings:", *_indent(deployment)]))
    for version in versions:
        if not scope.channel or version.scope == scope:
            click.echo(f"\n{name_scope(version.scope)}: {_describe_version(version)}")
            click.echo("\n".join(_indent(describe_grants(version.grants))))


def _change_command(name: str, words: str, text: str) -> Callable[[Callable[..., GrantsChange]], click.Command]:
    """Make a command from a function that returns a change; all of them have the same options."""

    def made(change: Callable[..., GrantsChange]) -> click.Command:
        @click.argument("where")
        @click.argument("words", nargs=-1, required=True, metavar=words)
        @click.option("--remove", is_flag=True, help="Remove them instead.")
        @click.option("--note", default="", help="Why; kept with the version.")
        @click.option("--dry-run", is_flag=True, help="Show the difference, and save nothing.")
        def command(where: str, words: Sequence[str], *, note: str, dry_run: bool, remove: bool) -> None:
            try:
                changed = change(frozenset(words), remove=remove)
            except ValueError as error:
                raise CommandRefused(f"{error}.") from None
            _save(_parse_where(where, is_channel=name == "editor"), changed, note=note, dry_run=dry_run)

        return access.command(name=name, help=text)(command)

    return made


@_change_command("allow", "ID...", "Answer only these people (U…) or channels (C…).")
def allow(ids: frozenset[str], *, remove: bool) -> GrantsChange:
    """Return a change of the people and channels that may ask."""
    people, channels = rule_words.split_ids(ids)
    return _change_lists(remove, people=people, channels=channels)


@_change_command("deny", "ID...", "Never answer these people (U…) or channels (C…).")
def denial(ids: frozenset[str], *, remove: bool) -> GrantsChange:
    """Return a change of the people and channels that may never ask."""
    people, channels = rule_words.split_ids(ids)
    return _change_lists(remove, denied_people=people, denied_channels=channels)


@_change_command(
    "admit",
    "WORD|ID...",
    f"Admit kinds of people and places, or guests by their ids.\n\nThe kinds are {ADMISSION_WORDS}.",
)
def admit(words: frozenset[str], *, remove: bool) -> GrantsChange:
    """Return a change of who is admitted by kind."""
    if rule_words.ADMIT_NONE_WORD in words:
        raise ValueError(f"`{rule_words.ADMIT_NONE_WORD}` is only for BOT_ADMIT; remove words with --remove")
    parsed = rule_words.parse_rules("", "", ",".join(words))
    change_invited, admitted = _change_lists(remove, invited=parsed.invited), parsed.admits

    def change(grants: Grants) -> Grants:
        grants = change_invited(grants)
        if admitted is None:
            return grants
        before = DEFAULT_ADMISSIONS if grants.rules.admits is None else grants.rules.admits
        after = before - admitted if remove else before | admitted
        return replace(grants, rules=replace(grants.rules, admits=after))

    return change


@_change_command("admin", "ID...", "Name admins of the bot besides Slack's own.")
def admin(ids: frozenset[str], *, remove: bool) -> GrantsChange:
    """Return a change of the named admins."""
    return _change_stewards(_check_people(ids), remove=remove)


@_change_command("editor", "ID...", "Name people who may edit one channel's prompt.")
def editor(ids: frozenset[str], *, remove: bool) -> GrantsChange:
    """Return a change of a channel's editors."""
    return _change_stewards(_check_people(ids), remove=remove)


@access.command()
@click.argument("where")
@session.limit_option("How many versions at most.")
def history(where: str, limit: int) -> None:
    """List the versions, newest first, each with what it changed."""
    scope = _parse_where(where)
    versions = _with_saved_grants(scope, lambda of: of.record.list_history(scope, limit=limit + 1))
    before = [version.grants for version in versions[1:]] + [NO_GRANTS]
    for version, old in zip(versions[:limit], before, strict=False):
        click.echo(_describe_version(version))
        click.echo("\n".join(_indent(diff(old, version.grants).splitlines())))


def _parse_where(where: str, *, is_channel: bool | None = None) -> Scope:
    """Return the workspace or channel that a word names, such as `T1` or `T1/C1`."""
    scope = parse_scope_words("channel" if "/" in where else "workspace", where)
    if scope.channel and not CHANNEL_ID_PATTERN.fullmatch(scope.channel):
        raise CommandRefused(f"`{scope.channel}` is not the id of a Slack channel (C…).")
    if is_channel is not None and is_channel != bool(scope.channel):
        wanted = "a channel, such as `T1/C1`" if is_channel else "a workspace, such as `T1`"
        raise CommandRefused(f"`{where}` must be {wanted}.")
    return scope


def _check_people(ids: Iterable[str]) -> frozenset[str]:
    known = frozenset(ids)
    if wrong := {each for each in known if not PERSON_ID_PATTERN.fullmatch(each)}:
        raise ValueError(f"`{min(wrong)}` is not the id of a Slack user (U…)")
    return known


def _change_stewards(people: frozenset[str], *, remove: bool) -> GrantsChange:
    return lambda grants: replace(grants, stewards=_add_or_remove(grants.stewards, people, remove=remove))


def _change_lists(remove: bool, **lists: frozenset[str]) -> GrantsChange:  # noqa: FBT001 - the keywords are field names of `AccessRules`
    def change(grants: Grants) -> Grants:
        after: dict[str, Any] = {
            name: _add_or_remove(getattr(grants.rules, name), ids, remove=remove) for name, ids in lists.items()
        }
        return replace(grants, rules=replace(grants.rules, **after))

    return change


def _add_or_remove(before: frozenset[str], ids: frozenset[str], *, remove: bool) -> frozenset[str]:
    return before - ids if remove else before | ids


def _save(scope: Scope, change: GrantsChange, *, note: str, dry_run: bool) -> None:
    async def save(access: SavedGrants) -> tuple[str, GrantsVersion | None]:
        newest = await access.newest_version(scope)
        before = newest.grants if newest else NO_GRANTS
        after = change(before)
        if dry_run or before == after:
            return diff(before, after), None
        based_on = newest.number if newest else 0
        return diff(before, after), await access.save(
            scope, after, based_on=based_on, by=session.get_shell_author(), note=note
        )

    try:
        changes, version = _with_saved_grants(scope, save)
    except VersionConflict as error:
        raise CommandRefused(str(error)) from None
    click.echo(changes or "Nothing changes.")
    if version:
        click.echo(f"{name_scope(scope)}: version {version.number}")


def _with_saved_grants(scope: Scope, do: Callable[[SavedGrants], Any]) -> Any:
    """Call `do` with the saved grants of a workspace."""

    async def body(database: Database) -> Any:
        return await do(SavedGrants(SqlGrants(database), replace(scope, channel="")))

    return session.with_database(body)


def _describe_version(version: GrantsVersion) -> str:
    at, by = session.format_signature(version.created_at, version.author)
    why = f": {version.note}" if version.note else ""
    return f"version {version.number} by {by}, {at}{why}"


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines] or ["  (nothing)"]
