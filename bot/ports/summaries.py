"""The port to what stands for turns that are out of view."""

from typing import Protocol

from bot.core.chat.summaries import Summary, ThreadSummaries
from bot.core.turns import ThreadKey


class Summaries(Protocol):
    """What stands for turns that are out of view. One method, one transaction; raises `StoreUnavailable`.

    They go by themselves: with a turn that is erased, reworded or answered differently, every summary that
    covers it.
    """

    async def read_summaries(self, thread: ThreadKey) -> ThreadSummaries:
        """Return the newest `KEPT` summaries of a thread, oldest first, and its revision."""
        ...

    async def save_summary(self, thread: ThreadKey, summary: Summary, *, revision: int) -> bool:
        """Keep a summary; False, and nothing is kept, if the thread has another revision by now."""
        ...
