"""First come, first served, for each key on its own.

Separate because deliveries run in tasks of their own and wait for names of different people: what was said
first in a thread must be recorded first. A lane that nobody uses does not exist.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class KeyedLock:
    """`async with lanes(key):` admits one at a time, in the order in which they came."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._users: Counter[Hashable] = Counter()
        """How many wait in a lane or are in it."""

    @asynccontextmanager
    async def __call__(self, key: Hashable) -> AsyncIterator[None]:
        """Wait for one's turn in the lane of a key, and keep it while the context lasts."""
        self._users[key] += 1
        try:
            async with self._locks.setdefault(key, asyncio.Lock()):  # asyncio's locks are fair
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]

    def __len__(self) -> int:
        """Return how many lanes are in use."""
        return len(self._locks)
