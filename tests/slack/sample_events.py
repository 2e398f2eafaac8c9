"""Events as Slack sends them, the bot that receives them, and the names that it knows."""

from typing import Any

from bot.slack import messages

BOT = messages.BotIdentity(user="UBOT", bot_id="BBOT", workspace="T1")
NAMES = {"U1": "Ada", "U2": "Grace", "C9": "general"}


def message(**changes: Any) -> dict[str, Any]:
    """Return a message event with `changes`; None removes a key."""
    fields = {
        "type": "message",
        "user": "U1",
        "text": "hi",
        "ts": "5.0",
        "channel": "C1",
        "channel_type": "channel",
    }
    return {key: value for key, value in {**fields, **changes}.items() if value is not None}


def changed(new: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the event of an edited message."""
    event = {"type": "message", "subtype": "message_changed", "channel": "C1", "hidden": True, "ts": "9.0"}
    return event | {"message": new} | ({"previous_message": old} if old else {})


def deleted(**fields: Any) -> dict[str, Any]:
    """Return the event of a deleted message."""
    event = {"type": "message", "subtype": "message_deleted", "channel": "C1", "hidden": True, "ts": "9.0"}
    return event | {"deleted_ts": "5.0"} | fields


EDITED = {"user": "U1", "ts": "6.0"}
TOMBSTONE = {
    "type": "message",
    "subtype": "tombstone",
    "user": "USLACKBOT",
    "hidden": True,
    "text": "This message was deleted.",
    "ts": "5.0",
    "thread_ts": "5.0",
}
