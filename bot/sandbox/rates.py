"""Slack's rate limits: how many calls of a method a workspace takes, and how long to wait after that.

Separate so that the tiers stand in one table. Rules: told the time, never asks for it; a refused call does
not count; a call made when the returned wait has passed is taken. The unit is method and workspace, and
there is one workspace here. Sources: https://docs.slack.dev/apis/web-api/rate-limits and the methods' pages.
"""

from collections import deque
from collections.abc import Mapping
from types import MappingProxyType

WINDOW = 60.0
"""Seconds."""

TIER_2, TIER_3, TIER_4 = 20, 50, 100
SPECIAL = 300
"""Where Slack says "several hundred" a minute."""

CALLS_PER_WINDOW: Mapping[str, int] = MappingProxyType(
    {
        "agents.sessions.rename": TIER_3,
        "agents.sessions.setStatus": TIER_3,
        "apps.connections.open": TIER_3,
        "assistant.threads.setStatus": SPECIAL,
        "assistant.threads.setSuggestedPrompts": TIER_4,
        "assistant.threads.setTitle": TIER_4,
        "auth.test": SPECIAL,
        "chat.appendStream": TIER_4,
        "chat.delete": TIER_3,
        "chat.getPermalink": SPECIAL,
        "chat.postEphemeral": TIER_4,
        "chat.postMessage": SPECIAL,
        "chat.startStream": TIER_2,
        "chat.stopStream": TIER_2,
        "chat.update": TIER_3,
        "conversations.history": TIER_3,
        "conversations.info": TIER_3,
        "conversations.list": TIER_2,
        "conversations.members": TIER_4,
        "conversations.open": TIER_3,
        "conversations.replies": TIER_3,
        "files.completeUploadExternal": TIER_4,
        "files.getUploadURLExternal": TIER_4,
        "reactions.add": TIER_3,
        "reactions.remove": TIER_2,
        "team.info": TIER_3,
        "users.info": TIER_4,
        "users.list": TIER_2,
        "views.open": TIER_4,
        "views.publish": TIER_4,
        "views.push": TIER_4,
        "views.update": TIER_4,
    }
)

POSTS_PER_SECOND = 1.0
"""Into one channel."""
POSTS_BURST = 10
"""Slack tolerates a short burst and names no number; this is a cautious one."""


class Rates:
    """The calls of the last minute."""

    def __init__(self) -> None:
        """Begin with no calls made."""
        self._granted: dict[str, int] = {}
        self._calls: dict[str, deque[float]] = {}
        self._channels: dict[str, float] = {}

    def admit(self, method: str, channel: str, now: float) -> int:
        """Take a call, or return the whole seconds to wait before it is taken (`Retry-After`).

        `channel` counts for `chat.postMessage` only.
        """
        wait = self._window(method, now)
        if method == "chat.postMessage":
            wait = max(wait, self._channel(channel, now))
        if wait > 0:
            return int(wait) + 1
        self._calls[method].append(now)
        if method == "chat.postMessage":
            self._channels[channel] = max(self._channels.get(channel, 0.0), now) + 1 / POSTS_PER_SECOND
        return 0

    def grant(self, method: str, calls: int) -> None:
        """Take another number of calls of a method a minute from now on, as Slack may for an app."""
        self._granted[method] = calls

    def _window(self, method: str, now: float) -> float:
        """Return the seconds until the sliding window has room."""
        calls = self._calls.setdefault(method, deque())
        while calls and now - calls[0] >= WINDOW:
            calls.popleft()
        granted = self._granted.get(method, CALLS_PER_WINDOW.get(method, TIER_3))
        full = len(calls) >= granted
        return WINDOW - (now - calls[0]) if full else 0.0

    def _channel(self, channel: str, now: float) -> float:
        """Return the seconds until a channel takes another message: one a second, after a burst (GCRA)."""
        ahead = self._channels.get(channel, 0.0) - now
        return max(0.0, ahead - (POSTS_BURST - 1) / POSTS_PER_SECOND)
