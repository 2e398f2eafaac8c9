"""The state of the local workspace: who is there, what was said, and what the app says it is doing.

Separate from everything that talks: Web API methods and people change it here, and whoever needs to know
(the Socket Mode side, the page, a waiting test) observes the changes. Rules: nothing waits; a lookup that
fails raises the `Refusal` that Slack would answer with; observers are called in the order of the changes.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from math import inf
from typing import Any

from bot.sandbox.records import (
    BOT_USER,
    PARTNER_TEAM,
    Change,
    Channel,
    Entitled,
    Json,
    Message,
    Person,
    Posted,
    Redrawn,
    Removed,
    Replaced,
    Session,
    Status,
    StatusSet,
    Stream,
    Suggested,
    Version,
)
from bot.sandbox.rules import STATUS_SECONDS, Refusal

PEOPLE = (
    Person(id="U0ADA", name="ada", real_name="Ada Lovelace", color="#7c3aed", admin=True),
    Person(id="U0GRACE", name="grace", real_name="Grace Hopper", color="#0e7490"),
    Person(
        id="U0LIN", name="lin", real_name="Lin Torres", color="#15803d", guest="several", channels=("C0ENG",)
    ),
    Person(
        id="U0NOOR",
        name="noor",
        real_name="Noor Haddad",
        color="#be123c",
        team=PARTNER_TEAM,
        channels=("C0PARTNER",),
    ),
    Person(id="U0BUILD", name="builder", real_name="Builder", color="#475569", bot=True),
    Person(id=BOT_USER, name="threadkeeper", real_name="Threadkeeper", color="#b45309", bot=True),
)
CHANNELS = (
    Channel(id="C0GENERAL", name="general", topic="Company-wide announcements and questions"),
    Channel(id="C0ENG", name="engineering", topic="How we build it"),
    Channel(id="C0RANDOM", name="random", topic="Everything else"),
    Channel(id="C0PARTNER", name="with-partner", topic="Shared with another organisation", shared=True),
    Channel(id="D0ADA", name="", kind="im", user="U0ADA"),
    Channel(id="D0GRACE", name="", kind="im", user="U0GRACE"),
    Channel(id="D0LIN", name="", kind="im", user="U0LIN"),
    Channel(id="D0NOOR", name="", kind="im", user="U0NOOR"),
)


class Workspace:
    """One team with a few people, a few channels and one app."""

    def __init__(self, *, clock: Callable[[], float], stream_lifetime: float) -> None:
        """`clock` gives epoch seconds; a native stream lives `stream_lifetime` seconds."""
        self.clock = clock
        self.people = {person.id: person for person in PEOPLE}
        self.channels = {channel.id: channel for channel in CHANNELS}
        self._stream_lifetime = stream_lifetime
        self.edit_window = inf
        """Seconds for which messages may be edited; Slack's admins set that."""
        self._messages: dict[str, dict[str, Message]] = {channel.id: {} for channel in CHANNELS}
        self._statuses: dict[tuple[str, str], Status] = {}
        self.sessions: dict[tuple[str, str], Session] = {}
        self.prompts: dict[str, dict[str, str]] = {}  # by channel: what to ask, by titles
        self._observers: list[Callable[[Change], None]] = []
        self._newest = 0

    def observe(self, observer: Callable[[Change], None]) -> None:
        """Call `observer` at every change from now on; it must not wait."""
        self._observers.append(observer)

    def announce(self, change: Change) -> None:
        """Tell every observer."""
        for observer in tuple(self._observers):
            observer(change)

    def stamp(self) -> str:
        """Return a new ts: the time to the microsecond, later than every one before."""
        self._newest = max(self._newest + 1, int(self.clock() * 1_000_000))
        return f"{self._newest // 1_000_000}.{self._newest % 1_000_000:06d}"

    # Looking things up

    def person(self, user: str) -> Person:
        """Return a person. Raises `user_not_found`."""
        if (person := self.people.get(user)) is None:
            raise Refusal("user_not_found")
        return person

    def channel(self, channel: str) -> Channel:
        """Return a channel by its id. Raises `channel_not_found`."""
        if (found := self.channels.get(channel)) is None:
            raise Refusal("channel_not_found")
        return found

    def im(self, user: str) -> Channel:
        """Return the direct message of a person and the bot. Raises `channel_not_found`."""
        for channel in self.channels.values():
            if channel.user == user:
                return channel
        raise Refusal("channel_not_found")

    def visible_to(self, user: str) -> list[Channel]:
        """Return the channels that a person sees: public ones, and their own direct message."""
        return [channel for channel in self.channels.values() if user in self.members(channel)]

    def members(self, channel: Channel) -> list[str]:
        """Return the ids of those who are in a channel."""
        if channel.user is not None:
            return [channel.user, BOT_USER]
        here = self.people.values()
        return [each.id for each in here if each.channels is None or channel.id in each.channels]

    def message(self, channel: str, ts: str) -> Message:
        """Return a message. Raises `channel_not_found` or `message_not_found`."""
        found = self._messages[self.channel(channel).id].get(ts)
        if found is None or found.subtype == "tombstone":
            raise Refusal("message_not_found")
        return found

    def messages(self, channel: str) -> list[Message]:
        """Return all messages of a channel and its threads, oldest first."""
        return list(self._messages[self.channel(channel).id].values())

    def thread(self, channel: str, root: str) -> list[Message]:
        """Return a thread, its first message included, oldest first; empty if there is none."""
        return [message for message in self.messages(channel) if message.root == root]

    def root(self, channel: str, thread_ts: str) -> Message:
        """Return the first message of the thread that `thread_ts` belongs to. Raises `thread_not_found`.

        Slack takes the ts of a reply for that of its thread.
        """
        known = self._messages[self.channel(channel).id]
        message = known.get(thread_ts)
        root = message and known.get(message.root)
        if root is None:
            raise Refusal("thread_not_found")
        return root

    # Messages

    def post(self, message: Message) -> Message:
        """Add a message; what the app says in a thread ends its status there."""
        message = replace(message, history=(self._version(message),))
        self._messages[message.channel][message.ts] = message
        self.announce(Posted(message))
        if message.bot:
            self.clear_status(message.channel, message.root)
        return message

    def replace(self, previous: Message, **changes: Any) -> Message:
        """Change what a message shows, and tell the app and the people."""
        message = self._store(previous, changes)
        self.announce(Replaced(message, previous))
        return message

    def redraw(self, previous: Message, **changes: Any) -> Message:
        """Change a message without an event of its own: a reaction, more text of a stream."""
        message = self._store(previous, changes)
        self.announce(Redrawn(message))
        return message

    def remove(self, message: Message) -> None:
        """Delete a message; the root of a thread leaves a tombstone while there are replies, as on Slack."""
        if message.thread_ts is None and len(self.thread(message.channel, message.ts)) > 1:
            self.replace(
                message, subtype="tombstone", text="This message was deleted.", blocks=(), reactions={}
            )
            return
        del self._messages[message.channel][message.ts]
        self.announce(Removed(message))
        root = self._messages[message.channel].get(message.root)
        if root and root.subtype == "tombstone" and self.thread(root.channel, root.ts) == [root]:
            self.remove(root)

    def _store(self, previous: Message, changes: Json) -> Message:
        message = replace(previous, **changes)
        if (message.text, message.blocks) != (previous.text, previous.blocks):
            message = replace(message, history=(*previous.history, self._version(message)))
        self._messages[message.channel][message.ts] = message
        return message

    def _version(self, message: Message) -> Version:
        return Version(at=self.clock(), text=message.text, blocks=message.blocks)

    # What passes by itself

    @property
    def statuses(self) -> dict[tuple[str, str], Status]:
        """The statuses that show now, by channel and thread."""
        now = self.clock()
        return {key: status for key, status in self._statuses.items() if now < status.until}

    def set_status(self, channel: str, thread_ts: str, text: str, loading: Iterable[str] = ()) -> None:
        """Say what the app is doing in a thread, for two minutes at most; an empty text clears it."""
        until = self.clock() + STATUS_SECONDS
        status = Status(
            channel=channel, thread_ts=thread_ts, text=text, until=until, loading_messages=tuple(loading)
        )
        if text:
            self._statuses[channel, thread_ts] = status
        else:
            self._statuses.pop((channel, thread_ts), None)
        self.announce(StatusSet(status))

    def clear_status(self, channel: str, thread_ts: str) -> None:
        """Take a thread's status away, if it has one."""
        if (channel, thread_ts) in self._statuses:
            self.set_status(channel, thread_ts, "")

    def set_session(self, channel: str, thread_ts: str, **changes: str) -> None:
        """Say how a thread's conversation stands; it stands so until the app says otherwise."""
        key = (channel, thread_ts)
        self.sessions[key] = replace(self.sessions.get(key, Session()), **changes)
        if title := changes.get("title"):
            self.announce(Entitled(channel, thread_ts, title))

    def suggest(self, channel: str, prompts: dict[str, str]) -> None:
        """Suggest what to ask in a direct message, by titles."""
        self.prompts[channel] = prompts
        self.announce(Suggested(channel, prompts))

    def live(self, message: Message) -> Message:
        """Return a message with its stream ended, if the stream's time is over."""
        if message.streaming and self.clock() - float(message.ts) >= self._stream_lifetime:
            return self.redraw(message, stream=Stream.EXPIRED)
        return message

    def expire(self) -> None:
        """End every status and every stream whose time is over."""
        for key in self._statuses.keys() - self.statuses.keys():
            self.clear_status(*key)
        for channel in self.channels:
            for message in self.messages(channel):
                self.live(message)
