"""The invisible metadata on our messages: which page of which turn one shows, or that it shows none."""

from typing import Any

from bot.ports import Page

PAGE_EVENT = "threadkeeper_page"
"""The type of the metadata on messages that show answers."""
NOTICE_EVENT = "threadkeeper_notice"


def page_metadata(page: Page) -> dict[str, Any]:
    """Return what tells, invisibly, which page of which turn a message shows."""
    return {"event_type": PAGE_EVENT, "event_payload": {"turn": page.turn, "page": page.number}}


def notice_metadata() -> dict[str, Any]:
    """Return the metadata for whatever else we write into a thread: it shows no answer."""
    return {"event_type": NOTICE_EVENT, "event_payload": {}}
