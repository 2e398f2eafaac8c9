"""The state of the sandbox workspace: people, channels, messages, statuses, sessions, views and files.

Web API methods and people change it by the methods here. Each change is announced to the observers, in order:
Socket Mode sends events to the app, pages receive frames, waiting tests check their condition. A lookup that
fails raises the `ApiRefusal` that Slack would answer. Nothing here waits; what passes with time (statuses,
streams) ends when it is next looked at, or when `expire` is called.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from math import inf
from typing import Any

from bot.sandbox.workspace.message_limits import STATUS_LIFETIME_SECONDS, ApiRefusal
from bot.sandbox.workspace.records import (
    BOT_USER_ID,
    PARTNER_TEAM_ID,
    AgentSession,
    Json,
    MessagePosted,
    MessageRedrawn,
    MessageRemoved,
    MessageReplaced,
    MessageVersion,
    PromptsSuggested,
    StatusChanged,
    StreamState,
    ThreadStatus,
    TitleChanged,
    WorkspaceChange,
    WorkspaceChannel,
    WorkspaceMessage,
    WorkspacePerson,
)
from bot.sandbox.workspace.uploads import WorkspaceFiles
from bot.sandbox.workspace.views import OpenViews

PEOPLE = (
    WorkspacePerson(id="U0ADA", name="ada", real_name="Ada Lovelace", color="#7c3aed", admin=True),
    WorkspacePerson(id="U0GRACE", name="grace", real_name="Grace Hopper", color="#0e7490"),
    WorkspacePerson(
        id="U0LIN", name="lin", real_name="Lin Torres", color="#15803d", guest="several", channels=("C0ENG",)
    ),
    WorkspacePerson(
        id="U0NOOR",
        name="noor",
        real_name="Noor Haddad",
        color="#be123c",
        team=PARTNER_TEAM_ID,
        channels=("C0PARTNER",),
    ),
    WorkspacePerson(id="U0BUILD", name="builder", real_name="Builder", color="#475569", bot=True),
    WorkspacePerson(id=BOT_USER_ID, name="threadkeeper", real_name="Threadkeeper", color="#b45309", bot=True),
)
CHANNELS = (
    WorkspaceChannel(id="C0GENERAL", name="general", topic="Company-wide announcements and questions"),
    WorkspaceChannel(id="C0ENG", name="engineering", topic="How we build it"),
    WorkspaceChannel(id="C0RANDOM", name="random", topic="Everything else"),
    WorkspaceChannel(id="C0PARTNER", name="with-partner", topic="Shared with another organisation", shared=True),
    WorkspaceChannel(id="D0ADA", name="", kind="im", user="U0ADA"),
    WorkspaceChannel(id="D0GRACE", name="", kind="im", user="U0GRACE"),
    WorkspaceChannel(id="D0LIN", name="", kind="im", user="U0LIN"),
    WorkspaceChannel(id="D0NOOR", name="", kind="im", user="U0NOOR"),
)


class WorkspaceState:
    """One team with a few people, a few channels and one app."""

    def __init__(self, *, clock: Callable[[], float], stream_lifetime: float) -> None:
        """`clock` returns epoch seconds; a native stream ends after `stream_lifetime` seconds."""
        self.clock = clock
        self.people = {person.id: person for person in PEOPLE}
        self.channels = {channel.id: channel for channel in CHANNELS}
        self._stream_lifetime_seconds = stream_lifetime
        self.edit_window_seconds = inf
        """How long a message can be edited; Slack's admins set it."""
        self._messages: dict[str, dict[str, WorkspaceMessage]] = {channel.id: {} for channel in CHANNELS}
        self._statuses: dict[tuple[str, str], ThreadStatus] = {}
        self.sessions: dict[tuple[str, str], AgentSession] = {}
        self.prompts: dict[str, dict[str, str]] = {}  # channel -> title -> message
        self.views = OpenViews(clock=clock, announce=self.announce)
        self.files = WorkspaceFiles()
        self._observers: list[Callable[[WorkspaceChange], None]] = []
        self._newest_microseconds = 0

    def observe(self, observer: Callable[[WorkspaceChange], None]) -> None:
        """Call `observer` with every change from now on; it must not block."""
        self._observers.append(observer)

    def announce(self, change: WorkspaceChange) -> None:
        """Call every observer with a change."""
        for observer in tuple(self._observers):
            observer(change)

    def new_ts(self) -> str:
        """Return a new ts: the time in microseconds, and later than every ts before."""
        self._newest_microseconds = max(self._newest_microseconds + 1, int(self.clock() * 1_000_000))
        return f"{self._newest_microseconds // 1_000_000}.{self._newest_microseconds % 1_000_000:06d}"

    # Lookups

    def person(self, user: str) -> WorkspacePerson:
        """Return a person. Raises `user_not_found`."""
        if (person := self.people.get(user)) is None:
            raise ApiRefusal("user_not_found")
        return person

    def channel(self, channel: str) -> WorkspaceChannel:
        """Return a channel by its id. Raises `channel_not_found`."""
        if (found := self.channels.get(channel)) is None:
            raise ApiRefusal("channel_not_found")
        return found

    def im(self, user: str) -> WorkspaceChannel:
        """Return the direct message of a person and the bot. Raises `channel_not_found`."""
        for channel in self.channels.values():
            if channel.user == user:
                return channel
        raise ApiRefusal("channel_not_found")

    def visible_to(self, user: str) -> list[WorkspaceChannel]:
        """Return the channels that a person is in, with their direct message."""
        return [channel for channel in self.channels.values() if user in self.members(channel)]

    def members(self, channel: WorkspaceChannel) -> list[str]:
        """Return the ids of the people in a channel."""
        if channel.user is not None:
            return [channel.user, BOT_USER_ID]
        here = self.people.values()
        return [each.id for each in here if each.channels is None or channel.id in each.channels]

    def message(self, channel: str, ts: str) -> WorkspaceMessage:
        """Return a message. Raises `channel_not_found` or `message_not_found`."""
        found = self._messages[self.channel(channel).id].get(ts)
        if found is None or found.subtype == "tombstone":
            raise ApiRefusal("message_not_found")
        return found

    def messages(self, channel: str) -> list[WorkspaceMessage]:
        """Return all messages of a channel and its threads, oldest first."""
        return list(self._messages[self.channel(channel).id].values())

    def thread(self, channel: str, root: str) -> list[WorkspaceMessage]:
        """Return the messages of a thread, the first one included, oldest first; empty if there is none."""
        return [message for message in self.messages(channel) if message.root_ts == root]

    def root(self, channel: str, thread_ts: str) -> WorkspaceMessage:
        """Return the first message of the thread that `thread_ts` belongs to. Raises `thread_not_found`.

        As on Slack, the ts of a reply also names its thread.
        """
        known = self._messages[self.channel(channel).id]
        message = known.get(thread_ts)
        root = message and known.get(message.root_ts)
        if root is None:
            raise ApiRefusal("thread_not_found")
        return root

    # Messages

    def post(self, message: WorkspaceMessage) -> WorkspaceMessage:
        """Add a message; a message of the app clears its status in that thread."""
        message = replace(message, history=(self._build_version(message),))
        self._messages[message.channel][message.ts] = message
        self.announce(MessagePosted(message))
        if message.is_from_app:
            self.clear_status(message.channel, message.root_ts)
        return message

    def replace(self, previous: WorkspaceMessage, **changes: Any) -> WorkspaceMessage:
        """Change the content of a message; the app receives an event."""
        message = self._apply_changes(previous, changes)
        self.announce(MessageReplaced(message, previous))
        return message

    def redraw(self, previous: WorkspaceMessage, **changes: Any) -> WorkspaceMessage:
        """Change a message without an event: a reaction, more text of a stream."""
        message = self._apply_changes(previous, changes)
        self.announce(MessageRedrawn(message))
        return message

    def remove(self, message: WorkspaceMessage) -> None:
        """Delete a message; the root of a thread leaves a tombstone while there are replies, as on Slack."""
        if message.thread_ts is None and len(self.thread(message.channel, message.ts)) > 1:
            self.replace(message, subtype="tombstone", text="This message was deleted.", blocks=(), reactions={})
            return
        del self._messages[message.channel][message.ts]
        self.announce(MessageRemoved(message))
        root = self._messages[message.channel].get(message.root_ts)
        if root and root.subtype == "tombstone" and self.thread(root.channel, root.ts) == [root]:
            self.remove(root)

    def _apply_changes(self, previous: WorkspaceMessage, changes: Json) -> WorkspaceMessage:
        message = replace(previous, **changes)
        if (message.text, message.blocks) != (previous.text, previous.blocks):
            message = replace(message, history=(*previous.history, self._build_version(message)))
        self._messages[message.channel][message.ts] = message
        return message

    def _build_version(self, message: WorkspaceMessage) -> MessageVersion:
        return MessageVersion(at=self.clock(), text=message.text, blocks=message.blocks)

    # Statuses, sessions, streams

    @property
    def statuses(self) -> dict[tuple[str, str], ThreadStatus]:
        """The statuses that show now, by channel and thread."""
        now = self.clock()
        return {key: status for key, status in self._statuses.items() if now < status.expires_at}

    def set_status(self, channel: str, thread_ts: str, text: str, loading: Iterable[str] = ()) -> None:
        """Set the app's status in a thread, for two minutes at most; an empty text clears it."""
        until = self.clock() + STATUS_LIFETIME_SECONDS
        status = ThreadStatus(
            channel=channel, thread_ts=thread_ts, text=text, expires_at=until, loading_messages=tuple(loading)
        )
        if text:
            self._statuses[channel, thread_ts] = status
        else:
            self._statuses.pop((channel, thread_ts), None)
        self.announce(StatusChanged(status))

    def clear_status(self, channel: str, thread_ts: str) -> None:
        """Clear a thread's status, if it has one."""
        if (channel, thread_ts) in self._statuses:
            self.set_status(channel, thread_ts, "")

    def set_session(self, channel: str, thread_ts: str, **changes: str) -> None:
        """Change the status or title of a thread's session; it does not expire."""
        key = (channel, thread_ts)
        self.sessions[key] = replace(self.sessions.get(key, AgentSession()), **changes)
        if title := changes.get("title"):
            self.announce(TitleChanged(channel, thread_ts, title))

    def set_prompts(self, channel: str, prompts: dict[str, str]) -> None:
        """Set the suggested prompts of a direct message: title -> message."""
        self.prompts[channel] = prompts
        self.announce(PromptsSuggested(channel, prompts))

    def expire_stream(self, message: WorkspaceMessage) -> WorkspaceMessage:
        """Return the message, with its stream ended if the stream's lifetime is over."""
        if message.is_streaming and self.clock() - float(message.ts) >= self._stream_lifetime_seconds:
            return self.redraw(message, stream=StreamState.EXPIRED)
        return message

    def expire(self) -> None:
        """End every status and every stream whose lifetime is over."""
        for key in self._statuses.keys() - self.statuses.keys():
            self.clear_status(*key)
        for channel in self.channels:
            for message in self.messages(channel):
                self.expire_stream(message)
