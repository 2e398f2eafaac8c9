"""Checks access again just before a turn is answered: rules may change while a question waits.

The access guard admitted the question before it was recorded. If its author may no longer ask, the turn
ends with a sentence and the model is not called:

    Worker --answer--> AdmissionCheck --answer--> Answerer        the author may ask
                             '--------refuse--> Answerer          not any more

A turn whose answer is saved already is only shown, so it is not checked. While the platform does not answer
who the author is, the check waits for it, as writing an answer does.
"""

import structlog

from bot.conversation.answering import Answerer
from bot.core.access.permission_check import AccessRefusal
from bot.core.turns import Turn, TurnStatus
from bot.delivery.retry import retry_until_answered
from bot.ports import AccessPolicy

NOT_ADMITTED_CODE = "not_admitted"
"""The error code of a turn that was refused here."""

log = structlog.get_logger()


class AdmissionCheck:
    """A `TurnRunner` in front of the `Answerer`: refuses turns whose authors may no longer ask."""

    def __init__(self, access: AccessPolicy, answerer: Answerer) -> None:
        """`access` decides by the rules of this moment; `answerer` ends each turn, one way or the other.

        Only answers are checked: to give a turn up, or to stop it, goes straight to the `answerer`.
        """
        self._access = access
        self._answerer = answerer
        self.give_up = answerer.give_up
        self.stop = answerer.stop

    @property
    def finishing(self) -> int:
        """How many turns need the model no more; see `TurnRunner`."""
        return self._answerer.finishing

    async def answer(self, turn: Turn) -> Turn | None:
        """Answer or refuse a claimed turn; return the thread's next one, claimed, or None. Raises `StoreError`."""
        refusal = None if turn.status is TurnStatus.ANSWERED else await self._find_refusal(turn)
        if refusal is None:
            return await self._answerer.answer(turn)
        log.info("A question is refused that was admitted before.", action="turn_denied", reason=refusal)
        return await self._answerer.refuse(turn, refusal.for_people, NOT_ADMITTED_CODE)

    async def _find_refusal(self, turn: Turn) -> AccessRefusal | None:
        """Return why the turn's author may not ask now, or None; wait for the platform as long as it takes."""
        return await retry_until_answered(lambda: self._access.find_refusal(turn.thread, turn.author.id))
