"""Home's section for admins: all that is set, level by level, and the way to change it.

Separate because it is about many levels, where forms and histories are about one.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.domain import DIRECT, PromptKey, Version
from bot.core.steering import NOTHING, place
from bot.editing import Editing
from bot.slack.admin import kit, wording
from bot.slack.admin.editor import EDIT_CHANNEL, HISTORY, edit_button
from bot.slack.admin.home import Reader
from bot.slack.admin.kit import Block

ENTRIES = 25
"""Levels in one view, at three blocks each; Slack shows a hundred blocks."""


class Levels:
    """The section for admins."""

    def __init__(self, editing: Editing, workspace: PromptKey) -> None:
        self._editing = editing
        self._workspace = workspace

    async def __call__(self, reader: Reader) -> list[Block]:
        """Return the section; nothing for who is no admin. Raises `StoreError`."""
        if not reader.is_admin:
            return []
        versions = await self._editing.versions.overview(self._workspace)
        return overview(self._workspace, direct(self._workspace), versions)


def overview(workspace: PromptKey, direct: PromptKey, versions: Sequence[Version]) -> list[Block]:
    """Return what admins see: the workspace, direct messages, and whatever else has something set."""
    newest = {version.key: version for version in versions}
    further = [
        version
        for key, version in newest.items()
        if key not in {workspace, direct} and version.steering != NOTHING
    ]
    select = kit.channel_select(EDIT_CHANNEL, "Edit a channel…")
    shown = [
        kit.header("Prompts and parameters"),
        kit.section(
            "Only admins see this. A level inherits what it does not set: "
            "workspace, then direct messages or channel, then thread.",
            select,
        ),
        *_entry("The whole workspace", workspace, newest.get(workspace)),
        *_entry("All direct messages", direct, newest.get(direct)),
    ]
    for version in further[:ENTRIES]:
        shown += _entry(_name(version.key), version.key, version)
    if len(further) > ENTRIES:
        shown.append(kit.context(f"And {len(further) - ENTRIES} more; choose a channel above to see it."))
    return shown


def _entry(name: str, level: PromptKey, newest: Version | None) -> list[Block]:
    buttons = [edit_button("Edit", level)]
    text = f"*{name}*\nNothing is set."
    if newest:
        text = f"*{name}*\n{wording.summary(newest.steering)}"
        buttons.append(kit.button("History", HISTORY, place(level)))
    said = [kit.section(text)]
    if newest:
        said.append(kit.context(wording.signature(newest)))
    return [*said, kit.actions(*buttons)]


def _name(level: PromptKey) -> str:
    name = wording.place(level)
    return name[0].upper() + name[1:]


def direct(workspace: PromptKey) -> PromptKey:
    """Return the level of all direct messages of a workspace."""
    return replace(workspace, channel=DIRECT)
