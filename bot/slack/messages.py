"""Messages in Slack's payloads: read if a person wrote them, with ids still in place of names.

`parse_message` reads one message, from an event or from a thread's history. Its text keeps Slack's ids
(`<@U123>`). `ids_to_name` lists those to look up, and `to_incoming` inserts the names and returns the form
that every platform shares. Pure. Source: https://docs.slack.dev/reference/events/message
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.turns import AddressingKind, Author, File, IncomingMessage, MessageKey, ThreadKey
from bot.slack import message_text, payload

PLATFORM = "slack"
PERSON_SUBTYPES = frozenset({"", "file_share", "thread_broadcast"})
"""Subtypes of messages that a person wrote; every other one is a join or another notice."""
TIMESTAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """The bot's own ids in a workspace, as `auth.test` returns them."""

    user: str
    bot_id: str
    workspace: str
    organisation: str = ""
    """The id of the organisation, if the app is installed in all of it."""
    workspace_name: str = ""
    url: str = ""
    """The workspace's URL, with a slash at its end."""
    scopes: frozenset[str] | None = None
    """The scopes that the bot token was granted; None if Slack does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackMessage:
    """A message that a person wrote, without the bot's mention; people and channels are still ids."""

    thread: ThreadKey
    id: str
    author: str
    text: str
    files: tuple[File, ...] = ()

    @property
    def key(self) -> MessageKey:
        """The message's key in the store."""
        return message_key(self.thread, self.id)

    @property
    def ids_to_name(self) -> frozenset[str]:
        """The ids to replace by names: the author's, and those in the text."""
        return message_text.find_unnamed_ids(self.text) | {self.author}

    def readable_text(self, names: Mapping[str, str]) -> str:
        """Return the text with names in place of ids, and a line for each file."""
        files = (f"[attached file: {file.name or 'unnamed'}]" for file in self.files)
        return "\n".join(filter(None, (message_text.to_markdown(self.text, names), *files)))

    def to_incoming(
        self, names: Mapping[str, str], *, addressed: AddressingKind, delivery: str = ""
    ) -> IncomingMessage:
        """Return the message in the form that every platform shares."""
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
    """Return the message that Slack describes by `fields`; None unless a person wrote it."""
    ts, author = payload.text(fields, "ts"), payload.text(fields, "user")
    if not (channel and author and TIMESTAMP.fullmatch(ts)) or payload.value_at(fields, "hidden"):
        return None
    if payload.text(fields, "subtype") not in PERSON_SUBTYPES or not is_from_person(fields, bot):
        return None
    return SlackMessage(
        thread=thread_key(fields, ts, bot, channel),
        id=ts,
        author=author,
        text=message_text.remove_mention(payload.text(fields, "text"), bot.user),
        files=tuple(_parse_file(file) for file in payload.items(fields, "files")),
    )


def is_direct_channel(channel: str) -> bool:
    """Return whether a channel is a direct message with the bot, which its id shows."""
    return channel.startswith("D")


def find_installations(body: Mapping[str, Any]) -> Sequence[str]:
    """Return the workspaces or organisations for whose installations of the app an event was sent; may be empty.

    In a shared channel the author's workspace may differ. Source: https://docs.slack.dev/apis/events-api
    """
    found = (_find_installation(each, body) for each in payload.items(body, "authorizations") or (body,))
    return tuple(filter(None, found))


def _find_installation(authorization: object, body: Mapping[str, Any]) -> str:
    team = payload.text(authorization, "team_id") or payload.text(body, "team_id")
    of_organisation = payload.value_at(authorization, "is_enterprise_install") is True
    return (payload.text(authorization, "enterprise_id") if of_organisation else "") or team


def is_from_person(fields: Mapping[str, Any], bot: BotIdentity) -> bool:
    """Return whether a person wrote a message. Bots are ignored: two that answer each other never stop."""
    is_an_apps = payload.value_at(fields, "bot_id") or payload.value_at(fields, "app_id")
    return not is_an_apps and payload.text(fields, "user") not in {bot.user, "USLACKBOT"}


def _parse_file(fields: object) -> File:
    """Return a file's description; a file that was deleted or is too old for the plan has no URL."""
    size = payload.value_at(fields, "size")
    return File(
        name=payload.text(fields, "name") or payload.text(fields, "title"),
        type=payload.text(fields, "mimetype"),
        size=size if isinstance(size, int) else 0,
        url=payload.text(fields, "url_private"),
    )


def thread_key(fields: Mapping[str, Any], ts: str, bot: BotIdentity, channel: str) -> ThreadKey:
    """Return the thread of the message with this ts; a message outside a thread begins one."""
    root = payload.text(fields, "thread_ts")
    root = root if TIMESTAMP.fullmatch(root) else ts
    return ThreadKey(platform=PLATFORM, workspace=bot.workspace, channel=channel, root=root)


def message_key(thread: ThreadKey, ts: str) -> MessageKey:
    """Return the key of the message with this ts."""
    return MessageKey(platform=PLATFORM, workspace=thread.workspace, channel=thread.channel, message_id=ts)
