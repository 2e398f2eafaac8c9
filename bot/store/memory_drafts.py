"""`Drafts` in memory: the twin of those in SQL, for tests and for authors of plugins.

Separate because it needs no library. It passes the same contract suite.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from bot.core.domain import ThreadKey
from bot.core.drafts import Draft
from bot.store.text import storable

Kept = dict[ThreadKey, tuple[Draft, float]]
"""Drafts by their threads, each with its end in seconds since 1970."""


class MemoryDrafts:
    """`Drafts` without a database."""

    def __init__(self, kept: Kept | None = None, clock: Callable[[], float] = time.time) -> None:
        """Begin with `kept`, shared with whoever holds it."""
        self._kept = {} if kept is None else kept
        self._clock = clock

    async def keep(self, draft: Draft, *, lasts: float) -> None:
        """Let a draft be tried in its thread."""
        self._kept[draft.thread] = replace(draft, note=storable(draft.note)), self._clock() + lasts

    async def tried(self, thread: ThreadKey) -> Draft | None:
        """Return the draft that is tried in a thread."""
        draft, until = self._kept.get(thread, (None, 0.0))
        return draft if until > self._clock() else None

    async def drop(self, thread: ThreadKey) -> bool:
        """Let a thread's draft be tried no more."""
        was_tried = await self.tried(thread) is not None
        self._kept.pop(thread, None)
        return was_tried
