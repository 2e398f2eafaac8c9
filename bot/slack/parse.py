"""Slack's event payloads -> what people did, or None where it is not for us.

Separate because it is the one place that knows which of Slack's events count; pure, so that a recorded
payload is a test. Rules: a payload of another shape than Slack's is None, never an error; a text keeps its
ids until their names are known. Source: facts/slack.md 3.1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.domain import AddressingKind, Author, File, IncomingMessage, MessageKey, ThreadKey
from bot.slack import payload, tokens

PLATFORM = "slack"

PERSON_SUBTYPES = frozenset({"", "file_share", "thread_broadcast"})
"""Every other subtype is a join or another notice, not a message that somebody wrote."""

_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """Who we are in a workspace, as `auth.test` says."""

    user: str
    bot_id: str
    workspace: str
    workspace_name: str = ""
    url: str = ""
    """The workspace's address, with a slash at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackMessage:
    """A message that a person wrote, without our own mention; ids still stand for names."""

    thread: ThreadKey
    id: str
    author: str
    text: str
    files: tuple[File, ...] = ()

    @property
    def key(self) -> MessageKey:
        """Which message it is."""
        return _message_key(self.thread, self.id)

    @property
    def ids_to_name(self) -> frozenset[str]:
        """The ids whose names it takes to read the message: its author's, and those in the text."""
        return tokens.find_unnamed_ids(self.text) | {self.author}

    def readable_text(self, names: Mapping[str, str]) -> str:
        """Return what people read."""
        files = (f"[attached file: {file.name or 'unnamed'}]" for file in self.files)
        return "\n".join(filter(None, (tokens.to_markdown(self.text, names), *files)))

    def to_incoming(
        self, names: Mapping[str, str], *, addressed: AddressingKind, delivery: str = ""
    ) -> IncomingMessage:
        """Return the message as the rest of the program knows it."""
        return IncomingMessage(
            thread=self.thread,
            message_id=self.id,
            author=Author(id=self.author, name=names.get(self.author, "")),
            text=self.readable_text(names),
            addressed=addressed,
            sent_at=float(self.id),
            delivery=delivery,
            files=self.files,
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


def parse_message(fields: Mapping[str, Any], bot: BotIdentity, *, channel: str) -> SlackMessage | None:
    """Return the message that Slack shows as `fields`, if a person wrote it in the bot's workspace."""
    ts, author = payload.text(fields, "ts"), payload.text(fields, "user")
    if not (channel and author and _TS.fullmatch(ts)) or payload.value_at(fields, "hidden"):
        return None
    if payload.text(fields, "subtype") not in PERSON_SUBTYPES or not _is_from_person(fields, bot):
        return None
    return SlackMessage(
        thread=_thread_key(fields, ts, bot, channel),
        id=ts,
        author=author,
        text=tokens.remove_mention(payload.text(fields, "text"), bot.user),
        files=tuple(_parse_file(file) for file in payload.items(fields, "files")),
    )


def is_direct_channel(channel: str) -> bool:
    """Return whether a channel is a direct message of one person with us; its id says so."""
    return channel.startswith("D")


def find_workspace(body: Mapping[str, Any]) -> str:
    """Return the workspace in which we are installed; in shared channels the author's may be another."""
    first = next(iter(payload.items(body, "authorizations")), None)
    ids = (
        payload.text(first, "team_id"),
        payload.text(body, "team_id"),
        payload.text(first, "enterprise_id"),
    )
    return next(filter(None, ids), "")


def _parse_posted(
    told: Mapping[str, Any], bot: BotIdentity, delivery: str, *, follow_threads: bool
) -> MessageEvent | EditEvent | None:
    said = parse_message(told, bot, channel=payload.text(told, "channel"))
    if said is None:
        return None
    is_mention = payload.text(told, "type") == "app_mention"
    if payload.value_at(
        told, "edited"
    ):  # an edit mentions us once more; with `message` events we are told twice
        return EditEvent(message=said, delivery=delivery) if is_mention else None
    if payload.text(told, "channel_type") == "im" or is_direct_channel(said.thread.channel):
        why = AddressingKind.DIRECT
    elif is_mention or tokens.mentions_user(payload.text(told, "text"), bot.user):
        why = AddressingKind.MENTION
    elif said.thread.root == said.id:
        return None
    else:
        why = AddressingKind.REPLY if follow_threads else AddressingKind.OVERHEARD
    return MessageEvent(message=said, addressed=why, delivery=delivery)


def _parse_changed(
    told: Mapping[str, Any], bot: BotIdentity, delivery: str
) -> EditEvent | DeleteEvent | None:
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


def _is_from_person(fields: Mapping[str, Any], bot: BotIdentity) -> bool:
    """Return whether no bot wrote a message: two bots that answer each other never end."""
    is_an_apps = payload.value_at(fields, "bot_id") or payload.value_at(fields, "app_id")
    return not is_an_apps and payload.text(fields, "user") not in {bot.user, "USLACKBOT"}


def _parse_file(fields: object) -> File:
    """Return what Slack says of a file; one that was deleted, or is too old for the plan, has no address."""
    size = payload.value_at(fields, "size")
    return File(
        name=payload.text(fields, "name") or payload.text(fields, "title"),
        type=payload.text(fields, "mimetype"),
        size=size if isinstance(size, int) else 0,
        url=payload.text(fields, "url_private"),
    )


def _thread_key(fields: Mapping[str, Any], ts: str, bot: BotIdentity, channel: str) -> ThreadKey:
    root = payload.text(fields, "thread_ts")
    root = root if _TS.fullmatch(root) else ts
    return ThreadKey(platform=PLATFORM, workspace=bot.workspace, channel=channel, root=root)


def _message_key(thread: ThreadKey, ts: str) -> MessageKey:
    return MessageKey(platform=PLATFORM, workspace=thread.workspace, channel=thread.channel, message_id=ts)
