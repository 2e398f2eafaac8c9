"""A draft: a config that its author tries in one thread before publishing it to everybody.

A draft has no version number, applies only in its own thread, and expires. In that thread everything behaves
as if the draft had been saved for its scope.
"""

from dataclasses import dataclass

from bot.core.config import DIRECT_MESSAGES, Scope, ScopeConfig
from bot.core.turns import ThreadKey

DRAFT_LIFETIME_SECONDS = 7 * 24 * 3_600.0
"""A draft can be tried and published for a week; a weekend in between does no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A config that is being tried."""

    thread: ThreadKey
    """The thread in which it is tried."""
    scope: Scope
    """The scope that it is meant for."""
    based_on: int
    """Number of the version that was edited; 0 if there was none."""
    config: ScopeConfig
    author: str
    """The platform's id of the person."""
    note: str = ""

    @property
    def target(self) -> ThreadKey:
        """The draft's thread or channel as a key; for wider scopes, the thread in which it is tried."""
        scope = self.scope
        if scope.channel in {"", DIRECT_MESSAGES}:
            return self.thread
        return ThreadKey(platform=scope.platform, workspace=scope.workspace, channel=scope.channel, root=scope.root)
