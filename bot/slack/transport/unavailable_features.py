"""What Slack cannot do here, remembered for a while: the plan, a scope or a switch of the app lacks it.

Separate because several families of methods are asked for so, and must cost nothing where they are not to be
had. Rule: only what says something of all calls is remembered, never what is wrong with one thread. Source:
facts/slack.md 1.2.
"""

import time

from bot.core.errors import SurfaceGone

RETRY_AFTER_SECONDS = 600.0
"""Seconds after which Slack is asked again."""
UNSUPPORTED_ERRORS = frozenset(
    {
        "channel_type_not_supported",
        "feature_disabled",
        "missing_scope",
        "not_agent_app",
        "not_allowed_token_type",
        "unknown_method",
    }
)
"""What Slack says where something is not to be had, whatever it is asked to do with it."""


class FeatureAvailability:
    """Whether Slack can do one thing, as far as is known."""

    def __init__(self) -> None:
        """Nothing speaks against it yet."""
        self._unavailable_until = 0.0

    def is_available(self) -> bool:
        """Return whether it is worth asking."""
        return time.monotonic() >= self._unavailable_until

    def record_refusal(self, error: SurfaceGone) -> None:
        """Learn from a refusal."""
        if str(error) in UNSUPPORTED_ERRORS:
            self.mark_unavailable()

    def mark_unavailable(self) -> None:
        """Take it that Slack can't do this, for a while."""
        self._unavailable_until = time.monotonic() + RETRY_AFTER_SECONDS
