"""`Lessons` in memory: the twin of the one in SQL, for tests and for authors of plugins.

Separate because it needs no library. It passes the same contract suite.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.core.learned_facts import FACT_LIFETIME_SECONDS, Fact


class MemoryLearnedFacts:
    """`Lessons` without a database."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970."""
        self._clock = clock
        self._noted: dict[tuple[str, str, str], tuple[float, Fact]] = {}

    async def list_facts(self) -> Sequence[Fact]:
        """Return what was learnt lately."""
        since = self._clock() - FACT_LIFETIME_SECONDS
        return [lesson for _, (at, lesson) in sorted(self._noted.items()) if at > since]

    async def save_fact(self, lesson: Fact) -> None:
        """Keep a lesson."""
        copied = replace(lesson, content=json.loads(json.dumps(lesson.content)))
        self._noted[lesson.server, lesson.model, lesson.subject] = (self._clock(), copied)

    async def forget_all(self) -> int:
        """Drop all lessons."""
        count = len(self._noted)
        self._noted.clear()
        return count
