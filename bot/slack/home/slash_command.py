"""The slash command and the shortcuts: their names, which the manifest declares, and the command's text.

`/threadkeeper` shows a channel's configuration; `/threadkeeper prompt` edits it. Any other word shows the
help.
"""

from collections.abc import Sequence
from typing import Any

from bot.slack.views import block_kit
from bot.slack.views.block_kit import Block

SLASH_COMMAND = "/threadkeeper"
EDIT_PROMPTS_SHORTCUT = "edit_prompts"
"""`callback_id` of the global shortcut."""
EXPLAIN_SHORTCUT = "why_this_answer"
"""`callback_id` of the message shortcut."""
SUBCOMMANDS = ("prompt", "show")
HELP_TEXT = (
    f"*{SLASH_COMMAND} prompt* edits the system prompt and the parameters of this channel; for admins.\n"
    f"*{SLASH_COMMAND}* alone shows what applies in this channel.\n"
    "To ask me something, mention me, or write to me directly."
)


def parse_subcommand(text: str) -> str:
    """Return the subcommand that a command's text names: `show` for an empty text, "" for an unknown word."""
    first = next(iter(text.split()), "show").lower()
    return first if first in SUBCOMMANDS else ""


def render_response(effective_blocks: Sequence[Block]) -> dict[str, Any]:
    """Return the command's response, which Slack shows to the person who typed it and to nobody else."""
    title = "What applies in this channel"
    return {"response_type": "ephemeral", "text": title, "blocks": [block_kit.section(f"*{title}*"), *effective_blocks]}
