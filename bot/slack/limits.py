"""Slack's limits as data, each with its source, and the values that the bot chooses below them.

"Measured" means by third parties, not documented by Slack. Lengths are in characters. Slack does not say
whether it counts code points or UTF-16 units; the bot counts UTF-16 units, the larger number.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

UPDATE_TEXT_CHARACTERS = 4_000
"""`text` of chat.update, else `msg_too_long`. https://docs.slack.dev/reference/methods/chat.update"""

MESSAGE_MARKDOWN_CHARACTERS = 12_000
"""All `markdown` blocks of a message. https://docs.slack.dev/reference/block-kit/blocks/markdown-block"""

MESSAGE_BLOCKS = 50
"""Blocks of a message, else `invalid_blocks`; headings, rules and tables in Markdown count. Measured:
https://github.com/metabase/metabase/pull/80652"""

MESSAGE_TABLES = 1
"""Tables in a message. https://docs.slack.dev/reference/block-kit/blocks/table-block"""

MESSAGE_TABLE_ROWS = 100
"""Rows of all tables in a message. https://docs.slack.dev/reference/block-kit/blocks/table-block"""


class Tier(IntEnum):
    """Calls of one method that Slack guarantees a workspace in a minute.

    https://docs.slack.dev/apis/web-api/rate-limits
    """

    ONE = 1
    TWO = 20
    THREE = 50
    FOUR = 100
    POSTING = 300  # "several hundred" in the workspace, and about one a second in a channel


METHOD_TIERS: Mapping[str, Tier] = MappingProxyType(
    {
        "agents.sessions.setStatus": Tier.THREE,
        "assistant.threads.setStatus": Tier.POSTING,
        "assistant.threads.setSuggestedPrompts": Tier.FOUR,
        "assistant.threads.setTitle": Tier.FOUR,
        "chat.appendStream": Tier.FOUR,
        "chat.delete": Tier.THREE,
        "chat.postEphemeral": Tier.FOUR,
        "chat.postMessage": Tier.POSTING,
        "chat.startStream": Tier.TWO,
        "chat.stopStream": Tier.TWO,
        "chat.update": Tier.THREE,
        "conversations.info": Tier.THREE,
        "conversations.replies": Tier.THREE,
        "files.completeUploadExternal": Tier.FOUR,
        "files.getUploadURLExternal": Tier.FOUR,
        "users.info": Tier.FOUR,
        "views.open": Tier.FOUR,
        "views.publish": Tier.FOUR,
        "views.push": Tier.FOUR,
        "views.update": Tier.FOUR,
    }
)
"""The methods that the bot calls. Tiers: each method's page below https://docs.slack.dev/reference/methods."""


def best_effort_rate(method: str) -> tuple[float, int]:
    """Return the calls per minute and the burst for a method that may be skipped; see `best_effort`.

    A third of the tier is the burst, because many questions may arrive at one moment. Rate and burst together
    stay one below what the tier guarantees.
    """
    tier = METHOD_TIERS[method]
    return tier - tier // 3 - 1, tier // 3


PAGE_SIZE_CHARACTERS = 3_800
"""Characters of Markdown in one message at most: the same text as mrkdwn must fit `PAGE_TEXT_UNITS`."""

PAGE_TEXT_UNITS = UPDATE_TEXT_CHARACTERS - 100
"""Of a page as mrkdwn, after escaping, in UTF-16 units."""

PAGE_MARKDOWN_UNITS = MESSAGE_MARKDOWN_CHARACTERS - 1_000
"""Of a page as sanitized Markdown, in UTF-16 units."""

PAGE_BLOCKS = MESSAGE_BLOCKS - 5
"""Of a page, as Slack may count them; the rest is for buttons below the answer."""

EDITS_PER_MINUTE = 45.0
"""Together with `EDITS_BURST` 49 in the worst minute, one below what tier 3 guarantees."""

EDITS_BURST = 4
"""Edits that may come at once after a quiet time."""

POSTS_PER_MINUTE = 60.0
"""New messages in one channel: "one per second". https://docs.slack.dev/apis/web-api/rate-limits"""

POSTS_BURST = 5
"""New messages that may come at once after a quiet time; Slack tolerates short bursts and gives no number."""

EDIT_INTERVAL_SECONDS = 60 / EDITS_PER_MINUTE
"""Between two edits of one answer: the fastest that a single answer can keep up."""

STARTS_PER_MINUTE = 17.0
"""Native streams started; ends count apart. With half of `APPENDS_BURST` one below tier 2's guarantee."""

APPENDS_PER_MINUTE = 95.0
"""With `APPENDS_BURST` one below what tier 4 guarantees."""

APPENDS_BURST = 4
"""Appends that may come at once after a quiet time."""

APPEND_INTERVAL_SECONDS = 0.75
"""Between two appends to one answer: smaller steps are restless, and all answers share the rate."""
