"""A lock for each key: first come, first served within a key, no waiting between keys.

    locks = KeyedLock()
    async with locks(thread):
        ...  # alone in this thread; other threads are not delayed

Deliveries run in separate tasks, and each may wait a different time for names from Slack. A lock for each
thread, taken in order of arrival, records the messages of a thread in the order in which they were written.
asyncio's locks are fair, so tasks enter in the order in which they asked. A task that is cancelled while it
waits leaves the queue, and one that fails releases the lock. A key without users takes no memory.

Example with two messages A and B of one thread and C of another; A needs 300 ms for a name:

    0 ms    A enters its lock     B waits for A     C enters its lock and is recorded
    300 ms  A is recorded         B enters
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class KeyedLock:
    """Admits one task at a time for each key, in the order of arrival."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._users: Counter[Hashable] = Counter()
        """How many tasks hold or wait for the lock of a key."""

    @asynccontextmanager
    async def __call__(self, key: Hashable) -> AsyncIterator[None]:
        """Wait for the lock of a key and hold it while the context lasts."""
        self._users[key] += 1
        try:
            async with self._locks.setdefault(key, asyncio.Lock()):  # asyncio's locks are fair
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]

    def __len__(self) -> int:
        """Return how many keys are in use."""
        return len(self._locks)
