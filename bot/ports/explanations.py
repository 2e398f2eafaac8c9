"""The port to explanations: how an answer came about, for admins who ask "why this answer?"."""

from typing import Protocol

from bot.core.history.explanation import Explanation
from bot.core.turns import ThreadKey


class Explanations(Protocol):
    """How answers came about. One method, one transaction; raises `StoreUnavailable`."""

    async def explain(self, thread: ThreadKey, message_id: str) -> Explanation | None:
        """Return how an answer came about; `message_id` is its question, or any message that shows it.

        Returns None if the message is neither, or its turn has not ended.
        """
        ...
