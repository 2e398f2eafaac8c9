"""`bot access`: show and change who may ask where, and who may steer, as admins do in Home.

Separate from `bot prompt` because it is no level. Rules: only what is named changes; what changes is shown as
a difference; an error is one sentence and exit code 2.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click

from bot import rules_setting
from bot.access import Access
from bot.commands.shell import Refused, author, named, with_database
from bot.core.access import BUILT_IN
from bot.core.domain import PromptKey
from bot.core.errors import Conflict
from bot.core.granting import NOTHING, Grants, GrantsVersion, described, diff
from bot.core.steering import place
from bot.rules_setting import CHANNEL, PERSON
from bot.settings import Settings
from bot.store.database import Database
from bot.store.grants import SqlGrants

Change = Callable[[Grants], Grants]

EPILOG = """\b
WHERE is a workspace's id, T1; for editors and their history a channel's, T1/C1.
"""
WORDS = "direct-messages, shared-channels, guests, channel-guests, external"


@click.group(epilog=EPILOG)
def access() -> None:
    """Show and change who may ask where, and who may steer."""


@access.command()
@click.argument("where")
def show(where: str) -> None:
    """Show who may do what, and who set it."""
    key = _key(where)
    deployment = described(Grants(rules=Settings.load().rules))
    click.echo("\n".join(["the deployment's settings:", *_indented(deployment)]))
    for version in _with(key, lambda of: of.record.current(replace(key, channel=""))):
        if not key.channel or version.key == key:
            click.echo(f"\n{place(version.key)}: {_signature(version)}")
            click.echo("\n".join(_indented(described(version.grants))))


def _changing(name: str, words: str, text: str) -> Callable[[Callable[..., Change]], click.Command]:
    """Make a command of what returns a change; it has the options that all of them have."""

    def made(change: Callable[..., Change]) -> click.Command:
        @click.argument("where")
        @click.argument("words", nargs=-1, required=True, metavar=words)
        @click.option("--remove", is_flag=True, help="Take them away instead.")
        @click.option("--note", default="", help="Why; kept with the version.")
        @click.option("--dry-run", is_flag=True, help="Show the difference, and save nothing.")
        def command(where: str, words: Sequence[str], *, note: str, dry_run: bool, remove: bool) -> None:
            try:
                changed = change(frozenset(words), remove=remove)
            except ValueError as error:
                raise Refused(f"{error}.") from None
            _save(_key(where, is_channel=name == "editor"), changed, note=note, dry_run=dry_run)

        return access.command(name=name, help=text)(command)

    return made


@_changing("allow", "ID...", "Answer only these people (U…) or channels (C…).")
def allow(ids: frozenset[str], *, remove: bool) -> Change:
    """Return what changes the lists of those that may ask."""
    people, channels = rules_setting.sorted_out(ids)
    return _listing(remove, people=people, channels=channels)


@_changing("deny", "ID...", "Never answer these people (U…) or channels (C…).")
def deny(ids: frozenset[str], *, remove: bool) -> Change:
    """Return what changes the lists of those that may not."""
    people, channels = rules_setting.sorted_out(ids)
    return _listing(remove, denied_people=people, denied_channels=channels)


@_changing(
    "admit", "WORD|ID...", f"Let in kinds of people and places, or guests by name.\n\nThe kinds are {WORDS}."
)
def admit(words: frozenset[str], *, remove: bool) -> Change:
    """Return what changes who is let in."""
    if rules_setting.NOTHING in words:
        raise ValueError(f"`{rules_setting.NOTHING}` is for BOT_ADMIT; take words away with --remove")
    asked = rules_setting.rules("", "", ",".join(words))
    listing, admitted = _listing(remove, invited=asked.invited), asked.admits

    def change(grants: Grants) -> Grants:
        grants = listing(grants)
        if admitted is None:
            return grants
        before = BUILT_IN if grants.rules.admits is None else grants.rules.admits
        after = before - admitted if remove else before | admitted
        return replace(grants, rules=replace(grants.rules, admits=after))

    return change


@_changing("admin", "ID...", "Name admins beside Slack's.")
def admin(ids: frozenset[str], *, remove: bool) -> Change:
    """Return what changes who may steer."""
    return _steward(_people(ids), remove=remove)


@_changing("editor", "ID...", "Name people who may edit one channel.")
def editor(ids: frozenset[str], *, remove: bool) -> Change:
    """Return what changes who may edit a channel."""
    return _steward(_people(ids), remove=remove)


@access.command()
@click.argument("where")
@click.option(
    "-n", "limit", type=click.IntRange(1), default=20, show_default=True, help="How many versions at most."
)
def history(where: str, limit: int) -> None:
    """List the versions, newest first, each with what it changed."""
    key = _key(where)
    versions = _with(key, lambda of: of.record.history(key, limit=limit + 1))
    before = [version.grants for version in versions[1:]] + [NOTHING]
    for version, old in zip(versions[:limit], before, strict=False):
        click.echo(_signature(version))
        click.echo("\n".join(_indented(diff(old, version.grants).splitlines())))


def _key(where: str, *, is_channel: bool | None = None) -> PromptKey:
    """Return the workspace, or the channel, of that name."""
    key = named("channel" if "/" in where else "workspace", where)
    if key.channel and not CHANNEL.fullmatch(key.channel):
        raise Refused(f"`{key.channel}` is no id of a Slack channel (C…).")
    if is_channel is not None and is_channel != bool(key.channel):
        wanted = "a channel, such as `T1/C1`" if is_channel else "a workspace, such as `T1`"
        raise Refused(f"`{where}` must be {wanted}.")
    return key


def _people(ids: Iterable[str]) -> frozenset[str]:
    known = frozenset(ids)
    if wrong := {each for each in known if not PERSON.fullmatch(each)}:
        raise ValueError(f"`{min(wrong)}` is no id of a Slack user (U…)")
    return known


def _steward(people: frozenset[str], *, remove: bool) -> Change:
    return lambda grants: replace(grants, stewards=_changed(grants.stewards, people, remove=remove))


def _listing(remove: bool, **lists: frozenset[str]) -> Change:  # noqa: FBT001 - the others are names of lists
    def change(grants: Grants) -> Grants:
        after: dict[str, Any] = {
            name: _changed(getattr(grants.rules, name), ids, remove=remove) for name, ids in lists.items()
        }
        return replace(grants, rules=replace(grants.rules, **after))

    return change


def _changed(before: frozenset[str], ids: frozenset[str], *, remove: bool) -> frozenset[str]:
    return before - ids if remove else before | ids


def _save(key: PromptKey, change: Change, *, note: str, dry_run: bool) -> None:
    async def save(access: Access) -> tuple[str, GrantsVersion | None]:
        newest = await access.newest(key)
        before = newest.grants if newest else NOTHING
        after = change(before)
        if dry_run or before == after:
            return diff(before, after), None
        based_on = newest.number if newest else 0
        return diff(before, after), await access.save(key, after, based_on=based_on, by=author(), note=note)

    try:
        changes, version = _with(key, save)
    except Conflict as error:
        raise Refused(str(error)) from None
    click.echo(changes or "Nothing changes.")
    if version:
        click.echo(f"{place(key)}: version {version.number}")


def _with(key: PromptKey, do: Callable[[Access], Any]) -> Any:
    """Do something with what is set in a workspace."""

    async def body(database: Database) -> Any:
        return await do(Access(SqlGrants(database), replace(key, channel="")))

    return with_database(body)


def _signature(version: GrantsVersion) -> str:
    at = datetime.fromtimestamp(version.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    by = version.author.name or version.author.id
    why = f": {version.note}" if version.note else ""
    return f"version {version.number} by {by}, {at}{why}"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines] or ["  (nothing)"]
