"""The door to the conversations: every use case of theirs that a database carries."""

from collections.abc import Callable, Sequence
from typing import Protocol

from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.requests import Answer
from bot.core.turns import Action, IncomingMessage, MessageKey, ThreadKey, Turn, TurnStatus, VariantPosition
from bot.ports.conversations import TurnContext


class Store(Protocol):
    """Conversations, durable. One method is one transaction.

    Each raises `StoreUnavailable` when the database does not answer. Methods that change a turn raise
    `ClaimLost` when the turn's `token` is not the newest or its owner is another process.
    """

    async def accept(self, incoming: IncomingMessage, *, claim: bool) -> Turn | None:
        """Record a question.

        Returns the new turn: claimed for this process (`ANSWERING`) if `claim` is set and no other
        turn of the thread is open, else `WAITING`. Returns None if the message or its delivery was
        recorded before, if it is a `REPLY` or `OVERHEARD` in a thread where the bot has never been
        asked, and for what is `OVERHEARD` (which becomes a `NOTED` turn). A question that was only read
        in the thread so far, see `overheard`, is not known yet: its `NOTED` turn becomes the question.
        """
        ...

    async def record_overheard(self, thread: ThreadKey, messages: Sequence[IncomingMessage]) -> None:
        """Record what the platform says was written in a thread, as far as it is not known.

        Each becomes a `NOTED` turn; the thread counts as read now (`Context.read_at`).
        """
        ...

    async def edit_question(self, message: MessageKey, text: str, *, delivery: str = "") -> Turn | None:
        """Replace the text of a question that its author edited.

        Returns its turn if it has ended with an answer or a failure, so that a new answer can be
        offered, and the text is another one. None otherwise.
        """
        ...

    async def forget(self, message: MessageKey, *, delivery: str = "") -> Turn | None:
        """Erase a deleted question and its answer; the turn becomes `FORGOTTEN`, whoever works on it.

        Returns the turn with the pages that showed its answer, or None if there was none.
        """
        ...

    async def retry(
        self, turn: int, thread: ThreadKey, *, by: str, claim: bool, by_admin: bool = False, goes_on: bool = False
    ) -> Turn | None:
        """Let an ended turn be answered again, into the same messages; if it `goes_on`, its text is kept.

        `by` is the platform's user id; only the author of the question and admins may, and only within the
        turn's own thread. Returns the turn, claimed for this process if `claim` is set and no other turn of
        the thread is open, else `WAITING`; None if it may not or is not ended.
        """
        ...

    async def flip(self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False) -> bool:
        """Put another variant in the place of an answer that is complete: see `core.variants.moved`.

        The turn becomes `ANSWERED`, to be claimed and shown; one that is being shown, once more. Returns
        whether it may: the same people as in `retry`, and only where there is a choice.
        """
        ...

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Mark an open turn as one that somebody wants stopped: the author of the question, or an admin.

        Its state does not change: who works on it learns of it from `to_stop`, who claims it from
        `Turn.stopped_by`, and ends it. A message that said so is never a question from then on, also where
        its author may not stop the turn; one for which there is nothing to stop is not recorded.
        """
        ...

    async def list_turns_to_stop(self) -> Sequence[int]:
        """Return the ids of the turns of this process that somebody wants stopped and that have not ended."""
        ...

    async def find_turn(self, thread: ThreadKey, message_id: str) -> int | None:
        """Return the id of the ended turn that a message of a thread asked for, or shows; else None."""
        ...

    async def claim(self, limit: int) -> Sequence[Turn]:
        """Claim up to `limit` turns: the oldest open turn of threads where nothing runs.

        Within a thread the order is that of `Incoming.sent_at`, then of recording.
        """
        ...

    async def read_context(self, turn: Turn, *, limit: int) -> TurnContext:
        """Return the newest `limit` ended or noted turns before this one, oldest first, and the steering.

        Forgotten ones are not among them.
        """
        ...

    async def record_page(self, turn: Turn, page: int, message_id: str) -> None:
        """Note that a message now shows page `page` (0, 1, ...) of the answer."""
        ...

    async def forget_pages(self, turn: Turn, page: int) -> None:
        """Note that no message shows page `page` of the answer any more, or a later one."""
        ...

    async def save_answer(self, turn: Turn, answer: Answer, others: Sequence[Answer] = ()) -> VariantPosition:
        """Save the complete answer, and `others` beside it: `ANSWERING` becomes `ANSWERED`.

        What it cost, `answer.call`, is charged. Returns its place among all variants that the turn has by
        now; see `Place.count`.
        """
        ...

    async def settle(
        self, turn: Turn, status: TurnStatus, *, error: str = "", answer: Answer | None = None, claim: bool = True
    ) -> Turn | None:
        """End a turn as `DONE`, `STOPPED` or `FAILED`; keep `answer` (a partial one) if given.

        What that cost is charged, and nothing is kept for the turn any more: see `Ledger.reserve`.

        Returns the thread's next waiting turn, claimed for this process, if `claim` is set and there
        is one.
        """
        ...

    async def release(self, turn: Turn) -> None:
        """Give a claimed turn back to be taken up by anyone: `ANSWERED` stays, else `WAITING`."""
        ...

    async def record_heartbeat(self, lease: float) -> None:
        """Say that this process lives, and free the turns of processes silent for `lease` seconds."""
        ...

    async def unregister(self) -> None:
        """Say that this process ends: its heartbeat is removed and its turns are free."""
        ...

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever another process hands work over, or wants a turn stopped, until cancelled.

        Never raises. Only a hint: what is missed is found by `claim` and `to_stop`.
        """
        ...

    async def get_or_create_secret(self, name: str, make: Callable[[], str]) -> str:
        """Return the secret of this installation called `name`, storing `make()` if there is none."""
        ...
