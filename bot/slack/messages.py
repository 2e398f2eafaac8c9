"""Slack's message payloads -> messages that people wrote, or None where no person did."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.turns import AddressingKind, Author, File, IncomingMessage, MessageKey, ThreadKey
from bot.slack import message_text, payload

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
        return message_text.find_unnamed_ids(self.text) | {self.author}

    def readable_text(self, names: Mapping[str, str]) -> str:
        """Return what people read."""
        files = (f"[attached file: {file.name or 'unnamed'}]" for file in self.files)
        return "\n".join(filter(None, (message_text.to_markdown(self.text, names), *files)))

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
        text=message_text.remove_mention(payload.text(fields, "text"), bot.user),
        files=tuple(_parse_file(file) for file in payload.items(fields, "files")),
    )


def is_direct_channel(channel: str) -> bool:
    """Return whether a channel is a direct message of one person with us; its id says so."""
    return channel.startswith("D")


def find_workspace(body: Mapping[str, Any]) -> str:
    """Return the workspace in which we are installed; in shared channels the author's may be another."""
    first = next(iter(payload.items(body, "authorizations")), None)
    ids = (payload.text(first, "team_id"), payload.text(body, "team_id"), payload.text(first, "enterprise_id"))
    return next(filter(None, ids), "")


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
