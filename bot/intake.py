"""One incoming message -> a recorded turn.

Separate because it is the promise to the platform: when `accept` returns, the question is durable and
the delivery may be acknowledged; when it raises, it may not, and the platform delivers again.
"""

from collections.abc import Callable

import structlog

from bot.core.domain import Incoming, Turn, TurnStatus
from bot.ports import Store

log = structlog.get_logger()


class Intake:
    """Records questions and hands those that may start at once to this process's worker."""

    def __init__(self, store: Store, *, has_room: Callable[[], bool], start: Callable[[Turn], None]) -> None:
        self._store = store
        self._has_room = has_room
        self._start = start

    async def accept(self, incoming: Incoming) -> Turn | None:
        """Record a message; None if it was seen before or does not concern us. Raises `StoreError`."""
        turn = await self._store.accept(incoming, claim=self._has_room())
        if turn is None:
            return None
        log.info(
            "A question is recorded.", action="turn_accepted", turn=turn.id, addressed=incoming.addressed
        )
        if turn.status is TurnStatus.ANSWERING:
            self._start(turn)
        return turn
