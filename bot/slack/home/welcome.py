"""Home's first sections: how to talk to the bot, what applies in direct messages, and who may not ask.

Everybody sees the first one, so it leaves the prompt out. The second one is for people who may not ask: it tells
them why before they try. It only informs; `AccessPolicy` decides, each time that somebody asks.
"""

from collections.abc import Sequence

from bot.core.access.permission_check import AccessRefusal, AccessSubject, RequestLocation, find_refusal
from bot.core.chat.scoped_config import direct_messages_scope
from bot.core.config import Scope
from bot.core.errors import SurfaceUnavailable
from bot.policy.config_editor import ConfigEditor
from bot.policy.saved_grants import SavedGrants
from bot.slack.home import HomeReader
from bot.slack.home.slash_command import SLASH_COMMAND
from bot.slack.people.directory import People
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View

EFFECTIVE_CONFIG_ACTION = "applies_in_channel"
"""`action_id` of the list of channels."""
PEOPLE_SCOPE = "users:read"
"""The scope without which the bot cannot know who anybody is."""
ANY_DIRECT_MESSAGE = RequestLocation(channel="", is_direct=True)


class WelcomeSection:
    """Home's first section, the same for everybody."""

    def __init__(self, config_editor: ConfigEditor, workspace: Scope) -> None:
        self._config_editor = config_editor
        self._direct = direct_messages_scope(workspace)

    async def __call__(self, reader: HomeReader) -> list[Block]:
        """Return the section. Raises `StoreError`."""
        del reader  # the section is the same for everybody
        editable = await self._config_editor.load_scope(self._direct)
        return [
            block_kit.header("Talk to me"),
            block_kit.section(
                "Mention me in a channel, or write to me in *Messages*. "
                "Each thread is one conversation, and I remember what was said in it."
            ),
            block_kit.header("What applies in your direct messages"),
            *wording.render_effective(editable.effective_config(), with_prompt=False),
            block_kit.section(
                f"In a channel, `{SLASH_COMMAND}` shows what applies there to you alone. Or choose one here:",
                block_kit.channel_select(EFFECTIVE_CONFIG_ACTION, "What applies in…"),
            ),
        ]


class MissingScopes:
    """Home's section for admins of an app that lacks scopes.

    Without `users:read` nobody can be told to be an admin, so everybody sees it.
    """

    def __init__(self, missing: Sequence[str]) -> None:
        """`missing` are the names of the scopes."""
        self._missing = missing

    async def __call__(self, reader: HomeReader) -> Sequence[Block]:
        """Return the section; no blocks if nothing is missing, or the reader is no admin."""
        if not self._missing or not (reader.is_admin or PEOPLE_SCOPE in self._missing):
            return ()
        scopes = ", ".join(f"`{scope}`" for scope in self._missing)
        return (
            block_kit.section(
                f":warning: My Slack app lacks {scopes}. Whoever manages it adds this at api.slack.com/apps, under "
                "*OAuth & Permissions*, reinstalls the app, and restarts me."
            ),
        )


class AccessNotice:
    """Home's section for people who may not ask."""

    def __init__(self, saved_grants: SavedGrants, people: People) -> None:
        self._saved_grants = saved_grants
        self._people = people

    async def __call__(self, reader: HomeReader) -> Sequence[Block]:
        """Return why the reader may not ask; no blocks if they may. Raises `StoreError`."""
        try:
            member_type = await self._people.member_type(reader.user)
        except SurfaceUnavailable:
            return ()
        refused = find_refusal(
            AccessSubject(reader.user, member_type), ANY_DIRECT_MESSAGE, await self._saved_grants.list_rules()
        )
        if refused is None or refused is AccessRefusal.UNKNOWN:
            return ()
        return (block_kit.section(f":no_entry: {refused.for_people}"),)


def render_effective(channel: Scope, blocks: Sequence[Block]) -> View:
    """Return the modal that shows a channel's configuration."""
    return block_kit.modal("What applies", [block_kit.section(f"In *{wording.describe_scope(channel)}*:"), *blocks])
