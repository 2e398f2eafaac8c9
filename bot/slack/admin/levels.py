"""Home's section for admins: what is set, level by level, and the ways to change it.

Separate because it is about many levels, where forms and histories are about one. What was changed last comes
first, and no more than fits; the rest is found, see `finding`.
"""

from collections.abc import Sequence

from bot.core.domain import DIRECT, PromptKey, ThreadKey, Version
from bot.core.steering import direct, place
from bot.editing import Editing
from bot.slack.admin import kit, wording
from bot.slack.admin.editor import EDIT_CHANNEL, HISTORY, edit_button
from bot.slack.admin.home import Reader
from bot.slack.admin.kit import Block

FIND = "steer_find"
"""`action_id` of the button that opens the search, and `callback_id` of that."""
ENTRIES = 8
"""Levels in Home, beside the workspace and direct messages."""


class Levels:
    """The section for admins."""

    def __init__(self, editing: Editing, workspace: PromptKey) -> None:
        self._versions = editing.versions
        self._workspace = workspace

    async def __call__(self, reader: Reader) -> list[Block]:
        """Return the section; nothing for who is no admin. Raises `StoreError`."""
        if not reader.is_admin:
            return []
        where = self._workspace
        everywhere = ThreadKey(
            platform=where.platform, workspace=where.workspace, channel=DIRECT, root=""
        )  # what applies there are the two levels that always stand here
        always = {version.key: version for version in await self._versions.applying(everywhere)}
        changed, count = await self._versions.changed(where, limit=ENTRIES + 2)
        return overview(where, always, changed, count)


def overview(
    workspace: PromptKey, always: dict[PromptKey, Version], changed: Sequence[Version], count: int
) -> list[Block]:
    """Return what admins see: the workspace, direct messages, and what else was changed last.

    `changed` may name the first two again; `count` is how many levels set anything, they among them.
    """
    first = {workspace: "The whole workspace", direct(workspace): "All direct messages"}
    further = [version for version in changed if version.key not in first]
    shown = [kit.header("Prompts and parameters"), *_ways()]
    for level, name in first.items():
        shown += entry(name, level, always.get(level))
    for version in further[:ENTRIES]:
        shown += entry(_name(version.key), version.key, version)
    if count > len(changed) or len(further) > ENTRIES:
        shown.append(
            kit.context(f"{count:,} levels set something; these were changed last. *Find…* has all.")
        )
    return shown


def entry(name: str, level: PromptKey, newest: Version | None) -> list[Block]:
    """Return what one level sets, and what can be done about it."""
    edit = edit_button("Edit", level)
    if newest is None:
        return [kit.section(f"*{name}*\nNothing is set.", edit)]
    history = kit.button("History", HISTORY, place(level))
    return [
        kit.section(f"*{name}*\n{wording.summary(newest.steering)}"),
        kit.context(wording.signature(newest)),
        kit.actions(edit, history),
    ]


def found(version: Version) -> list[Block]:
    """Return the entry of a level that was found."""
    return entry(_name(version.key), version.key, version)


def _ways() -> list[Block]:
    return [
        kit.context(
            "Only admins see this. A level inherits what it does not set: "
            "workspace, then direct messages or channel, then thread."
        ),
        kit.actions(kit.channel_select(EDIT_CHANNEL, "Edit a channel…"), kit.button("Find…", FIND)),
    ]


def _name(level: PromptKey) -> str:
    name = wording.place(level)
    return name[0].upper() + name[1:]
