"""Records what people do on a platform, and gives the work that follows from it to this process's worker.

This module holds the promise to the platform. When a method returns, what happened is committed, and the
delivery may be acknowledged. When it raises `StoreError`, it is not, and the platform delivers it again:

    Slack --event--> inbox --accept--> store: INSERT turn, COMMIT --> acknowledge --> worker.start(turn)

So a question is never lost between the acknowledgement and the answer. A delivery that comes twice is
recorded once: a message is unique by its workspace, channel and id.
"""

import structlog

from bot.conversation.answering import Answerer
from bot.conversation.worker import Worker
from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.turns import Action, IncomingMessage, MessageKey, ThreadKey, Turn, TurnStatus
from bot.ports import Conversations

log = structlog.get_logger()


class Intake:
    """Records questions, edits, deletions, stops, and requests for another answer."""

    def __init__(self, store: Conversations, worker: Worker, answerer: Answerer) -> None:
        self._store = store
        self._worker = worker
        self._answerer = answerer

    @property
    def is_draining(self) -> bool:
        """Whether this process is ending, and deliveries should go to another one."""
        return self._worker.is_draining

    async def accept(self, incoming: IncomingMessage) -> Turn | None:
        """Record a message; None if it was seen before or is not a question to the bot.

        Raises `StoreError`, and `TooManyQuestions` if its author asks too often.
        """
        turn = await self._store.accept(incoming, claim=self._worker.has_capacity())
        if turn is not None:
            log.info("A question is recorded.", action="turn_accepted", turn=turn.id, addressed=incoming.addressed)
            self._start_if_claimed(turn)
        return turn

    async def record_edit(self, message: MessageKey, text: str, *, delivery: str = "") -> None:
        """Record that a question was edited, and offer a new answer. Raises `StoreError`."""
        turn = await self._store.edit_question(message, text, delivery=delivery)
        if turn is not None:
            log.info("A question was edited.", action="turn_reworded", turn=turn.id)
            self._worker.run_in_background(self._answerer.offer_new_answer(turn))

    async def forget(self, message: MessageKey, *, delivery: str = "") -> None:
        """Erase a deleted question and its answer, here and in the thread. Raises `StoreError`."""
        turn = await self._store.forget(message, delivery=delivery)
        if turn is not None:
            log.info("A question was deleted.", action="turn_forgotten", turn=turn.id)
            self._answerer.discard(turn.id)
            self._worker.run_in_background(self._answerer.remove_answer(turn))

    async def retry(
        self,
        turn: int,
        thread: ThreadKey,
        *,
        by: str,
        by_admin: bool = False,
        goes_on: bool = False,
        shown_token: int = 0,
    ) -> bool:
        """Have a turn answered again, or gone on with, if `by` may ask for it. Raises `StoreError`."""
        again = await self._store.retry(
            turn,
            thread,
            by=by,
            by_admin=by_admin,
            claim=self._worker.has_capacity(),
            goes_on=goes_on,
            shown_token=shown_token,
        )
        if again is None:
            return False
        log.info("A turn is answered again.", action="turn_retried", turn=again.id)
        self._start_if_claimed(again)
        return True

    async def answer_again(self, thread: ThreadKey, message_id: str, *, by: str, by_admin: bool = False) -> bool:
        """Have the turn of a message answered again, if `by` may ask for it. Raises `StoreError`."""
        turn = await self._store.find_turn(thread, message_id)
        return turn is not None and await self.retry(turn, thread, by=by, by_admin=by_admin)

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Have an answer stopped, wherever it runs, if that person may ask for it. Raises `StoreError`."""
        outcome = await self._store.stop(request)
        if outcome is StopOutcome.TAKEN:
            log.info("An answer is to be stopped.", action="stop_wanted", by_admin=request.is_by_admin)
            self._worker.wake()
        return outcome

    async def flip(
        self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False, shown_token: int = 0
    ) -> bool:
        """Have another variant of an answer shown if `by` may ask for it. Raises `StoreError`."""
        taken = await self._store.flip(turn, thread, action, by=by, by_admin=by_admin, shown_token=shown_token)
        if taken:
            log.info("Another variant is to be shown.", action="turn_flipped", turn=turn)
            self._worker.wake()
        return taken

    def _start_if_claimed(self, turn: Turn) -> None:
        if turn.status is TurnStatus.ANSWERING:
            self._worker.start(turn)
