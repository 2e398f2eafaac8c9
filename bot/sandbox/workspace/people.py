"""What people do: they write, edit, delete; the state changes, and the app hears of it.

Separate from the page so that tests act as people through the same door. Rules: a person only does what Slack
lets that person do; what they type is escaped as Slack's composer does; nothing waits here.
"""

import re
from collections.abc import Sequence
from uuid import uuid4

from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import Json, WorkspaceMessage
from bot.sandbox.workspace.state import WorkspaceState

_CODE_PATTERN = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_ESCAPED_TOKEN_PATTERN = re.compile(r"&lt;(@[UW]\w+|#C\w+(?:\|[^&]*)?|![a-z]+)&gt;")
_URL_PATTERN = re.compile(r"https?://[^\s<>|`]*[^\s<>|`.,;:!?')\]\"]")


def say(
    workspace: WorkspaceState, user: str, channel: str, text: str, thread_ts: str | None, files: Sequence[Json] = ()
) -> WorkspaceMessage:
    """Write a message, as a person or as another app's bot.

    Raises `Refusal` where they cannot write there, or write nothing.
    """
    check_access(workspace, user, channel)
    person = workspace.person(user)
    if not text.strip() and not files:
        raise ApiRefusal("no_text")
    root = workspace.root(channel, thread_ts) if thread_ts else None
    return workspace.post(
        WorkspaceMessage(
            channel=channel,
            ts=workspace.new_ts(),
            user=user,
            text=escape_typed_text(text),
            thread_ts=root.ts if root else None,
            files=tuple(files),
            client_msg_id="" if person.bot else str(uuid4()),
            team=person.team,
            foreign_bot=f"B{user[1:]}" if person.bot else "",
        )
    )


def edit(workspace: WorkspaceState, user: str, channel: str, ts: str, text: str) -> WorkspaceMessage:
    """Change one's own message."""
    if not text.strip():
        raise ApiRefusal("no_text")
    message = _require_own_message(workspace, user, channel, ts, "cant_update_message")
    return workspace.replace(message, text=escape_typed_text(text), edited=workspace.new_ts())


def delete(workspace: WorkspaceState, user: str, channel: str, ts: str) -> None:
    """Delete one's own message, or as an admin anybody's."""
    if workspace.person(user).admin:
        check_access(workspace, user, channel)
        workspace.remove(workspace.message(channel, ts))
    else:
        workspace.remove(_require_own_message(workspace, user, channel, ts, "cant_delete_message"))


def escape_typed_text(text: str) -> str:
    """Return typed text as Slack stores it: `&`, `<`, `>` escaped, mentions live, addresses linked."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    parts = _CODE_PATTERN.split(escaped)
    parts[::2] = (_URL_PATTERN.sub(r"<\g<0>>", _ESCAPED_TOKEN_PATTERN.sub(r"<\1>", part)) for part in parts[::2])
    return "".join(parts)


def check_access(workspace: WorkspaceState, user: str, channel: str) -> None:
    """Refuse a channel that a person is not in."""
    if user not in workspace.members(workspace.channel(channel)):
        raise ApiRefusal("not_in_channel")


def _require_own_message(workspace: WorkspaceState, user: str, channel: str, ts: str, error: str) -> WorkspaceMessage:
    message = workspace.message(channel, ts)
    if message.user != user:
        raise ApiRefusal(error)
    return message
