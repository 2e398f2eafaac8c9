"""`Summaries` in memory: the twin of the one in SQL, for tests and for authors of plugins.

Separate because it needs no library. It passes the same contract suite.
"""

from bot.core.domain import ThreadKey
from bot.core.summaries import KEPT, Known, Summary
from bot.store.memory_data import MemoryData
from bot.store.text import storable


class MemorySummaries:
    """`Summaries` without a database."""

    def __init__(self, data: MemoryData) -> None:
        """Take what the stores share whose threads these are."""
        self._data = data

    async def known(self, thread: ThreadKey) -> Known:
        """Return the summaries of a thread, and its revision."""
        return self._data.summaries.get(thread, Known())

    async def save(self, thread: ThreadKey, summary: Summary, *, revision: int) -> bool:
        """Keep a summary, unless what it was made of has changed."""
        known = await self.known(thread)
        if known.revision != revision or thread not in self._data.threads:
            return False
        others = (each for each in known.summaries if each.until != summary.until)
        kept = (*others, Summary(until=summary.until, text=storable(summary.text)))
        self._data.summaries[thread] = Known(revision=revision, summaries=kept[-KEPT:])
        return True
