"""Reads values out of Slack's payloads without trusting their shape.

    payload.text(body, "event", "channel")   # "C123", or "" if any step is missing or of another type

Every parser of payloads uses these four functions, so a malformed payload never raises. Pure.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def value_at(payload: object, *path: str) -> object:
    """Return the value at the end of `path`, or None."""
    for name in path:
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload


def text(payload: object, *path: str) -> str:
    """Return the text at the end of `path`, or an empty one."""
    value = value_at(payload, *path)
    return value if isinstance(value, str) else ""


def mapping(payload: object, *path: str) -> Mapping[str, Any]:
    """Return the object at the end of `path`, or an empty one."""
    value = value_at(payload, *path)
    return value if isinstance(value, dict) else {}


def items(payload: object, *path: str) -> Sequence[Any]:
    """Return the list at the end of `path`, or an empty one."""
    value = value_at(payload, *path)
    return value if isinstance(value, list | tuple) else ()


def is_echo(body: Mapping[str, Any]) -> bool:
    """Return whether a delivery only reports that this app posted a message or edited one of its own.

    Slack sends one for every edit. Other events about the app's messages, such as a deletion, are no echoes.
    Source: https://docs.slack.dev/reference/events/message
    """
    event = mapping(body, "event")
    is_edit = text(event, "subtype") == "message_changed"
    message = mapping(event, "message") if is_edit else event
    app = text(body, "api_app_id")
    is_ours = bool(app and text(message, "bot_id")) and text(message, "app_id") == app
    is_message = text(event, "type") == "message"
    return is_ours and is_message and text(message, "subtype") in {"", "bot_message"}
