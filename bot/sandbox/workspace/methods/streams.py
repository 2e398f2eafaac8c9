"""`chat.startStream`, `appendStream`, `stopStream`: messages that grow while the app writes.

Separate from the rest of `chat.*` because a stream has a life of its own: a few minutes from its start,
whatever is appended. Rules: text is appended as Markdown and shown as one `markdown` block; the app hears of
its own stream at its start and at its end, not in between. Sources: https://docs.slack.dev/reference/methods,
and on lifetimes python-slack-sdk#1859 and vercel/chat#637.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.sandbox.workspace import block_kit, message_limits
from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.events import message_json
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import BOT_USER_ID, TEAM_ID, Json, StreamState, WorkspaceMessage
from bot.sandbox.workspace.state import WorkspaceState

TASK_STATUSES = ("pending", "in_progress", "complete", "error")
MAX_TASK_CHARACTERS = 256  # not documented; what others measured
SESSION_STATUSES = frozenset({"active", "processing", "suspended", "closed"})


def start_stream(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """Begin a message that grows. Both recipients are required, in direct messages too."""
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
    """Add text to a message that grows."""
    text, blocks = _read_content(arguments)
    message = _require_open_stream(workspace, arguments)
    if not text and not arguments.get("chunks"):
        raise ApiRefusal("no_text")
    grown = message.text + text
    workspace.redraw(message, text=grown, blocks=_build_blocks(grown, (*_blocks_besides_text(message), *blocks)))
    return {"channel": message.channel, "ts": message.ts}


def stop_stream(workspace: WorkspaceState, arguments: Arguments) -> Json:
    """End a message that grew; `blocks` stand under its text."""
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
    """Return the growing message that a call names. Raises what Slack does where it no longer grows."""
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
    """Return the blocks of a growing message that are not its text."""
    return message.blocks[1:] if message.text else message.blocks


def _read_content(arguments: Arguments) -> tuple[str, tuple[Json, ...]]:
    """Return the Markdown and the blocks that a call adds."""
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
    """Refuse a step that Slack would not show; the page shows none."""
    texts = [chunk.get(name) or "" for name in ("title", "details", "output")]
    if not texts[0] or any(not isinstance(text, str) or len(text) > MAX_TASK_CHARACTERS for text in texts):
        raise ApiRefusal("invalid_chunks")
    if chunk["type"] == "task_update" and (not chunk.get("id") or chunk.get("status") not in TASK_STATUSES):
        raise ApiRefusal("invalid_chunks")


METHODS: Mapping[str, Callable[[WorkspaceState, Arguments], Json]] = MappingProxyType(
    {"chat.appendStream": append_to_stream, "chat.startStream": start_stream, "chat.stopStream": stop_stream}
)
