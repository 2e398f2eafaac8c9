"""Builds the payloads of Slack's Events API.

One function for each event: a change of the workspace in, the event's JSON out. `build_callback` wraps an
event in the envelope that Slack puts around it; `socket_mode` delivers it. The functions are pure, except
that each callback gets a random `event_id`. The payloads have every field that Slack sends, since a bot may
read any of them. Sources: https://docs.slack.dev/reference/events and the fixtures of python-slack-sdk and
bolt-python.
"""

import re
from collections.abc import Iterator, Sequence
from uuid import uuid4

from bot.sandbox.workspace.records import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    TEAM_ID,
    Json,
    MessagePosted,
    MessageRemoved,
    MessageReplaced,
    WorkspaceChannel,
    WorkspaceMessage,
)

BOT_MENTION = f"<@{BOT_USER_ID}>"
_TOKEN_PATTERN = re.compile(r"<@(?P<user>[UW]\w+)>|<(?P<url>https?://[^<|>]+)(?:\|(?P<label>[^>]*))?>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def build_callback(event: Json, *, at: float, is_shared: bool = False) -> Json:
    """Wrap an event as Slack sends it, with a new `event_id`.

    `is_shared`: its channel is shared with another organisation.
    """
    return {
        "token": "sandbox-verification-token",
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{uuid4().hex[:10].upper()}",
        "event_time": int(at),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": is_shared,
        "event_context": f"4-{uuid4().hex}",
    }


def message_json(message: WorkspaceMessage) -> Json:
    """Return a message as Slack's methods and events give it."""
    if message.subtype == "tombstone":
        return _tombstone_json(message)
    fields: Json = {"user": message.user, "type": "message", "ts": message.ts, "text": message.text}
    if message.subtype:
        fields["subtype"] = message.subtype
    elif message.files:
        fields |= {"subtype": "file_share", "files": list(message.files), "upload": False}
    elif message.broadcast:
        fields["subtype"] = "thread_broadcast"
    if message.client_msg_id:
        fields |= {"client_msg_id": message.client_msg_id, "blocks": [build_rich_text(message.text)]}
    fields |= _author_fields(message)
    if message.blocks:
        fields["blocks"] = list(message.blocks)
    if message.edited:
        fields["edited"] = {"user": message.user, "ts": message.edited}
    where_and_what = {"thread_ts": message.thread_ts, "metadata": message.metadata}
    fields |= {name: value for name, value in where_and_what.items() if value}
    if message.reactions:
        fields["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
        ]
    return fields


def _author_fields(message: WorkspaceMessage) -> Json:
    """Return the fields about the app that wrote a message, and about the author's workspace."""
    fields: Json = {"team": message.team}
    if message.is_from_app:
        fields |= {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": _bot_profile()}
    elif message.foreign_bot:
        fields |= {"bot_id": message.foreign_bot, "app_id": f"A{message.foreign_bot[1:]}"}
    if message.team != TEAM_ID:
        fields |= {"user_team": message.team, "source_team": message.team}
    return fields


def root_json(message: WorkspaceMessage, replies: Sequence[WorkspaceMessage]) -> Json:
    """Return the first message of a thread, with Slack's fields about its replies."""
    if not replies:
        return message_json(message)
    writers = list(dict.fromkeys(reply.user for reply in replies))
    return message_json(message) | {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(writers),
        "reply_users": writers,
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def build_posted_events(change: MessagePosted, channel: WorkspaceChannel, root: WorkspaceMessage) -> list[Json]:
    """Return the events of a new message; `root` is the first message of its thread.

    Slack sends a mention in a channel twice, as `app_mention` and as `message`, in no fixed order. Here the
    last digit of the ts decides the order, so that both orders occur and a run can be repeated. The app's
    own messages never cause an `app_mention`.
    """
    message = change.message
    event = {**message_json(message), **_channel_fields(channel), "event_ts": message.ts}
    if message.thread_ts:
        event["parent_user_id"] = root.user
    if channel.kind == "im" or message.is_from_app or BOT_MENTION not in message.text:
        return [event]
    mention = {key: value for key, value in event.items() if key not in ("channel_type", "subtype")}
    pair = [mention | {"type": "app_mention"}, event]
    return pair if int(message.ts[-1]) % 2 else pair[::-1]


def build_changed_events(change: MessageReplaced, channel: WorkspaceChannel, stamp: str) -> Iterator[Json]:
    """Yield the events of a changed message; an edited mention causes another `app_mention`."""
    message = change.message
    yield {
        "type": "message",
        "subtype": "message_changed",
        "message": message_json(message),
        "previous_message": message_json(change.previous),
        **_channel_fields(channel),
        "hidden": True,
        "ts": stamp,
        "event_ts": stamp,
    }
    if channel.kind == "channel" and not message.is_from_app and message.edited and BOT_MENTION in message.text:
        yield message_json(message) | {"type": "app_mention", "channel": channel.id, "event_ts": stamp}


def build_deleted_event(change: MessageRemoved, channel: WorkspaceChannel, stamp: str) -> Json:
    """Return the event of a deleted message."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "deleted_ts": change.message.ts,
        "previous_message": message_json(change.message),
        **_channel_fields(channel),
        "hidden": True,
        "ts": stamp,
        "event_ts": stamp,
    }


def build_home_opened_event(user: str, channel: WorkspaceChannel, tab: str, view: Json | None, stamp: str) -> Json:
    """Return the event of a person who opens the app's Home tab, or its Messages tab."""
    event = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab, "event_ts": stamp}
    return event | ({"view": view} if view and tab == "home" else {})


def build_session_stopped_event(user: str, channel: str, thread_ts: str, streams: Sequence[str], stamp: str) -> Json:
    """Return the event of a person who pressed the stop button."""
    return {
        "type": "agent_session_stopped",
        "channel": channel,
        "thread_ts": thread_ts,
        "user": user,
        "streaming_message_ts": list(streams),
        "event_ts": stamp,
    }


def build_rich_text(text: str) -> Json:
    """Return the rich text block that Slack's composer makes of typed text: text, mentions and links."""
    elements: list[Json] = []
    end = 0
    for token in _TOKEN_PATTERN.finditer(text):
        elements += _text_elements(text[end : token.start()])
        elements.append(
            {"type": "user", "user_id": token["user"]}
            if token["user"]
            else {"type": "link", "url": token["url"], "text": token["label"] or token["url"]}
        )
        end = token.end()
    elements += _text_elements(text[end:])
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": "typed", "elements": [section]}


def _text_elements(text: str) -> list[Json]:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return [{"type": "text", "text": text}] if text else []


def _channel_fields(channel: WorkspaceChannel) -> Json:
    return {"channel": channel.id, "channel_type": channel.kind}


def _tombstone_json(message: WorkspaceMessage) -> Json:
    """Return the placeholder of a thread's deleted first message, which Slack writes as USLACKBOT."""
    return {
        "type": "message",
        "subtype": "tombstone",
        "user": "USLACKBOT",
        "text": message.text,
        "hidden": True,
        "ts": message.ts,
        "thread_ts": message.ts,
    }


def _bot_profile() -> Json:
    return {
        "id": BOT_ID,
        "app_id": APP_ID,
        "name": "Threadkeeper",
        "team_id": TEAM_ID,
        "deleted": False,
        "updated": 0,
        "icons": {},
    }
