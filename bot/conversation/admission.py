"""Who asked is looked at once more before the model is: rules change while a question waits.

Separate from `answering`, which answers whatever it is given. Rules: what is answered already is only shown;
where the platform does not answer, it is asked until it does, as it is while an answer is shown.
"""

from typing import Protocol

import structlog

from bot.core.access.rules import AccessRefusal
from bot.core.errors import BotError
from bot.core.turns import Turn, TurnStatus
from bot.delivery.retry import retry_until_answered
from bot.ports import AccessPolicy

NOT_ADMITTED_CODE = "not_admitted"
"""Stands as the error of a turn that was refused."""

log = structlog.get_logger()


class Ending(Protocol):
    """How a turn is ended; `Answering` is one."""

    async def answer(self, turn: Turn) -> Turn | None:
        """Answer a turn, and return the thread's next one, claimed, or None."""
        ...

    async def refuse(self, turn: Turn, sentence: str, code: str) -> Turn | None:
        """End it with a sentence and without an answer."""
        ...

    async def give_up(self, turn: Turn, error: type[BotError]) -> Turn | None:
        """Likewise, since something went wrong."""
        ...

    def stop(self, turn: int) -> None:
        """Let a turn that is being ended end where it is."""
        ...


class AdmissionCheck:
    """Ends turns, those of people who may not ask any more without an answer; a `Craft`."""

    def __init__(self, access: AccessPolicy, runner: Ending) -> None:
        self._access = access
        self._runner = runner
        self.give_up = runner.give_up
        self.stop = runner.stop

    async def answer(self, turn: Turn) -> Turn | None:
        """End a claimed turn, and return the thread's next one, claimed, or None. Raises `StoreError`."""
        refused = None if turn.status is TurnStatus.ANSWERED else await self._find_refusal(turn)
        if refused is None:
            return await self._runner.answer(turn)
        log.info("A question is refused that was let in before.", action="turn_denied", reason=refused)
        return await self._runner.refuse(turn, refused.for_people, NOT_ADMITTED_CODE)

    async def _find_refusal(self, turn: Turn) -> AccessRefusal | None:
        return await retry_until_answered(lambda: self._access.find_refusal(turn.thread, turn.author.id))
