"""The invisible metadata on the bot's messages: which page of which turn a message shows, or none.

After a crash the bot recognises by it which of its messages already show an answer. Source:
https://docs.slack.dev/messaging/message-metadata
"""

from typing import Any

from bot.ports import Page

PAGE_EVENT = "threadkeeper_page"
"""The type of the metadata on messages that show answers. Stored in Slack; never change it."""
NOTICE_EVENT = "threadkeeper_notice"


def page_metadata(page: Page) -> dict[str, Any]:
    """Return the invisible metadata that says which page of which turn a message shows."""
    return {"event_type": PAGE_EVENT, "event_payload": {"turn": page.turn, "page": page.number}}


def notice_metadata() -> dict[str, Any]:
    """Return the metadata of any other message that the bot posts in a thread: it shows no answer."""
    return {"event_type": NOTICE_EVENT, "event_payload": {}}
