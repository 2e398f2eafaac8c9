"""Looking into what Slack sends without trusting its shape.

Separate because every parser asks the same three questions. Pure; a value that is not there, or is of another
type than Slack's documents say, is the empty one.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def value_at(payload: object, *path: str) -> object:
    """Return the value below the names in `path`, or None."""
    for name in path:
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload


def text(payload: object, *path: str) -> str:
    """Return the text there, or an empty one."""
    value = value_at(payload, *path)
    return value if isinstance(value, str) else ""


def mapping(payload: object, *path: str) -> Mapping[str, Any]:
    """Return the object there, or an empty one."""
    value = value_at(payload, *path)
    return value if isinstance(value, dict) else {}


def items(payload: object, *path: str) -> Sequence[Any]:
    """Return the list there, or an empty one."""
    value = value_at(payload, *path)
    return value if isinstance(value, list | tuple) else ()


def is_echo(body: Mapping[str, Any]) -> bool:
    """Whether a delivery says that our app wrote a message, or edited one of its own.

    What happens to our messages otherwise, such as a deletion, is no echo. Source: facts/slack.md 3.1.
    """
    event = mapping(body, "event")
    is_edit = text(event, "subtype") == "message_changed"
    said = mapping(event, "message") if is_edit else event
    app = text(body, "api_app_id")
    is_ours = bool(app and text(said, "bot_id")) and text(said, "app_id") == app
    is_message = text(event, "type") == "message"
    return is_ours and is_message and text(said, "subtype") in {"", "bot_message"}
