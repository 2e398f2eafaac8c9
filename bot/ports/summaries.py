"""The port to summaries: short texts in place of the turns that no longer fit into the model's window."""

from typing import Protocol

from bot.core.chat.summaries import Summary, ThreadSummaries
from bot.core.turns import ThreadKey


class Summaries(Protocol):
    """Summaries of threads. One method, one transaction; raises `StoreUnavailable`.

    A summary covers the thread up to one turn. When a covered turn is erased, edited or answered differently, the
    store deletes the summary and increments the thread's revision.
    """

    async def read_summaries(self, thread: ThreadKey) -> ThreadSummaries:
        """Return a thread's newest summaries, oldest first, and its revision."""
        ...

    async def save_summary(self, thread: ThreadKey, summary: Summary, *, revision: int) -> bool:
        """Save a summary that was made at `revision`. Returns False, and saves nothing, if that has changed."""
        ...
