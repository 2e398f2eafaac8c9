"""Builds the JSON frames that the sandbox's page receives.

`build_frame` turns a change of the workspace into the frame for one person, or into None if that person may
not see it: a message in another channel, another person's modal. The other functions make the parts of a
frame, which the first frame of a connection ("hello") uses, too. HTML in a frame always comes from `html`,
which escapes it. All functions are pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from bot.sandbox.page import html
from bot.sandbox.workspace.records import (
    ConnectionChanged,
    FieldsRefused,
    HomePublished,
    Json,
    MessagePosted,
    MessageRedrawn,
    MessageRemoved,
    MessageReplaced,
    ModalsChanged,
    NoticeShown,
    PromptsSuggested,
    StatusChanged,
    ThreadStatus,
    TitleChanged,
    TraceWritten,
    WorkspaceChange,
    WorkspaceChannel,
    WorkspaceMessage,
    WorkspaceView,
)
from bot.sandbox.workspace.views import view_json

DisplayNames = Mapping[str, str]
"""User and channel ids -> the names that people see."""

_LINK_PATTERN = re.compile(r"<(https?://[^<|>]+)>")


def build_frame(  # noqa: C901, PLR0911 - one case for each change
    change: WorkspaceChange, user: str, channels: Sequence[WorkspaceChannel], names: DisplayNames
) -> Json | None:
    """Return the frame of a change for a person who sees `channels`; None if they may not see it."""
    visible = {channel.id for channel in channels}
    match change:
        case MessagePosted(message) | MessageReplaced(message) | MessageRedrawn(message) if message.channel in visible:
            return {"type": "message", "message": message_frame(message, names)}
        case MessageRemoved(message) if message.channel in visible:
            return {"type": "deleted", "channel": message.channel, "ts": message.ts}
        case StatusChanged(status) if status.channel in visible:
            return {"type": "status", **status_frame(status)}
        case TitleChanged(channel, thread_ts, title) if channel in visible:
            return title_frame(channel, thread_ts, title)
        case PromptsSuggested(channel, prompts) if channel in visible:
            return prompts_frame(channel, prompts)
        case HomePublished(view) if view.user == user:
            return {"type": "home", "view": view_frame(view, names)}
        case ModalsChanged(person, stack) if person == user:
            return {"type": "modals", "views": [view_frame(view, names) for view in stack]}
        case FieldsRefused(person, view_id, errors) if person == user:
            return {"type": "errors", "view_id": view_id, "errors": dict(errors)}
        case NoticeShown() if change.user == user:
            return notice_frame(change, names)
        case TraceWritten(entry):
            return {"type": "trace", "entry": asdict(entry)}
        case ConnectionChanged(sockets):
            return {"type": "connected", "connected": sockets > 0}
        case _:
            return None


def message_frame(message: WorkspaceMessage, names: DisplayNames) -> Json:
    """Return a message for the page; `text` is what the page puts into the edit field."""
    text: list[Json] = [{"type": "text", "html": html.text_html(message.text, names)}]
    blocks = html.add_html(message.blocks, names) if message.blocks else text
    return {
        "channel": message.channel,
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": message.user,
        "bot": message.is_from_app,
        "edited": bool(message.edited),
        "broadcast": message.broadcast,
        "blocks": [*blocks, *({"type": "text", "html": html.file_html(file)} for file in message.files)],
        "reactions": [
            {"name": name, "count": len(users), "users": list(users)} for name, users in message.reactions.items()
        ],
        "text": _LINK_PATTERN.sub(r"\1", message.text),
        "streaming": message.is_streaming,
    }


def view_frame(view: WorkspaceView, names: DisplayNames) -> Json:
    """Return a view for the page."""
    return view_json(view) | {"blocks": html.add_html(view.content["blocks"], names)}


def status_frame(status: ThreadStatus) -> Json:
    """Return a thread's status for the page."""
    return {
        "channel": status.channel,
        "thread_ts": status.thread_ts,
        "status": status.text,
        "loading_messages": list(status.loading_messages),
    }


def title_frame(channel: str, thread_ts: str, title: str) -> Json:
    """Return a thread's title for the page."""
    return {"type": "title", "channel": channel, "thread_ts": thread_ts, "title": title}


def prompts_frame(channel: str, prompts: Mapping[str, str]) -> Json:
    """Return the suggested prompts of a direct message for the page."""
    return {"type": "prompts", "channel": channel, "prompts": dict(prompts)}


def notice_frame(notice: NoticeShown, names: DisplayNames) -> Json:
    """Return a notice for the page: only one person sees it."""
    text = {"type": "text", "html": html.text_html(notice.text, names)}
    blocks = html.add_html(notice.blocks, names) if notice.blocks else [text]
    return {
        "type": "notice",
        "text": notice.text,
        "channel": notice.channel,
        "thread_ts": notice.thread_ts,
        "blocks": blocks,
    }
