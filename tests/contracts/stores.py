"""The type of a store under test: `SqlStore` or `MemoryStore`, which implement two ports and keep secrets."""

from collections.abc import Callable
from typing import Protocol

from bot.ports import Conversations, WorkQueue


class Store(Conversations, WorkQueue, Protocol):
    """What one process sees of the database that all processes share."""

    async def get_or_create_secret(self, name: str, make: Callable[[], str]) -> str:
        """Return the secret of this installation called `name`; the first call stores `make()`."""
        ...
