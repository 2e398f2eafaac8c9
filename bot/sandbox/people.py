"""What people do: they write, edit, delete; the state changes, and the app hears of it.

Separate from the page so that tests act as people through the same door. Rules: a person only does what Slack
lets that person do; what they type is escaped as Slack's composer does; nothing waits here.
"""

import re
from collections.abc import Sequence
from uuid import uuid4

from bot.sandbox.records import Json, Message
from bot.sandbox.rules import Refusal
from bot.sandbox.workspace import Workspace

_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_LIVE = re.compile(r"&lt;(@[UW]\w+|#C\w+(?:\|[^&]*)?|![a-z]+)&gt;")
_ADDRESS = re.compile(r"https?://[^\s<>|`]*[^\s<>|`.,;:!?')\]\"]")


def say(
    workspace: Workspace,
    user: str,
    channel: str,
    text: str,
    thread_ts: str | None,
    files: Sequence[Json] = (),
) -> Message:
    """Write a message, as a person or as another app's bot.

    Raises `Refusal` where they cannot write there, or write nothing.
    """
    check_access(workspace, user, channel)
    person = workspace.person(user)
    if not text.strip() and not files:
        raise Refusal("no_text")
    root = workspace.root(channel, thread_ts) if thread_ts else None
    return workspace.post(
        Message(
            channel=channel,
            ts=workspace.stamp(),
            user=user,
            text=composed(text),
            thread_ts=root.ts if root else None,
            files=tuple(files),
            client_msg_id="" if person.bot else str(uuid4()),
            team=person.team,
            foreign_bot=f"B{user[1:]}" if person.bot else "",
        )
    )


def edit(workspace: Workspace, user: str, channel: str, ts: str, text: str) -> Message:
    """Change one's own message."""
    if not text.strip():
        raise Refusal("no_text")
    message = _own(workspace, user, channel, ts, "cant_update_message")
    return workspace.replace(message, text=composed(text), edited=workspace.stamp())


def delete(workspace: Workspace, user: str, channel: str, ts: str) -> None:
    """Delete one's own message, or as an admin anybody's."""
    if workspace.person(user).admin:
        check_access(workspace, user, channel)
        workspace.remove(workspace.message(channel, ts))
    else:
        workspace.remove(_own(workspace, user, channel, ts, "cant_delete_message"))


def composed(text: str) -> str:
    """Return typed text as Slack stores it: `&`, `<`, `>` escaped, mentions live, addresses linked."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    parts = _CODE.split(escaped)
    parts[::2] = (_ADDRESS.sub(r"<\g<0>>", _LIVE.sub(r"<\1>", part)) for part in parts[::2])
    return "".join(parts)


def check_access(workspace: Workspace, user: str, channel: str) -> None:
    """Refuse a channel that a person is not in."""
    if user not in workspace.members(workspace.channel(channel)):
        raise Refusal("not_in_channel")


def _own(workspace: Workspace, user: str, channel: str, ts: str, error: str) -> Message:
    message = workspace.message(channel, ts)
    if message.user != user:
        raise Refusal(error)
    return message
