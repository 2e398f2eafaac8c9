"""The state of the local workspace: who is there, what was said, and what the app says it is doing.

Separate from everything that talks: Web API methods and people change it here, and whoever needs to know
(the Socket Mode side, the page, a waiting test) observes the changes. Rules: nothing waits; a lookup that
fails raises the `Refusal` that Slack would answer with; observers are called in the order of the changes.
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
        """`clock` gives epoch seconds; a native stream lives `stream_lifetime` seconds."""
        self.clock = clock
        self.people = {person.id: person for person in PEOPLE}
        self.channels = {channel.id: channel for channel in CHANNELS}
        self._stream_lifetime_seconds = stream_lifetime
        self.edit_window_seconds = inf
        """Seconds for which messages may be edited; Slack's admins set that."""
        self._messages: dict[str, dict[str, WorkspaceMessage]] = {channel.id: {} for channel in CHANNELS}
        self._statuses: dict[tuple[str, str], ThreadStatus] = {}
        self.sessions: dict[tuple[str, str], AgentSession] = {}
        self.prompts: dict[str, dict[str, str]] = {}  # by channel: what to ask, by titles
        self._observers: list[Callable[[WorkspaceChange], None]] = []
        self._newest_microseconds = 0

    def observe(self, observer: Callable[[WorkspaceChange], None]) -> None:
        """Call `observer` at every change from now on; it must not wait."""
        self._observers.append(observer)

    def announce(self, change: WorkspaceChange) -> None:
        """Tell every observer."""
        for observer in tuple(self._observers):
            observer(change)

    def new_ts(self) -> str:
        """Return a new ts: the time to the microsecond, later than every one before."""
        self._newest_microseconds = max(self._newest_microseconds + 1, int(self.clock() * 1_000_000))
        return f"{self._newest_microseconds // 1_000_000}.{self._newest_microseconds % 1_000_000:06d}"

    # Looking things up

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
        """Return the channels that a person sees: public ones, and their own direct message."""
        return [channel for channel in self.channels.values() if user in self.members(channel)]

    def members(self, channel: WorkspaceChannel) -> list[str]:
        """Return the ids of those who are in a channel."""
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
        """Return a thread, its first message included, oldest first; empty if there is none."""
        return [message for message in self.messages(channel) if message.root_ts == root]

    def root(self, channel: str, thread_ts: str) -> WorkspaceMessage:
        """Return the first message of the thread that `thread_ts` belongs to. Raises `thread_not_found`.

        Slack takes the ts of a reply for that of its thread.
        """
        known = self._messages[self.channel(channel).id]
        message = known.get(thread_ts)
        root = message and known.get(message.root_ts)
        if root is None:
            raise ApiRefusal("thread_not_found")
        return root

    # Messages

    def post(self, message: WorkspaceMessage) -> WorkspaceMessage:
        """Add a message; what the app says in a thread ends its status there."""
        message = replace(message, history=(self._build_version(message),))
        self._messages[message.channel][message.ts] = message
        self.announce(MessagePosted(message))
        if message.is_from_app:
            self.clear_status(message.channel, message.root_ts)
        return message

    def replace(self, previous: WorkspaceMessage, **changes: Any) -> WorkspaceMessage:
        """Change what a message shows, and tell the app and the people."""
        message = self._apply_changes(previous, changes)
        self.announce(MessageReplaced(message, previous))
        return message

    def redraw(self, previous: WorkspaceMessage, **changes: Any) -> WorkspaceMessage:
        """Change a message without an event of its own: a reaction, more text of a stream."""
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

    # What passes by itself

    @property
    def statuses(self) -> dict[tuple[str, str], ThreadStatus]:
        """The statuses that show now, by channel and thread."""
        now = self.clock()
        return {key: status for key, status in self._statuses.items() if now < status.expires_at}

    def set_status(self, channel: str, thread_ts: str, text: str, loading: Iterable[str] = ()) -> None:
        """Say what the app is doing in a thread, for two minutes at most; an empty text clears it."""
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
        """Take a thread's status away, if it has one."""
        if (channel, thread_ts) in self._statuses:
            self.set_status(channel, thread_ts, "")

    def set_session(self, channel: str, thread_ts: str, **changes: str) -> None:
        """Say how a thread's conversation stands; it stands so until the app says otherwise."""
        key = (channel, thread_ts)
        self.sessions[key] = replace(self.sessions.get(key, AgentSession()), **changes)
        if title := changes.get("title"):
            self.announce(TitleChanged(channel, thread_ts, title))

    def set_prompts(self, channel: str, prompts: dict[str, str]) -> None:
        """Suggest what to ask in a direct message, by titles."""
        self.prompts[channel] = prompts
        self.announce(PromptsSuggested(channel, prompts))

    def expire_stream(self, message: WorkspaceMessage) -> WorkspaceMessage:
        """Return a message with its stream ended, if the stream's time is over."""
        if message.is_streaming and self.clock() - float(message.ts) >= self._stream_lifetime_seconds:
            return self.redraw(message, stream=StreamState.EXPIRED)
        return message

    def expire(self) -> None:
        """End every status and every stream whose time is over."""
        for key in self._statuses.keys() - self.statuses.keys():
            self.clear_status(*key)
        for channel in self.channels:
            for message in self.messages(channel):
                self.expire_stream(message)
