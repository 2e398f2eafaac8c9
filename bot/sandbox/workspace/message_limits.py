"""Slack's limits on messages and threads, and the error that a broken limit is answered with.

Each constant is a limit with the page that states it. Each `check_...` function returns nothing, or raises an
`ApiRefusal` with Slack's error name. Lengths are counted in Unicode code points. All functions are pure. The
limits of blocks and views are in `block_kit`.
"""

import json
from typing import Any

MAX_UPDATE_CHARACTERS = 4_000  # https://docs.slack.dev/reference/methods/chat.update
MAX_POST_CHARACTERS = 40_000  # truncated beyond: https://docs.slack.dev/reference/methods/chat.postMessage
MAX_MARKDOWN_CHARACTERS = 12_000  # https://docs.slack.dev/reference/methods/chat.postMessage
MAX_ATTACHMENTS = 100  # https://docs.slack.dev/reference/methods/chat.postMessage
STATUS_LIFETIME_SECONDS = 120.0  # https://docs.slack.dev/reference/methods/assistant.threads.setStatus
MAX_LOADING_MESSAGES = 10  # https://docs.slack.dev/reference/methods/assistant.threads.setStatus
MAX_TITLE_CHARACTERS = 200  # https://docs.slack.dev/reference/methods/agents.sessions.rename
MAX_SUGGESTED_PROMPTS = 4  # https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
MAX_METADATA_CHARACTERS = 8_000  # Slack says "limited" and gives no number; this one is generous


class ApiRefusal(Exception):
    """A call that Slack refuses: `{"ok": false, "error": error}`, perhaps with explanations."""

    def __init__(self, error: str, *messages: str) -> None:
        """`error` is Slack's error name; `messages` go to `response_metadata.messages`."""
        super().__init__(error)
        self.error = error
        self.messages = messages


def check_update_text(text: str) -> None:
    """Refuse a text that is too long for `chat.update`."""
    if len(text) > MAX_UPDATE_CHARACTERS:
        raise ApiRefusal("msg_too_long")


def check_markdown_text(markdown: str, *others: object) -> None:
    """Refuse Markdown that is too long, or that is sent together with `text` or `blocks`."""
    if not markdown:
        return
    if any(others):
        raise ApiRefusal("markdown_text_conflict")
    if len(markdown) > MAX_MARKDOWN_CHARACTERS:
        raise ApiRefusal("msg_too_long")


def check_attachments(attachments: Any) -> None:
    """Refuse attachments that are not a list, or too many."""
    if attachments and not isinstance(attachments, list):
        raise ApiRefusal("invalid_arguments", "[ERROR] attachments must be a list")
    if len(attachments or ()) > MAX_ATTACHMENTS:
        raise ApiRefusal("too_many_attachments")


def check_metadata(metadata: Any) -> None:
    """Refuse message metadata without a type and a payload."""
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        raise ApiRefusal("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise ApiRefusal("invalid_metadata_schema")
    if len(json.dumps(metadata)) > MAX_METADATA_CHARACTERS:
        raise ApiRefusal("metadata_too_large")


def check_title(title: str) -> None:
    """Refuse an empty title or one that is too long."""
    if not 1 <= len(title) <= MAX_TITLE_CHARACTERS:
        raise ApiRefusal("invalid_arguments", f"[ERROR] title must have 1 to {MAX_TITLE_CHARACTERS} characters")
