"""Home's first section, for everybody: how to talk to the bot, and what applies where they talk.

Separate because it is all that who never steers sees of steering. Rule: the prompt itself is for admins.
"""

from collections.abc import Sequence

from bot.core.config import Scope
from bot.core.steering import direct_messages_scope
from bot.editing import ConfigEditor
from bot.slack.admin import kit, wording
from bot.slack.admin.commands import SLASH_COMMAND
from bot.slack.admin.home import HomeReader
from bot.slack.admin.kit import Block, View

EFFECTIVE_CONFIG_ACTION = "applies_in_channel"
"""`action_id` of the list of channels."""


class WelcomeSection:
    """The section for everybody."""

    def __init__(self, config_editor: ConfigEditor, workspace: Scope) -> None:
        self._config_editor = config_editor
        self._direct = direct_messages_scope(workspace)

    async def __call__(self, reader: HomeReader) -> list[Block]:
        """Return the section. Raises `StoreError`."""
        del reader  # it is the same for all
        level = await self._config_editor.load_scope(self._direct)
        return [
            kit.header("Talk to me"),
            kit.section(
                "Mention me in a channel, or write to me in *Messages*. "
                "Each thread is one conversation, and I remember what was said in it."
            ),
            kit.header("What applies in your direct messages"),
            *wording.render_effective(level.effective_config(), with_prompt=False),
            kit.section(
                f"In a channel, `{SLASH_COMMAND}` shows what applies there to you alone. Or choose one here:",
                kit.channel_select(EFFECTIVE_CONFIG_ACTION, "What applies in…"),
            ),
        ]


def render_effective(channel: Scope, shown: Sequence[Block]) -> View:
    """Return the modal that shows what applies in a channel."""
    return kit.modal("What applies", [kit.section(f"In *{wording.describe_scope(channel)}*:"), *shown])
