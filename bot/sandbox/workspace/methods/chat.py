"""The methods `chat.*`: post, update and delete messages.

Each checks its arguments first and the state afterwards, in Slack's order, so that a call with two mistakes
is refused for the same one as on Slack. Only the app's own messages can be updated or deleted. Sources:
https://docs.slack.dev/reference/methods/chat.postMessage and the pages of the other methods.
"""

from typing import Any

from bot.sandbox.workspace import block_kit, message_limits
from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.events import message_json
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.methods import MethodTable
from bot.sandbox.workspace.records import BOT_USER_ID, TEAM_NAME, Json, NoticeShown, WorkspaceChannel, WorkspaceMessage
from bot.sandbox.workspace.state import WorkspaceState


def post_message(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Post a message, in a thread if `thread_ts` names one."""
    channel = find_destination(workspace, arguments.required("channel"))
    text, blocks = _read_content(arguments)
    if arguments.parse_json("attachments") and not text and not blocks:
        text = "[attachment]"
    if not text and not blocks:
        raise ApiRefusal("no_text")
    thread_ts = arguments.text("thread_ts")
    root = workspace.root(channel.id, thread_ts) if thread_ts else None
    message = workspace.post(
        WorkspaceMessage(
            channel=channel.id,
            ts=workspace.new_ts(),
            user=BOT_USER_ID,
            text=text[: message_limits.MAX_POST_CHARACTERS],
            blocks=blocks,
            thread_ts=root.ts if root else None,
            broadcast=bool(root) and arguments.flag("reply_broadcast"),
            metadata=arguments.parse_json("metadata", "invalid_metadata_format"),
        )
    )
    answer: Json = {"channel": channel.id, "ts": message.ts, "message": message_json(message)}
    if len(text) > message_limits.MAX_POST_CHARACTERS:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


def update_message(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Update a message. As on Slack, it shows "(edited)" only if the new content is text without blocks."""
    message_limits.check_update_text(arguments.text("text"))
    text, blocks = _read_content(arguments)
    message = _require_own_message(workspace, arguments, "cant_update_message")
    if message.is_streaming:
        raise ApiRefusal("streaming_state_conflict")
    if workspace.clock() - float(message.ts) >= workspace.edit_window_seconds:
        raise ApiRefusal("edit_window_closed")
    if not text and not blocks:
        raise ApiRefusal("no_text")
    changes: Json = {"text": text or message.text, "blocks": blocks}
    if metadata := arguments.parse_json("metadata", "invalid_metadata_format"):
        changes["metadata"] = metadata
    if text and not blocks:
        changes["edited"] = workspace.new_ts()
    message = workspace.replace(message, **changes)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": message_json(message)}


def delete_message(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Delete a message."""
    message = _require_own_message(workspace, arguments, "cant_delete_message")
    workspace.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def post_ephemeral(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Show a message to one person only; it cannot be updated."""
    channel = workspace.channel(arguments.required("channel"))
    user = arguments.required("user")
    if user not in workspace.members(channel):
        raise ApiRefusal("user_not_in_channel")
    text, blocks = _read_content(arguments)
    if not text and not blocks:
        raise ApiRefusal("no_text")
    thread_ts = arguments.text("thread_ts") or None
    workspace.announce(NoticeShown(user=user, text=text, channel=channel.id, thread_ts=thread_ts, blocks=blocks))
    return {"message_ts": workspace.new_ts()}


def get_permalink(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Return the URL of a message."""
    channel = arguments.required("channel")
    message = workspace.message(channel, arguments.required("message_ts"))
    address = f"https://{TEAM_NAME.lower()}.slack.com/archives/{channel}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        address += f"?thread_ts={message.thread_ts}&cid={channel}"
    return {"channel": channel, "permalink": address}


def find_destination(workspace: WorkspaceState, name: str) -> WorkspaceChannel:
    """Return the channel to post into: by id, `#name`, or a person's id for the direct message."""
    for channel in workspace.channels.values():
        if channel.kind == "channel" and name.lstrip("#") == channel.name:
            return channel
    return workspace.im(name) if name in workspace.people else workspace.channel(name)


def _read_content(arguments: Arguments) -> tuple[str, tuple[Json, ...]]:
    """Return text and blocks, checked; `markdown_text` becomes the block that shows it."""
    text, markdown = arguments.text("text"), arguments.text("markdown_text")
    blocks: Any = arguments.parse_json("blocks", "invalid_blocks_format") or []
    message_limits.check_markdown_text(markdown, text, blocks)
    message_limits.check_metadata(arguments.parse_json("metadata", "invalid_metadata_format"))
    message_limits.check_attachments(arguments.parse_json("attachments"))
    if markdown:
        text, blocks = markdown, [{"type": "markdown", "text": markdown}]
    block_kit.check_blocks(blocks, "message")
    return text, block_kit.add_ids(blocks)


def _require_own_message(workspace: WorkspaceState, arguments: Arguments, error: str) -> WorkspaceMessage:
    """Return the app's own message that a call names; an expired stream is ended first."""
    message = workspace.message(arguments.required("channel"), arguments.required("ts"))
    if not message.is_from_app:
        raise ApiRefusal(error)
    return workspace.expire_stream(message)


METHODS: MethodTable = {
    "chat.delete": delete_message,
    "chat.getPermalink": get_permalink,
    "chat.postEphemeral": post_ephemeral,
    "chat.postMessage": post_message,
    "chat.update": update_message,
}
