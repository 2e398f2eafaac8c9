"""Slack's limits as data, each with its source, and the numbers that we choose below them.

Separate so that nobody guesses a limit in the middle of code. "Measured" means by others, not in Slack's
documents. Lengths are in characters; where Slack does not say which, we count UTF-16 units, the larger.
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
"""Tables of a message. https://docs.slack.dev/reference/block-kit/blocks/table-block"""

MESSAGE_TABLE_ROWS = 100
"""Likewise."""


class Tier(IntEnum):
    """Calls of one method that a workspace surely gets in a minute.

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
"""The methods we call. Sources of the tiers: the page of each method."""


def best_effort_rate(method: str) -> tuple[float, int]:
    """Return the calls a minute, and how many at once after a quiet time, of what decorates threads.

    Many questions may come in one moment, and few in a minute: together one below what the tier guarantees.
    """
    tier = METHOD_TIERS[method]
    return tier - tier // 3 - 1, tier // 3


PAGE_SIZE_CHARACTERS = 3_800
"""Characters of Markdown in one message at most: the same text as mrkdwn must fit `PAGE_TEXT`."""

PAGE_TEXT_UNITS = UPDATE_TEXT_CHARACTERS - 100
"""Of a page as mrkdwn, after escaping."""

PAGE_MARKDOWN_UNITS = MESSAGE_MARKDOWN_CHARACTERS - 1_000
"""Of a page as Markdown, after it was made safe."""

PAGE_BLOCKS = MESSAGE_BLOCKS - 5
"""As Slack may count them; the rest is for what we may put below an answer."""

EDITS_PER_MINUTE = 45.0
"""Together with `EDITS_BURST` 49 in the worst minute, one below what tier 3 guarantees."""

EDITS_BURST = 4
"""Edits that may come at once after a quiet time."""

POSTS_PER_MINUTE = 60.0
"""New messages into one channel: "one per second". https://docs.slack.dev/apis/web-api/rate-limits"""

POSTS_BURST = 5
"""New messages that may come at once after a quiet time; Slack tolerates short bursts and gives no number."""

EDIT_INTERVAL_SECONDS = 60 / EDITS_PER_MINUTE
"""Seconds between two edits of one reply: as fast as a reply that is alone may go on for ever."""

STARTS_PER_MINUTE = 17.0
"""Of native streams, and of their ends: with half of `APPENDS_BURST` one below what tier 2 guarantees."""

APPENDS_PER_MINUTE = 95.0
"""With `APPENDS_BURST` one below what tier 4 guarantees."""

APPENDS_BURST = 4
"""Appends that may come at once after a quiet time."""

APPEND_INTERVAL_SECONDS = 0.75
"""Seconds between two appends to one reply: many small ones tire the eye, and all replies share the rate."""
