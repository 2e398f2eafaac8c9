"""The values of the local workspace: people, channels, messages, statuses, and the changes they go through.

Separate from the state that holds them because payload builders, methods and the page all speak these
words. Rules: immutable; no behaviour beyond what follows from the fields; JSON stays JSON (`Json`).
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
"""The workspace of another organisation, with which ours shares a channel."""
APP_ID = "A0BOT"
BOT_ID = "B0BOT"
BOT_USER_ID = "U0BOT"
BOT_TOKEN = "xoxb-sandbox"  # noqa: S105 - a fixed token of a server that only loopback reaches
APP_TOKEN = "xapp-sandbox"  # noqa: S105 - likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspacePerson:
    """Somebody with a user id; the bot is one, too."""

    id: str
    name: str
    real_name: str
    color: str
    """Of the avatar, `#rrggbb`."""
    admin: bool = False
    bot: bool = False
    guest: Literal["", "several", "one"] = ""
    """Of how many channels somebody is only a guest; empty for members."""
    team: str = TEAM_ID
    """Their workspace; another one than ours for people of another organisation."""
    channels: tuple[str, ...] | None = None
    """The ids of the channels that they are in; None for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceChannel:
    """A public channel, or the direct message of the bot and one person."""

    id: str
    name: str
    kind: Literal["channel", "im"] = "channel"
    user: str | None = None
    """The human of an im."""
    topic: str = ""
    shared: bool = False
    """Whether people of another organisation are in it (Slack Connect)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageVersion:
    """What a message showed from `at` (epoch seconds) on."""

    at: float
    text: str
    blocks: tuple[Json, ...]


class StreamState(Enum):
    """How far a natively streamed message has come."""

    OPEN = "open"
    CLOSED = "closed"  # the app ended it
    STOPPED = "stopped"  # a person pressed the stop button
    EXPIRED = "expired"  # Slack ended it, about five minutes after its start


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMessage:
    """One message as it is now, with all that it was."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: tuple[Json, ...] = ()
    thread_ts: str | None = None
    """The root's ts on a reply; None on a message of the channel itself."""
    edited: str = ""
    """The ts of the edit that people are told of, or empty."""
    broadcast: bool = False
    subtype: str = ""
    team: str = TEAM_ID
    """Of who wrote it."""
    foreign_bot: str = ""
    """The `bot_id` of another app that wrote it."""
    client_msg_id: str = ""
    """Set on what a person typed, empty on what an app posted."""
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Who reacted, by the name of the emoji."""
    metadata: Json | None = None
    stream: StreamState | None = None
    files: tuple[Json, ...] = ()
    history: tuple[MessageVersion, ...] = ()
    """Every version, the present one last."""

    @property
    def is_from_app(self) -> bool:
        """Whether our app wrote it."""
        return self.user == BOT_USER_ID

    @property
    def root_ts(self) -> str:
        """The ts of the first message of its thread; its own, where there is none yet."""
        return self.thread_ts or self.ts

    @property
    def is_streaming(self) -> bool:
        """Whether text may still be appended to it."""
        return self.stream is StreamState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadStatus:
    """What the app says it is doing in a thread; an empty text says that it no longer does."""

    channel: str
    thread_ts: str
    text: str
    expires_at: float
    """Epoch seconds at which Slack takes it away."""
    loading_messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSession:
    """A conversation in a thread, as the app says that it stands."""

    status: str = "active"
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceView:
    """A Home tab or a modal, as one person has it on screen."""

    id: str
    hash: str
    user: str
    content: Json
    """What the app sent: `type`, `blocks`, `title`, `private_metadata`, ..."""
    root_id: str
    previous_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """A call of the Web API: what was asked and what was answered."""

    method: str
    arguments: Json
    at: float
    status: int
    response: Json
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEntry:
    """A line of the page's log; `detail` is short and holds no secret."""

    id: int
    at: float
    kind: Literal["api", "event", "ack", "model"]
    name: str
    status: str
    ms: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """A message is new."""

    message: WorkspaceMessage


@dataclass(frozen=True, slots=True)
class MessageReplaced:
    """A message shows something else."""

    message: WorkspaceMessage
    previous: WorkspaceMessage


@dataclass(frozen=True, slots=True)
class MessageRedrawn:
    """A message looks different, but nobody wrote anything: a reaction, more text of a stream."""

    message: WorkspaceMessage


@dataclass(frozen=True, slots=True)
class MessageRemoved:
    """A message is gone."""

    message: WorkspaceMessage


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """A thread's status is another, or (empty text) none."""

    status: ThreadStatus


@dataclass(frozen=True, slots=True)
class TitleChanged:
    """A thread has a title."""

    channel: str
    thread_ts: str
    title: str


@dataclass(frozen=True, slots=True)
class PromptsSuggested:
    """A direct message suggests what to ask, by titles."""

    channel: str
    prompts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HomePublished:
    """A person's Home tab shows something else."""

    view: WorkspaceView


@dataclass(frozen=True, slots=True)
class ModalsChanged:
    """A person's stack of modals is another; the last one is on top."""

    user: str
    stack: tuple[WorkspaceView, ...]


@dataclass(frozen=True, slots=True)
class FieldsRefused:
    """The app found mistakes in what a person submitted: sentences by block id."""

    user: str
    view_id: str
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeShown:
    """Something only one person sees: an ephemeral message, or a failure that Slack tells of."""

    user: str
    text: str
    channel: str | None = None
    thread_ts: str | None = None
    blocks: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceWritten:
    """The log has a new line."""

    entry: TraceEntry


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """A socket of the bot came or went; `sockets` are open now."""

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
