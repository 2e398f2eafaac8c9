"""Home's first section: how to talk to the bot, and the configuration of direct messages.

Everybody sees it, so it leaves the prompt out.
"""

from collections.abc import Sequence

from bot.core.chat.scoped_config import direct_messages_scope
from bot.core.config import Scope
from bot.policy.config_editor import ConfigEditor
from bot.slack.home import HomeReader
from bot.slack.home.slash_command import SLASH_COMMAND
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View

EFFECTIVE_CONFIG_ACTION = "applies_in_channel"
"""`action_id` of the list of channels."""


class WelcomeSection:
    """Home's first section, the same for everybody."""

    def __init__(self, config_editor: ConfigEditor, workspace: Scope) -> None:
        self._config_editor = config_editor
        self._direct = direct_messages_scope(workspace)

    async def __call__(self, reader: HomeReader) -> list[Block]:
        """Return the section. Raises `StoreError`."""
        del reader  # it is the same for all
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


def render_effective(channel: Scope, shown: Sequence[Block]) -> View:
    """Return the modal that shows a channel's configuration."""
    return block_kit.modal("What applies", [block_kit.section(f"In *{wording.describe_scope(channel)}*:"), *shown])
