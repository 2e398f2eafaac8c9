"""Remembers for ten minutes that Slack does not offer a feature here.

Some methods need a paid plan, a scope or a switch of the app that a workspace may lack. The first refusal of
that kind marks the feature as unavailable, and the bot stops calling it; after `RETRY_AFTER_SECONDS` it tries
once more. Example: `chat.startStream` fails with `missing_scope`, so answers are shown by edits for ten
minutes.

Only errors about the feature itself count (`UNSUPPORTED_ERRORS`). An error about one thread, such as
`channel_not_found`, says nothing about the next one. Errors of streaming methods:
https://docs.slack.dev/reference/methods/chat.startStream
"""

import time

from bot.core.errors import SurfaceGone

RETRY_AFTER_SECONDS = 600.0
"""After this time the feature is tried again."""
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
"""Errors that mean: this workspace or app does not have the feature, whatever the arguments."""


class FeatureAvailability:
    """Whether one feature of Slack is available, as far as the bot knows."""

    def __init__(self) -> None:
        """Treat the feature as available until Slack refuses it."""
        self._unavailable_until = 0.0

    def is_available(self) -> bool:
        """Return whether the feature may be tried now."""
        return time.monotonic() >= self._unavailable_until

    def record_refusal(self, error: SurfaceGone) -> None:
        """Mark the feature as unavailable if an error of Slack says so."""
        if str(error) in UNSUPPORTED_ERRORS:
            self.mark_unavailable()

    def mark_unavailable(self) -> None:
        """Treat the feature as unavailable for `RETRY_AFTER_SECONDS`."""
        self._unavailable_until = time.monotonic() + RETRY_AFTER_SECONDS
