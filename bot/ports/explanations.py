"""The port to how answers came about."""

from typing import Protocol

from bot.core.history.explanation import Explanation
from bot.core.turns import ThreadKey


class Explanations(Protocol):
    """How answers came about. One method, one transaction; raises `StoreUnavailable`."""

    async def explain(self, thread: ThreadKey, message_id: str) -> Explanation | None:
        """Return how the answer came about that a message shows, or asked for; None if there is none."""
        ...
