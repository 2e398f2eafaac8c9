"""Actions of people in the workspace: write, edit, delete.

The page and the tests call the same functions. Each checks what Slack checks (is the person in the channel,
is it their own message?), escapes typed text as Slack's composer does, and changes the state; the state then
sends the events to the app. Nothing here waits.
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

    Raises `ApiRefusal` if they are not in the channel, or if there is neither text nor a file.
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
    """Edit one's own message."""
    if not text.strip():
        raise ApiRefusal("no_text")
    message = _require_own_message(workspace, user, channel, ts, "cant_update_message")
    return workspace.replace(message, text=escape_typed_text(text), edited=workspace.new_ts())


def delete(workspace: WorkspaceState, user: str, channel: str, ts: str) -> None:
    """Delete one's own message; an admin may delete any message."""
    if workspace.person(user).admin:
        check_access(workspace, user, channel)
        workspace.remove(workspace.message(channel, ts))
    else:
        workspace.remove(_require_own_message(workspace, user, channel, ts, "cant_delete_message"))


def escape_typed_text(text: str) -> str:
    """Return typed text as Slack stores it: `&`, `<`, `>` escaped, mentions and URLs in angle brackets."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    parts = _CODE_PATTERN.split(escaped)
    parts[::2] = (_URL_PATTERN.sub(r"<\g<0>>", _ESCAPED_TOKEN_PATTERN.sub(r"<\1>", part)) for part in parts[::2])
    return "".join(parts)


def check_access(workspace: WorkspaceState, user: str, channel: str) -> None:
    """Check that a person is in a channel. Raises `not_in_channel`."""
    if user not in workspace.members(workspace.channel(channel)):
        raise ApiRefusal("not_in_channel")


def _require_own_message(workspace: WorkspaceState, user: str, channel: str, ts: str, error: str) -> WorkspaceMessage:
    message = workspace.message(channel, ts)
    if message.user != user:
        raise ApiRefusal(error)
    return message
