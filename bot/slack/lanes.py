"""First come, first served, for each key on its own.

Separate because deliveries run in tasks of their own and wait for names of different people: what was said
first in a thread must be recorded first. A lane that nobody uses does not exist.
"""

import asyncio
from collections.abc import Hashable
from weakref import WeakValueDictionary


class Lanes:
    """`async with lanes(key):` admits one at a time, in the order in which they came."""

    def __init__(self) -> None:
        # Who waits in a lane or is through holds its lock; with the last of them it goes.
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def __call__(self, key: Hashable) -> asyncio.Lock:
        """Return the lane of a key; asyncio's locks are fair."""
        return self._locks.setdefault(key, asyncio.Lock())

    def __len__(self) -> int:
        """Return how many lanes are in use."""
        return len(self._locks)
