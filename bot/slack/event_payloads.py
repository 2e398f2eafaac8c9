"""Parses Slack's event payloads into what a person did: wrote, edited, deleted, or pressed stop.

| payload | result |
|---|---|
| `message` or `app_mention` of a person, addressed to the bot or in a thread | `MessageEvent` |
| `message_changed` with another text, or an edited mention | `EditEvent` |
| `message_deleted`, or a thread's first message replaced by a tombstone | `DeleteEvent` |
| `agent_session_stopped` | `StopEvent` |
| messages of bots, joins, link previews, anything malformed | None |

Pure, so that a recorded payload is a test. Source: https://docs.slack.dev/reference/events/message
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.turns import AddressingKind, MessageKey, ThreadKey
from bot.slack import message_text, payload
from bot.slack.messages import (
    TIMESTAMP,
    BotIdentity,
    SlackMessage,
    is_direct_channel,
    is_from_person,
    message_key,
    parse_message,
    thread_key,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    """A person wrote a message that concerns the bot, or may concern it."""

    message: SlackMessage
    addressed: AddressingKind
    delivery: str
    is_shared: bool | None = None
    """Whether people of other organisations are in the channel; None if Slack does not say."""

    @property
    def thread(self) -> ThreadKey:
        """The thread that the message is in."""
        return self.message.thread


@dataclass(frozen=True, slots=True, kw_only=True)
class EditEvent:
    """A person changed the text of their message."""

    message: SlackMessage
    delivery: str

    @property
    def thread(self) -> ThreadKey:
        """The thread that the message is in."""
        return self.message.thread


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteEvent:
    """A person's message was deleted."""

    thread: ThreadKey
    message: MessageKey
    delivery: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopEvent:
    """A person pressed the stop button that Slack shows while the app works in a thread."""

    thread: ThreadKey
    user: str
    delivery: str


SlackEvent = MessageEvent | EditEvent | DeleteEvent | StopEvent


def parse_event(body: Mapping[str, Any], bot: BotIdentity, *, follow_threads: bool) -> SlackEvent | None:
    """Return the event of an Events API body, or None if it does not concern the bot.

    With `follow_threads`, a reply in a thread of a channel is a question without a mention.
    """
    event = payload.mapping(body, "event")
    delivery = payload.text(body, "event_id")
    match payload.text(event, "type"), payload.text(event, "subtype"):
        case "message", "message_changed":
            return _parse_changed(event, bot, delivery)
        case "message", "message_deleted":
            return _parse_deleted(event, payload.text(event, "deleted_ts"), bot, delivery)
        case "agent_session_stopped", _:
            return _parse_stop_pressed(event, bot, delivery)
        case "message" | "app_mention", _:
            message = _parse_posted(event, bot, delivery, follow_threads=follow_threads)
            is_shared = payload.value_at(body, "is_ext_shared_channel")
            if isinstance(message, MessageEvent) and isinstance(is_shared, bool):
                return replace(message, is_shared=is_shared)
            return message
        case _:
            return None


def _parse_posted(
    event: Mapping[str, Any], bot: BotIdentity, delivery: str, *, follow_threads: bool
) -> MessageEvent | EditEvent | None:
    message = parse_message(event, bot, channel=payload.text(event, "channel"))
    if message is None:
        return None
    is_mention = payload.text(event, "type") == "app_mention"
    if payload.value_at(event, "edited"):  # Slack sends an edited mention as `app_mention` again
        return EditEvent(message=message, delivery=delivery) if is_mention else None
    if payload.text(event, "channel_type") == "im" or is_direct_channel(message.thread.channel):
        addressed = AddressingKind.DIRECT
    elif is_mention or message_text.mentions_user(payload.text(event, "text"), bot.user):
        addressed = AddressingKind.MENTION
    elif message.thread.root == message.id:
        return None
    else:
        addressed = AddressingKind.REPLY if follow_threads else AddressingKind.OVERHEARD
    return MessageEvent(message=message, addressed=addressed, delivery=delivery)


def _parse_changed(event: Mapping[str, Any], bot: BotIdentity, delivery: str) -> EditEvent | DeleteEvent | None:
    """Return an edit or a deletion; None if the text is the same, as after a link preview."""
    new, old = payload.mapping(event, "message"), payload.mapping(event, "previous_message")
    if payload.text(new, "subtype") == "tombstone":  # replaces a deleted first message of a thread
        return _parse_deleted(event, payload.text(new, "ts"), bot, delivery)
    message = parse_message(new, bot, channel=payload.text(event, "channel"))
    is_edit = payload.value_at(new, "edited") and payload.text(new, "text") != payload.text(old, "text")
    return EditEvent(message=message, delivery=delivery) if message and is_edit else None


def _parse_deleted(event: Mapping[str, Any], ts: str, bot: BotIdentity, delivery: str) -> DeleteEvent | None:
    channel, old = payload.text(event, "channel"), payload.mapping(event, "previous_message")
    if not (channel and TIMESTAMP.fullmatch(ts) and is_from_person(old, bot)):
        return None
    thread = thread_key(old, ts, bot, channel)
    return DeleteEvent(thread=thread, message=message_key(thread, ts), delivery=delivery)


def _parse_stop_pressed(event: Mapping[str, Any], bot: BotIdentity, delivery: str) -> StopEvent | None:
    channel, user = payload.text(event, "channel"), payload.text(event, "user")
    root = payload.text(event, "thread_ts")
    if not (channel and user and TIMESTAMP.fullmatch(root)):
        return None
    return StopEvent(thread=thread_key({}, root, bot, channel), user=user, delivery=delivery)
