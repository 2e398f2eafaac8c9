"""Home's section of prompts and parameters, for admins.

It lists the workspace, direct messages, and the scopes that were changed last, each with its Edit and
History buttons. `search` finds the others.
"""

from collections.abc import Sequence

from bot.core.chat.scoped_config import direct_messages_scope, name_scope
from bot.core.config import DIRECT_MESSAGES, ConfigVersion, Scope
from bot.core.turns import ThreadKey
from bot.policy.config_editor import ConfigEditor
from bot.slack.admin.prompts.editor_views import EDIT_CHANNEL_ACTION, HISTORY_ACTION, edit_button
from bot.slack.home import HomeReader
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block

FIND_ACTION = "steer_find"
"""`action_id` of the button that opens the search, and `callback_id` of the search."""
MAX_SCOPES_SHOWN = 8
"""Scopes in Home besides the workspace and direct messages."""


class ScopeListSection:
    """Home's section of prompts and parameters, for admins."""

    def __init__(self, config_editor: ConfigEditor, workspace: Scope) -> None:
        self._versions = config_editor.versions
        self._workspace = workspace

    async def __call__(self, reader: HomeReader) -> list[Block]:
        """Return the section; no blocks unless the reader is an admin. Raises `StoreError`."""
        if not reader.is_admin:
            return []
        workspace = self._workspace
        everywhere = ThreadKey(
            platform=workspace.platform, workspace=workspace.workspace, channel=DIRECT_MESSAGES, root=""
        )  # the versions of the workspace and of direct messages apply there
        fixed = {version.scope: version for version in await self._versions.list_applying(everywhere)}
        changed, count = await self._versions.list_changed(workspace, limit=MAX_SCOPES_SHOWN + 2)
        return render_overview(workspace, fixed, changed, count)


def render_overview(
    workspace: Scope, fixed: dict[Scope, ConfigVersion], changed: Sequence[ConfigVersion], count: int
) -> list[Block]:
    """Return the workspace, direct messages, and the scopes that were changed last.

    `changed` may hold the first two again. `count` is the number of all scopes that set anything.
    """
    first = {workspace: "The whole workspace", direct_messages_scope(workspace): "All direct messages"}
    further = [version for version in changed if version.scope not in first]
    blocks = [block_kit.header("Prompts and parameters"), *_render_intro()]
    for scope, title in first.items():
        blocks += render_entry(title, scope, fixed.get(scope))
    for version in further[:MAX_SCOPES_SHOWN]:
        blocks += render_entry(_capitalized_name(version.scope), version.scope, version)
    if count > len(changed) or len(further) > MAX_SCOPES_SHOWN:
        blocks.append(block_kit.context(f"{count:,} levels set something. These were changed last; *Find…* shows all."))
    return blocks


def render_entry(title: str, scope: Scope, newest: ConfigVersion | None) -> list[Block]:
    """Return what one scope sets, and the buttons that edit it and open its history."""
    edit = edit_button("Edit", scope)
    if newest is None:
        return [block_kit.section(f"*{title}*\nNothing is set.", edit)]
    history = block_kit.button("History", HISTORY_ACTION, name_scope(scope))
    return [
        block_kit.section(f"*{title}*\n{wording.summarize_config(newest.config)}"),
        block_kit.context(wording.describe_version(newest)),
        block_kit.actions(edit, history),
    ]


def render_found(version: ConfigVersion) -> list[Block]:
    """Return the entry of a scope that a search found."""
    return render_entry(_capitalized_name(version.scope), version.scope, version)


def _render_intro() -> list[Block]:
    return [
        block_kit.context(
            "Only admins see this. A level inherits what it does not set: "
            "workspace, then direct messages or channel, then thread."
        ),
        block_kit.actions(
            block_kit.channel_select(EDIT_CHANNEL_ACTION, "Edit a channel…"), block_kit.button("Find…", FIND_ACTION)
        ),
    ]


def _capitalized_name(scope: Scope) -> str:
    title = wording.describe_scope(scope)
    return title[0].upper() + title[1:]
