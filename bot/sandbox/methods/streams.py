"""`chat.startStream`, `appendStream`, `stopStream`: messages that grow while the app writes.

Separate from the rest of `chat.*` because a stream has a life of its own: a few minutes from its start,
whatever is appended. Rules: text is appended as Markdown and shown as one `markdown` block; the app hears of
its own stream at its start and at its end, not in between. Sources: https://docs.slack.dev/reference/methods,
and on lifetimes python-slack-sdk#1859 and vercel/chat#637.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.sandbox import block_kit, rules
from bot.sandbox.arguments import Arguments
from bot.sandbox.events import message_json
from bot.sandbox.records import BOT_USER, TEAM_ID, Json, Message, Stream
from bot.sandbox.rules import Refusal
from bot.sandbox.workspace import Workspace

TASK_STATUSES = ("pending", "in_progress", "complete", "error")
TASK_TEXT = 256  # not documented; what others measured
SESSION_STATUSES = frozenset({"active", "processing", "suspended", "closed"})


def start(workspace: Workspace, arguments: Arguments) -> Json:
    """Begin a message that grows. Both recipients are required, in direct messages too."""
    channel = workspace.channel(arguments.required("channel"))
    if not arguments.text("recipient_team_id"):
        raise Refusal("missing_recipient_team_id")
    if not arguments.text("recipient_user_id"):
        raise Refusal("missing_recipient_user_id")
    recipient = workspace.person(arguments.text("recipient_user_id"))
    if arguments.text("recipient_team_id") != TEAM_ID or recipient.bot:
        raise Refusal("user_not_found")
    thread_ts = arguments.text("thread_ts")
    if not thread_ts and channel.kind == "im":
        raise Refusal("invalid_arguments", "[ERROR] missing required field: thread_ts")
    text, blocks = _said(arguments)
    message = Message(
        channel=channel.id,
        ts=workspace.stamp(),
        user=BOT_USER,
        text=text,
        blocks=_shown(text, blocks),
        thread_ts=workspace.root(channel.id, thread_ts).ts if thread_ts else None,
        stream=Stream.OPEN,
    )
    workspace.post(message)
    workspace.set_session(channel.id, message.root, status="processing")
    return {"channel": channel.id, "ts": message.ts}


def append(workspace: Workspace, arguments: Arguments) -> Json:
    """Add text to a message that grows."""
    text, blocks = _said(arguments)
    message = _open(workspace, arguments)
    if not text and not arguments.get("chunks"):
        raise Refusal("no_text")
    grown = message.text + text
    workspace.redraw(message, text=grown, blocks=_shown(grown, (*_others(message), *blocks)))
    return {"channel": message.channel, "ts": message.ts}


def stop(workspace: Workspace, arguments: Arguments) -> Json:
    """End a message that grew; `blocks` stand under its text."""
    text, blocks = _said(arguments)
    below = arguments.structure("blocks", "invalid_blocks_format") or []
    block_kit.check_blocks(below, "message")
    if (status := arguments.text("session_status")) and status not in SESSION_STATUSES:
        raise Refusal("invalid_arguments", "[ERROR] session_status is not a known status")
    rules.check_metadata(metadata := arguments.structure("metadata", "invalid_metadata_format"))
    message = _open(workspace, arguments)
    grown = message.text + text
    blocks = (*_others(message), *blocks, *block_kit.identified(below))
    message = workspace.replace(
        message, text=grown, blocks=_shown(grown, blocks), metadata=metadata, stream=Stream.CLOSED
    )
    workspace.set_session(message.channel, message.root, status=status or "active")
    return {"channel": message.channel, "ts": message.ts, "message": message_json(message)}


def _open(workspace: Workspace, arguments: Arguments) -> Message:
    """Return the growing message that a call names. Raises what Slack does where it no longer grows."""
    message = workspace.live(workspace.message(arguments.required("channel"), arguments.required("ts")))
    if not message.bot:
        raise Refusal("message_not_owned_by_app")
    if message.stream is Stream.STOPPED:
        raise Refusal("stopped_by_user")
    if not message.streaming:
        raise Refusal("message_not_in_streaming_state")
    return message


def _shown(text: str, others: Sequence[Json]) -> tuple[Json, ...]:
    return ({"type": "markdown", "text": text}, *others) if text else tuple(others)


def _others(message: Message) -> tuple[Json, ...]:
    """Return the blocks of a growing message that are not its text."""
    return message.blocks[1:] if message.text else message.blocks


def _said(arguments: Arguments) -> tuple[str, tuple[Json, ...]]:
    """Return the Markdown and the blocks that a call adds."""
    markdown = arguments.text("markdown_text")
    chunks: Any = arguments.structure("chunks", "invalid_chunks") or []
    rules.check_markdown_text(markdown, chunks)
    if not isinstance(chunks, list) or not all(isinstance(chunk, dict) for chunk in chunks):
        raise Refusal("invalid_chunks")
    blocks: list[Json] = []
    for chunk in chunks:
        match chunk.get("type"):
            case "markdown_text" if isinstance(chunk.get("text"), str):
                rules.check_markdown_text(chunk["text"])
                markdown += chunk["text"]
            case "blocks":
                block_kit.check_blocks(chunk.get("blocks"), "message")
                blocks += block_kit.identified(chunk["blocks"])
            case "task_update" | "plan_update":
                _check_task(chunk)
            case _:
                raise Refusal("invalid_chunks")
    return markdown, tuple(blocks)


def _check_task(chunk: Json) -> None:
    """Refuse a step that Slack would not show; the page shows none."""
    texts = [chunk.get(name) or "" for name in ("title", "details", "output")]
    if not texts[0] or any(not isinstance(text, str) or len(text) > TASK_TEXT for text in texts):
        raise Refusal("invalid_chunks")
    if chunk["type"] == "task_update" and (not chunk.get("id") or chunk.get("status") not in TASK_STATUSES):
        raise Refusal("invalid_chunks")


METHODS: Mapping[str, Callable[[Workspace, Arguments], Json]] = MappingProxyType(
    {"chat.appendStream": append, "chat.startStream": start, "chat.stopStream": stop}
)
