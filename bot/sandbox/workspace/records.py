"""The values of the sandbox workspace: people, channels, messages, views, and the changes to them.

All are immutable. `state` holds the present ones. Each change is announced as one of the classes at the end,
for example `MessageReplaced(message, previous)`; the events for the app, the frames for the page and waiting
tests are made from these. What Slack defines as JSON (blocks, metadata, view content) stays JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

Json = dict[str, Any]
"""A decoded JSON object, as Slack defines it."""

TEAM_ID = "T0SANDBOX"
TEAM_NAME = "Sandbox"
PARTNER_TEAM_ID = "T0PARTNER"
"""The workspace of another organisation, which shares a channel with this one."""
APP_ID = "A0BOT"
BOT_ID = "B0BOT"
BOT_USER_ID = "U0BOT"
BOT_TOKEN = "xoxb-sandbox"  # noqa: S105 - a fixed token of a server that only loopback reaches
APP_TOKEN = "xapp-sandbox"  # noqa: S105 - a fixed token of a server that only loopback reaches


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspacePerson:
    """A person or a bot: everything that has a user id."""

    id: str
    name: str
    real_name: str
    color: str
    """The avatar's color, `#rrggbb`."""
    admin: bool = False
    bot: bool = False
    guest: Literal["", "several", "one"] = ""
    """Whether the person is a guest of several channels or of one; empty for members."""
    team: str = TEAM_ID
    """The id of their own workspace; people of another organisation have another one."""
    channels: tuple[str, ...] | None = None
    """The ids of the channels that the person is in; None for all public channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceChannel:
    """A public channel, or the direct message of the bot and one person."""

    id: str
    name: str
    kind: Literal["channel", "im"] = "channel"
    user: str | None = None
    """The person of a direct message."""
    topic: str = ""
    shared: bool = False
    """Whether it is shared with another organisation (Slack Connect)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageVersion:
    """The content of a message since `at` (epoch seconds)."""

    at: float
    text: str
    blocks: tuple[Json, ...]


class StreamState(Enum):
    """The state of a natively streamed message."""

    OPEN = "open"
    CLOSED = "closed"  # the app ended it
    STOPPED = "stopped"  # a person pressed the stop button
    EXPIRED = "expired"  # Slack ended it, about five minutes after its start


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMessage:
    """One message as it is now, with its earlier versions."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: tuple[Json, ...] = ()
    thread_ts: str | None = None
    """For a reply, the ts of the thread's first message; else None."""
    edited: str = ""
    """The ts of the last edit that Slack shows as "(edited)"; empty if there is none."""
    broadcast: bool = False
    subtype: str = ""
    team: str = TEAM_ID
    """The author's workspace."""
    foreign_bot: str = ""
    """The `bot_id` of the other app that wrote it; empty if no other app did."""
    client_msg_id: str = ""
    """Set if a person typed it, empty if an app posted it."""
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The user ids of those who reacted, by emoji name."""
    metadata: Json | None = None
    stream: StreamState | None = None
    files: tuple[Json, ...] = ()
    history: tuple[MessageVersion, ...] = ()
    """All versions, the present one last."""

    @property
    def is_from_app(self) -> bool:
        """Whether the app under test wrote it."""
        return self.user == BOT_USER_ID

    @property
    def root_ts(self) -> str:
        """The ts of the first message of its thread; its own ts if it is not a reply."""
        return self.thread_ts or self.ts

    @property
    def is_streaming(self) -> bool:
        """Whether it is an open stream, to which text can be appended."""
        return self.stream is StreamState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadStatus:
    """The app's status in a thread ("is thinking..."); an empty text clears it."""

    channel: str
    thread_ts: str
    text: str
    expires_at: float
    """Epoch seconds at which Slack clears it."""
    loading_messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSession:
    """The app's session in a thread: its status and title."""

    status: str = "active"
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceView:
    """A Home tab or a modal that one person has open."""

    id: str
    hash: str
    user: str
    content: Json
    """The view as the app sent it: `type`, `blocks`, `title`, `private_metadata`, ..."""
    root_id: str
    previous_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """A call of the Web API with its response."""

    method: str
    arguments: Json
    at: float
    status: int
    response: Json
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEntry:
    """A line of the wire log; `detail` is short and holds no secret."""

    id: int
    at: float
    kind: Literal["api", "event", "ack", "model"]
    name: str
    status: str
    ms: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """A new message."""

    message: WorkspaceMessage


@dataclass(frozen=True, slots=True)
class MessageReplaced:
    """The content of a message has changed; Slack sends an event for it."""

    message: WorkspaceMessage
    previous: WorkspaceMessage


@dataclass(frozen=True, slots=True)
class MessageRedrawn:
    """A message has changed in a way for which Slack sends no event: a reaction, more text of a stream."""

    message: WorkspaceMessage


@dataclass(frozen=True, slots=True)
class MessageRemoved:
    """A message was deleted."""

    message: WorkspaceMessage


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """A thread's status was set, or cleared (empty text)."""

    status: ThreadStatus


@dataclass(frozen=True, slots=True)
class TitleChanged:
    """A thread's title was set."""

    channel: str
    thread_ts: str
    title: str


@dataclass(frozen=True, slots=True)
class PromptsSuggested:
    """The suggested prompts of a direct message were set: title -> message."""

    channel: str
    prompts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HomePublished:
    """A person's Home tab was published."""

    view: WorkspaceView


@dataclass(frozen=True, slots=True)
class ModalsChanged:
    """A person's stack of modals has changed; the last one is on top."""

    user: str
    stack: tuple[WorkspaceView, ...]


@dataclass(frozen=True, slots=True)
class FieldsRefused:
    """The app refused fields of a submitted modal: block id -> sentence."""

    user: str
    view_id: str
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeShown:
    """A text that only one person sees: an ephemeral message, or an error that Slack shows."""

    user: str
    text: str
    channel: str | None = None
    thread_ts: str | None = None
    blocks: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceWritten:
    """The wire log has a new entry."""

    entry: TraceEntry


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """A socket of the app was opened or closed; `sockets` are open now."""

    sockets: int


WorkspaceChange = (
    MessagePosted
    | MessageReplaced
    | MessageRedrawn
    | MessageRemoved
    | StatusChanged
    | TitleChanged
    | PromptsSuggested
    | HomePublished
    | ModalsChanged
    | FieldsRefused
    | NoticeShown
    | TraceWritten
    | ConnectionChanged
)
