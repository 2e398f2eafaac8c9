"""`Summaries` in memory: the twin of the one in SQL, for tests and for authors of plugins.

Separate because it needs no library. It passes the same contract suite.
"""

from bot.core.chat.summaries import MAX_KEPT_SUMMARIES, Summary, ThreadSummaries
from bot.core.turns import ThreadKey
from bot.store.storable_text import make_storable
from bot.testing.memory_data import MemoryData


class MemorySummaries:
    """`Summaries` without a database."""

    def __init__(self, data: MemoryData) -> None:
        """Take what the stores share whose threads these are."""
        self._data = data

    async def read_summaries(self, thread: ThreadKey) -> ThreadSummaries:
        """Return the summaries of a thread, and its revision."""
        return self._data.summaries.get(thread, ThreadSummaries())

    async def save_summary(self, thread: ThreadKey, summary: Summary, *, revision: int) -> bool:
        """Keep a summary, unless what it was made of has changed."""
        known = await self.read_summaries(thread)
        if known.revision != revision or thread not in self._data.threads:
            return False
        others = (each for each in known.summaries if each.until != summary.until)
        kept = (*others, Summary(until=summary.until, text=make_storable(summary.text)))
        self._data.summaries[thread] = ThreadSummaries(revision=revision, summaries=kept[-MAX_KEPT_SUMMARIES:])
        return True
