"""`Drafts` in memory: the twin of those in SQL, for tests and for authors of plugins.

Separate because it needs no library. It passes the same contract suite.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from bot.core.chat.drafts import Draft
from bot.core.turns import ThreadKey
from bot.store.storable_text import make_storable

StoredDrafts = dict[ThreadKey, tuple[Draft, float]]
"""Drafts by their threads, each with its end in seconds since 1970."""


class MemoryDrafts:
    """`Drafts` without a database."""

    def __init__(self, kept: StoredDrafts | None = None, clock: Callable[[], float] = time.time) -> None:
        """Begin with `kept`, shared with whoever holds it."""
        self._kept = {} if kept is None else kept
        self._clock = clock

    async def save_draft(self, draft: Draft, *, lasts: float) -> None:
        """Let a draft be tried in its thread."""
        self._kept[draft.thread] = replace(draft, note=make_storable(draft.note)), self._clock() + lasts

    async def find_draft(self, thread: ThreadKey) -> Draft | None:
        """Return the draft that is tried in a thread."""
        draft, until = self._kept.get(thread, (None, 0.0))
        return draft if until > self._clock() else None

    async def delete_draft(self, thread: ThreadKey) -> bool:
        """Let a thread's draft be tried no more."""
        was_tried = await self.find_draft(thread) is not None
        self._kept.pop(thread, None)
        return was_tried
