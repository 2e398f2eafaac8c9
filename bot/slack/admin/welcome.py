"""Home's first section, for everybody: how to talk to the bot, and what applies where they talk.

Separate because it is all that who never steers sees of steering. Rule: the prompt itself is for admins.
"""

from collections.abc import Sequence

from bot.core.domain import PromptKey
from bot.core.steering import direct
from bot.editing import Editing
from bot.slack.admin import kit, wording
from bot.slack.admin.commands import COMMAND
from bot.slack.admin.home import Reader
from bot.slack.admin.kit import Block, View

APPLYING = "applies_in_channel"
"""`action_id` of the list of channels."""


class Welcome:
    """The section for everybody."""

    def __init__(self, editing: Editing, workspace: PromptKey) -> None:
        self._editing = editing
        self._direct = direct(workspace)

    async def __call__(self, reader: Reader) -> list[Block]:
        """Return the section. Raises `StoreError`."""
        del reader  # it is the same for all
        level = await self._editing.level(self._direct)
        return [
            kit.header("Talk to me"),
            kit.section(
                "Mention me in a channel, or write to me in *Messages*. "
                "Each thread is one conversation, and I remember what was said in it."
            ),
            kit.header("What applies in your direct messages"),
            *wording.applying(level.effective(), with_prompt=False),
            kit.section(
                f"In a channel, `{COMMAND}` shows what applies there to you alone. Or choose one here:",
                kit.channel_select(APPLYING, "What applies in…"),
            ),
        ]


def applying(channel: PromptKey, shown: Sequence[Block]) -> View:
    """Return the modal that shows what applies in a channel."""
    return kit.modal("What applies", [kit.section(f"In *{wording.place(channel)}*:"), *shown])
