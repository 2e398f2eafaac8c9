"""Home's first section, for everybody: how to talk to the bot, and what applies in direct messages with it.

Separate because it is all that who never steers sees of steering.
"""

from bot.core.domain import PromptKey
from bot.editing import Editing
from bot.slack.admin import kit, wording
from bot.slack.admin.commands import COMMAND
from bot.slack.admin.home import Reader
from bot.slack.admin.kit import Block
from bot.slack.admin.levels import direct


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
            kit.context(f"In a channel `{COMMAND}` shows what applies there; nobody else sees the answer."),
        ]
