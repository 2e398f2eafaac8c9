"""The methods `chat.startStream`, `chat.appendStream` and `chat.stopStream`: messages that grow.

    startStream  --> OPEN    a message; the app receives its event
    appendStream     OPEN    text is added to one `markdown` block; no event
    stopStream   --> CLOSED  `message_changed` goes to the app
    a person presses the stop button --> STOPPED; five minutes after the start --> EXPIRED

A stream ends five minutes after its start, even if text was appended since. Sources:
https://docs.slack.dev/reference/methods/chat.startStream and the pages of the other two; on lifetimes
https://github.com/slackapi/python-slack-sdk/issues/1859 and https://github.com/vercel/chat/issues/637.
"""

from collections.abc import Sequence
from typing import Any

from bot.sandbox.workspace import block_kit, message_limits
from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.events import message_json
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.methods import MethodTable
from bot.sandbox.workspace.records import BOT_USER_ID, TEAM_ID, Json, StreamState, WorkspaceMessage
from bot.sandbox.workspace.state import WorkspaceState

TASK_STATUSES = ("pending", "in_progress", "complete", "error")
MAX_TASK_CHARACTERS = 256  # not documented; measured by others
SESSION_STATUSES = frozenset({"active", "processing", "suspended", "closed"})


def start_stream(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Start a stream. Both recipient fields are required, in direct messages too."""
    channel = workspace.channel(arguments.required("channel"))
    if not arguments.text("recipient_team_id"):
        raise ApiRefusal("missing_recipient_team_id")
    if not arguments.text("recipient_user_id"):
        raise ApiRefusal("missing_recipient_user_id")
    recipient = workspace.person(arguments.text("recipient_user_id"))
    if arguments.text("recipient_team_id") != TEAM_ID or recipient.bot:
        raise ApiRefusal("user_not_found")
    thread_ts = arguments.text("thread_ts")
    if not thread_ts and channel.kind == "im":
        raise ApiRefusal("invalid_arguments", "[ERROR] missing required field: thread_ts")
    text, blocks = _read_content(arguments)
    message = WorkspaceMessage(
        channel=channel.id,
        ts=workspace.new_ts(),
        user=BOT_USER_ID,
        text=text,
        blocks=_build_blocks(text, blocks),
        thread_ts=workspace.root(channel.id, thread_ts).ts if thread_ts else None,
        stream=StreamState.OPEN,
    )
    workspace.post(message)
    workspace.set_session(channel.id, message.root_ts, status="processing")
    return {"channel": channel.id, "ts": message.ts}


def append_to_stream(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Append text to an open stream."""
    text, blocks = _read_content(arguments)
    message = _require_open_stream(workspace, arguments)
    if not text and not arguments.get("chunks"):
        raise ApiRefusal("no_text")
    grown = message.text + text
    workspace.redraw(message, text=grown, blocks=_build_blocks(grown, (*_blocks_besides_text(message), *blocks)))
    return {"channel": message.channel, "ts": message.ts}


def stop_stream(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """End a stream; `blocks` are added under its text."""
    text, blocks = _read_content(arguments)
    below = arguments.parse_json("blocks", "invalid_blocks_format") or []
    block_kit.check_blocks(below, "message")
    if (status := arguments.text("session_status")) and status not in SESSION_STATUSES:
        raise ApiRefusal("invalid_arguments", "[ERROR] session_status is not a known status")
    message_limits.check_metadata(metadata := arguments.parse_json("metadata", "invalid_metadata_format"))
    message = _require_open_stream(workspace, arguments)
    grown = message.text + text
    blocks = (*_blocks_besides_text(message), *blocks, *block_kit.add_ids(below))
    message = workspace.replace(
        message, text=grown, blocks=_build_blocks(grown, blocks), metadata=metadata, stream=StreamState.CLOSED
    )
    workspace.set_session(message.channel, message.root_ts, status=status or "active")
    return {"channel": message.channel, "ts": message.ts, "message": message_json(message)}


def _require_open_stream(workspace: WorkspaceState, arguments: Arguments) -> WorkspaceMessage:
    """Return the open stream that a call names. Raises Slack's error if it is not open."""
    message = workspace.expire_stream(workspace.message(arguments.required("channel"), arguments.required("ts")))
    if not message.is_from_app:
        raise ApiRefusal("message_not_owned_by_app")
    if message.stream is StreamState.STOPPED:
        raise ApiRefusal("stopped_by_user")
    if not message.is_streaming:
        raise ApiRefusal("message_not_in_streaming_state")
    return message


def _build_blocks(text: str, others: Sequence[Json]) -> tuple[Json, ...]:
    return ({"type": "markdown", "text": text}, *others) if text else tuple(others)


def _blocks_besides_text(message: WorkspaceMessage) -> tuple[Json, ...]:
    """Return the blocks of a stream without the one of its text."""
    return message.blocks[1:] if message.text else message.blocks


def _read_content(arguments: Arguments) -> tuple[str, tuple[Json, ...]]:
    """Return the Markdown and the blocks of a call."""
    markdown = arguments.text("markdown_text")
    chunks: Any = arguments.parse_json("chunks", "invalid_chunks") or []
    message_limits.check_markdown_text(markdown, chunks)
    if not isinstance(chunks, list) or not all(isinstance(chunk, dict) for chunk in chunks):
        raise ApiRefusal("invalid_chunks")
    blocks: list[Json] = []
    for chunk in chunks:
        match chunk.get("type"):
            case "markdown_text" if isinstance(chunk.get("text"), str):
                message_limits.check_markdown_text(chunk["text"])
                markdown += chunk["text"]
            case "blocks":
                block_kit.check_blocks(chunk.get("blocks"), "message")
                blocks += block_kit.add_ids(chunk["blocks"])
            case "task_update" | "plan_update":
                _check_task(chunk)
            case _:
                raise ApiRefusal("invalid_chunks")
    return markdown, tuple(blocks)


def _check_task(chunk: Json) -> None:
    """Refuse a task step that Slack would not accept; the page shows no steps."""
    texts = [chunk.get(name) or "" for name in ("title", "details", "output")]
    if not texts[0] or any(not isinstance(text, str) or len(text) > MAX_TASK_CHARACTERS for text in texts):
        raise ApiRefusal("invalid_chunks")
    if chunk["type"] == "task_update" and (not chunk.get("id") or chunk.get("status") not in TASK_STATUSES):
        raise ApiRefusal("invalid_chunks")


METHODS: MethodTable = {
    "chat.appendStream": append_to_stream,
    "chat.startStream": start_stream,
    "chat.stopStream": stop_stream,
}
