"""The port to conversations: questions, their answers, and the messages that show these.

`Intake` records what people write, `Answerer` reads what a question needs and saves its answer. A turn is
one question with its answer, and moves through the states of `core.turns.TRANSITIONS`:

    accept -> WAITING -> ANSWERING -> ANSWERED -> DONE      (settle; or FAILED, or STOPPED)
                 ^                                  |
                 +---------------- retry -----------+

`WorkQueue` decides which process answers it. Both ports are implemented by the same store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.chat.drafts import Draft
from bot.core.config import ConfigVersion
from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.requests import Answer
from bot.core.spending.budgets import Budget
from bot.core.turns import Action, IncomingMessage, MessageKey, ThreadKey, Turn, TurnStatus, VariantPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnContext:
    """What the store returns before a turn is answered: the conversation, and what admins set."""

    history: tuple[Turn, ...]
    """Earlier turns of the thread that have ended, oldest first."""
    config_versions: tuple[ConfigVersion, ...] = ()
    """The newest versions of all scopes that may apply to the thread, or to the scope of its draft."""
    draft: Draft | None = None
    """The draft that is being tried in the thread, if any."""
    budgets: tuple[Budget, ...] = ()
    """The budgets that apply to this person in this channel; see `find_applying_budgets`."""
    read_at: float = 0.0
    """When the thread was last read from the platform, in seconds since 1970; 0 if never."""


class Conversations(Protocol):
    """Conversations, durable. One method is one transaction.

    Each method raises `StoreUnavailable` when the database does not answer. `record_page`, `forget_pages`,
    `save_answer` and `settle` are for the owner of a turn: they raise `ClaimLost` when `turn.token` is not
    the newest, or another process owns the turn.
    """

    async def accept(self, incoming: IncomingMessage, *, claim: bool) -> Turn | None:
        """Record a question.

        Returns the new turn. It is claimed for this process (`ANSWERING`) if `claim` is set, no other turn
        of the thread is open, and its author has fewer running turns than `ClaimRules.answers_per_person`;
        else it is `WAITING`. Raises `TooManyQuestions`, and records nothing, if its author asked more often
        within the last minute than `ClaimRules.questions_per_minute`. Returns None if

        - the message or its delivery was recorded before. A message that `record_overheard` recorded does not
          count: its `NOTED` turn becomes the question;
        - the message is a `REPLY` or `OVERHEARD` in a thread where the bot was never asked;
        - the message is `OVERHEARD`: it becomes a `NOTED` turn, which is not answered.
        """
        ...

    async def record_overheard(self, thread: ThreadKey, messages: Sequence[IncomingMessage]) -> None:
        """Record messages that were read from the platform; those already recorded stay as they are.

        Each new one becomes a `NOTED` turn. The thread counts as read now: see `TurnContext.read_at`.
        """
        ...

    async def edit_question(self, message: MessageKey, text: str, *, delivery: str = "") -> Turn | None:
        """Replace the text of a question that its author edited.

        Returns its turn if the text changed and the turn has ended with an answer or a failure, so that the
        caller can offer a new answer; else None.
        """
        ...

    async def forget(self, message: MessageKey, *, delivery: str = "") -> Turn | None:
        """Erase a deleted question and its answer. The turn becomes `FORGOTTEN` even if a process owns it.

        Returns the turn with the pages that showed its answer, or None if there was no such turn.
        """
        ...

    async def is_forgotten(self, turn: Turn) -> bool:
        """Return whether a turn was erased since it was read."""
        ...

    async def retry(
        self,
        turn: int,
        thread: ThreadKey,
        *,
        by: str,
        claim: bool,
        by_admin: bool = False,
        goes_on: bool = False,
        shown_token: int = 0,
    ) -> Turn | None:
        """Let an ended turn be answered again, into the same messages. With `goes_on` its text is continued.

        `by` is the platform's user id: only the author of the question and admins may, and only from the
        turn's own thread. Returns the turn, claimed for this process if `claim` is set and no other turn of
        the thread is open, else `WAITING`. Returns None if the person may not, or the turn has not ended.

        `shown_token` is the turn's fencing token that the pressed button was written under; if the turn was
        claimed since, the press is an old one, or another one of the same button, and None is returned.
        """
        ...

    async def flip(
        self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False, shown_token: int = 0
    ) -> bool:
        """Show another variant of a complete answer: see `core.reply.variants.move_position`.

        The turn becomes `ANSWERED`, so that a process claims and shows it; a turn that is being shown is
        shown once more, unless `shown_token` says which buttons were pressed. Returns False if the person
        may not (as in `retry`), or there is only one variant.
        """
        ...

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Mark an open turn as to be stopped; only the author of the question and admins may.

        The state does not change. The owner finds the mark by `WorkQueue.list_turns_to_stop`, the next owner
        by `Turn.stopped_by`; it ends the turn. The message that said "stop" never becomes a question, even if
        its author may not stop the turn. Where no turn is open the message is not recorded.
        """
        ...

    async def find_turn(self, thread: ThreadKey, message_id: str) -> int | None:
        """Return the id of the ended turn whose question or page this message is, or None."""
        ...

    async def read_context(self, turn: Turn, *, limit: int) -> TurnContext:
        """Return what to answer a turn with; its history holds the newest `limit` turns before this one.

        Ended and noted turns are history; forgotten ones are not.
        """
        ...

    async def record_page(self, turn: Turn, page: int, message_id: str) -> None:
        """Record which message shows page `page` (0, 1, ...) of the answer."""
        ...

    async def forget_pages(self, turn: Turn, page: int) -> None:
        """Record that no message shows page `page` of the answer any more, or a later page."""
        ...

    async def save_answer(self, turn: Turn, answer: Answer, others: Sequence[Answer] = ()) -> VariantPosition:
        """Save the complete answer, and `others` as variants of it: `ANSWERING` becomes `ANSWERED`.

        The cost of the call, `answer.call`, is charged. Returns the answer's position among all variants of
        the turn; its `count` is 0 where there is only one.
        """
        ...

    async def settle(
        self,
        turn: Turn,
        status: TurnStatus,
        *,
        error: str = "",
        answer: Answer | None = None,
        claim: bool = True,
    ) -> Turn | None:
        """End a turn as `DONE`, `STOPPED` or `FAILED`; save `answer`, a partial one, if given.

        The cost of its call is charged, and the turn's reservation ends: see `Ledger.reserve`. Returns the
        thread's next waiting turn, claimed for this process, if `claim` is set and there is one.
        """
        ...
