"""Slack's rate limits: how many calls of a method are accepted, and how long to wait after that.

Each method has a sliding window of one minute; `CALLS_PER_WINDOW` has the tiers. `chat.postMessage` also has
one call a second and channel, after a burst. `MethodRateLimits.admit` is given the time. It takes the call
and returns 0, or it returns the seconds to wait; a refused call does not count, and a call made after the
wait is accepted. Sources: https://docs.slack.dev/apis/web-api/rate-limits and the methods' pages.
"""

from collections import deque
from collections.abc import Mapping

WINDOW_SECONDS = 60.0
"""Slack counts calls per minute."""

TIER_2, TIER_3, TIER_4 = 20, 50, 100
SPECIAL_TIER = 300
"""Calls a minute of the methods for which Slack says "several hundred"."""

CALLS_PER_WINDOW: Mapping[str, int] = {
    "agents.sessions.rename": TIER_3,
    "agents.sessions.setStatus": TIER_3,
    "apps.connections.open": TIER_3,
    "assistant.threads.setStatus": SPECIAL_TIER,
    "assistant.threads.setSuggestedPrompts": TIER_4,
    "assistant.threads.setTitle": TIER_4,
    "auth.test": SPECIAL_TIER,
    "chat.appendStream": TIER_4,
    "chat.delete": TIER_3,
    "chat.getPermalink": SPECIAL_TIER,
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": SPECIAL_TIER,
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

POSTS_PER_SECOND = 1.0
"""Messages a second into one channel."""
MAX_POSTS_IN_BURST = 10
"""Slack tolerates a short burst, but gives no number; this is a cautious guess."""


class MethodRateLimits:
    """Counts the calls of the last minute, by method."""

    def __init__(self) -> None:
        """Start without any calls."""
        self._allowances: dict[str, int] = {}
        self._calls: dict[str, deque[float]] = {}
        self._next_post_times: dict[str, float] = {}

    def admit(self, method: str, channel: str, now: float) -> int:
        """Count a call and return 0, or return the whole seconds to wait (`Retry-After`).

        `channel` counts for `chat.postMessage` only.
        """
        wait = self._seconds_until_window_has_room(method, now)
        if method == "chat.postMessage":
            wait = max(wait, self._seconds_until_channel_has_room(channel, now))
        if wait > 0:
            return int(wait) + 1
        self._calls[method].append(now)
        if method == "chat.postMessage":
            self._next_post_times[channel] = max(self._next_post_times.get(channel, 0.0), now) + 1 / POSTS_PER_SECOND
        return 0

    def set_allowance(self, method: str, calls: int) -> None:
        """Set the calls a minute of one method; Slack may grant an app other numbers than its tiers."""
        self._allowances[method] = calls

    def _seconds_until_window_has_room(self, method: str, now: float) -> float:
        """Return the seconds until the sliding window has room."""
        calls = self._calls.setdefault(method, deque())
        while calls and now - calls[0] >= WINDOW_SECONDS:
            calls.popleft()
        granted = self._allowances.get(method, CALLS_PER_WINDOW.get(method, TIER_3))
        full = len(calls) >= granted
        return WINDOW_SECONDS - (now - calls[0]) if full else 0.0

    def _seconds_until_channel_has_room(self, channel: str, now: float) -> float:
        """Return the seconds until a channel takes another message: one a second, after a burst (GCRA)."""
        ahead = self._next_post_times.get(channel, 0.0) - now
        return max(0.0, ahead - (MAX_POSTS_IN_BURST - 1) / POSTS_PER_SECOND)
