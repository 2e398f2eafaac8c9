"""A draft of what a level is to set, tried in a thread of its author before it applies to anybody else.

Separate from what is saved, because a draft is no version: it has no number, applies nowhere but in its own
thread, and ends. Pure. Rule: in its thread applies exactly what would apply at its level if it were saved.
"""

from dataclasses import dataclass

from bot.core.config import DIRECT_MESSAGES, Scope, ScopeConfig
from bot.core.turns import ThreadKey

DRAFT_LIFETIME_SECONDS = 7 * 24 * 3_600.0
"""Seconds for which a draft can be tried and published; long enough for a weekend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody tries."""

    thread: ThreadKey
    """Where it is tried."""
    scope: Scope
    """For which it is meant."""
    based_on: int
    """Number of the version that was edited, 0 where there was none."""
    config: ScopeConfig
    author: str
    """Platform's id of the person."""
    note: str = ""

    @property
    def target(self) -> ThreadKey:
        """Where it would apply, as far as it is a thread's or a channel's; else where it is tried."""
        level = self.scope
        if level.channel in {"", DIRECT_MESSAGES}:
            return self.thread
        return ThreadKey(
            platform=level.platform, workspace=level.workspace, channel=level.channel, root=level.root
        )
