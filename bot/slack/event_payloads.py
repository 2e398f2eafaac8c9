"""Slack's event payloads -> what people did, or None where it is not for us."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.turns import AddressingKind, MessageKey, ThreadKey
from bot.slack import message_text, payload
from bot.slack.messages import (
    _TS,
    BotIdentity,
    SlackMessage,
    _is_from_person,
    _message_key,
    _thread_key,
    find_workspace,
    is_direct_channel,
    parse_message,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    """Somebody wrote a message that concerns us, or that may."""

    message: SlackMessage
    addressed: AddressingKind
    delivery: str
    is_shared: bool | None = None
    """Whether people of other organisations are in the channel; None where Slack does not say."""

    @property
    def thread(self) -> ThreadKey:
        """Where."""
        return self.message.thread


@dataclass(frozen=True, slots=True, kw_only=True)
class EditEvent:
    """Somebody changed the text of a message of theirs."""

    message: SlackMessage
    delivery: str

    @property
    def thread(self) -> ThreadKey:
        """Where."""
        return self.message.thread


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteEvent:
    """A person's message is no more."""

    thread: ThreadKey
    message: MessageKey
    delivery: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopEvent:
    """Somebody pressed the stop button that Slack shows while the app works in a thread."""

    thread: ThreadKey
    user: str
    delivery: str


SlackEvent = MessageEvent | EditEvent | DeleteEvent | StopEvent


def parse_event(body: Mapping[str, Any], bot: BotIdentity, *, follow_threads: bool) -> SlackEvent | None:
    """Return what an Events API body tells; `follow` lets replies in channels ask us without a mention."""
    told = payload.mapping(body, "event")
    delivery = payload.text(body, "event_id")
    bot = replace(bot, workspace=find_workspace(body) or bot.workspace)
    match payload.text(told, "type"), payload.text(told, "subtype"):
        case "message", "message_changed":
            return _parse_changed(told, bot, delivery)
        case "message", "message_deleted":
            return _parse_deleted(told, payload.text(told, "deleted_ts"), bot, delivery)
        case "agent_session_stopped", _:
            return _parse_stop_pressed(told, bot, delivery)
        case "message" | "app_mention", _:
            said = _parse_posted(told, bot, delivery, follow_threads=follow_threads)
            is_shared = payload.value_at(body, "is_ext_shared_channel")
            if isinstance(said, MessageEvent) and isinstance(is_shared, bool):
                return replace(said, is_shared=is_shared)
            return said
        case _:
            return None


def _parse_posted(
    told: Mapping[str, Any], bot: BotIdentity, delivery: str, *, follow_threads: bool
) -> MessageEvent | EditEvent | None:
    said = parse_message(told, bot, channel=payload.text(told, "channel"))
    if said is None:
        return None
    is_mention = payload.text(told, "type") == "app_mention"
    if payload.value_at(told, "edited"):  # an edit mentions us once more; with `message` events we are told twice
        return EditEvent(message=said, delivery=delivery) if is_mention else None
    if payload.text(told, "channel_type") == "im" or is_direct_channel(said.thread.channel):
        why = AddressingKind.DIRECT
    elif is_mention or message_text.mentions_user(payload.text(told, "text"), bot.user):
        why = AddressingKind.MENTION
    elif said.thread.root == said.id:
        return None
    else:
        why = AddressingKind.REPLY if follow_threads else AddressingKind.OVERHEARD
    return MessageEvent(message=said, addressed=why, delivery=delivery)


def _parse_changed(told: Mapping[str, Any], bot: BotIdentity, delivery: str) -> EditEvent | DeleteEvent | None:
    """Return an edit or a deletion; a preview of a link changes a message, too, but not its text."""
    new, old = payload.mapping(told, "message"), payload.mapping(told, "previous_message")
    if payload.text(new, "subtype") == "tombstone":  # what is left of a thread's first message
        return _parse_deleted(told, payload.text(new, "ts"), bot, delivery)
    said = parse_message(new, bot, channel=payload.text(told, "channel"))
    is_edit = payload.value_at(new, "edited") and payload.text(new, "text") != payload.text(old, "text")
    return EditEvent(message=said, delivery=delivery) if said and is_edit else None


def _parse_deleted(told: Mapping[str, Any], ts: str, bot: BotIdentity, delivery: str) -> DeleteEvent | None:
    channel, old = payload.text(told, "channel"), payload.mapping(told, "previous_message")
    if not (channel and _TS.fullmatch(ts) and _is_from_person(old, bot)):
        return None
    thread = _thread_key(old, ts, bot, channel)
    return DeleteEvent(thread=thread, message=_message_key(thread, ts), delivery=delivery)


def _parse_stop_pressed(told: Mapping[str, Any], bot: BotIdentity, delivery: str) -> StopEvent | None:
    channel, user = payload.text(told, "channel"), payload.text(told, "user")
    root = payload.text(told, "thread_ts")
    if not (channel and user and _TS.fullmatch(root)):
        return None
    return StopEvent(thread=_thread_key({}, root, bot, channel), user=user, delivery=delivery)
