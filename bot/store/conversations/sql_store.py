"""The store in SQL: conversations and the work queue, as one process sees them.

`SqlStore` implements the ports `Conversations` and `WorkQueue`, where each method is described. Almost every method
runs one plain function of a connection as one transaction:

    SqlStore.accept         -> turn_queue.accept_question   a question comes in
    SqlStore.read_context   -> turn_context.read_context    what to answer it with
    SqlStore.record_page    -> turn_queue.record_page       a message was posted
    SqlStore.save_answer    -> turn_queue.save_answer       the answer is complete
    SqlStore.settle         -> turn_queue.settle_turn       the thread shows it; the next turn is claimed

Between these transactions nothing is locked while a model or the platform works. What people do besides is in
`changes` (edit, delete, retry, other variants) and `stop_requests`; heartbeats are in `processes`.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection

from bot.core.errors import StoreError
from bot.core.reply.stopping import StopOutcome, StopRequest
from bot.core.requests import Answer
from bot.core.turns import Action, IncomingMessage, MessageKey, ThreadKey, Turn, TurnStatus, VariantPosition
from bot.ports import ClaimRules, TurnContext
from bot.ports.work_queue import SessionObserver
from bot.store.conversations import (
    changes,
    explanations,
    processes,
    statements,
    stop_requests,
    turn_context,
    turn_queue,
)
from bot.store.conversations.requester import Requester
from bot.store.conversations.turn_queue import Claimant
from bot.store.database import Database
from bot.store.spending.ledger import SqlLedger

P = ParamSpec("P")
Claimed = TypeVar("Claimed", Turn | None, Sequence[Turn])

SWEEP_INTERVAL_SECONDS: Final = 3600.0
"""How long to wait after all expired rows are deleted before looking for more."""


class SqlStore:
    """`Conversations` and `WorkQueue` on SQLite or PostgreSQL.

    `owner` is the name of this process; no other process may ever have the same. `rules` say what it may claim.
    """

    def __init__(self, database: Database, owner: str, rules: ClaimRules | None = None) -> None:
        self._database = database
        self._owner = owner
        self._claimant = Claimant(owner, rules or ClaimRules())
        self._sweep_at = 0.0

    @property
    def owner(self) -> str:
        """The name of this process."""
        return self._owner

    async def open(self) -> None:
        """Register this process; call once, after migrations and before anything else.

        On SQLite there is no other living process, so the next heartbeat frees all turns of earlier ones.
        """
        await self._database.tx(processes.register_worker, self._owner, alone=not self._database.is_shared)

    def ledger(self) -> SqlLedger:
        """Return the ledger, as this process sees it."""
        return SqlLedger(self._database, self._owner)

    async def accept(self, incoming: IncomingMessage, *, claim: bool) -> Turn | None:
        """Record a question; None if it needs no answer."""
        return await self._run_claiming(turn_queue.accept_question, incoming, claim=claim)

    async def record_overheard(self, thread: ThreadKey, messages: Sequence[IncomingMessage]) -> None:
        """Record messages that were read from the platform."""
        await self._database.tx(turn_queue.record_overheard, thread, messages)

    async def edit_question(self, message: MessageKey, text: str, *, delivery: str = "") -> Turn | None:
        """Replace a question's text; return its turn if a new answer can be offered."""
        return await self._database.tx(changes.edit_question, message, text, delivery)

    async def forget(self, message: MessageKey, *, delivery: str = "") -> Turn | None:
        """Erase a question and its answer; return the turn with the pages that showed it."""
        return await self._database.tx(changes.forget_message, message, delivery)

    async def is_forgotten(self, turn: Turn) -> bool:
        """Return whether a turn was erased since it was read."""
        return await self._database.tx(changes.is_forgotten, turn.id)

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
        """Let an ended turn be answered again; None if the person may not."""
        requester = Requester(by, by_admin, shown_token)
        return await self._run_claiming(changes.retry_turn, turn, thread, requester, claim=claim, goes_on=goes_on)

    async def flip(
        self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False, shown_token: int = 0
    ) -> bool:
        """Show another variant of an answer; False if the person may not."""
        requester = Requester(by, by_admin, shown_token)
        return await self._database.tx(changes.flip_variant, turn, thread, action, requester)

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Mark an open turn as to be stopped."""
        return await self._database.tx(stop_requests.request_stop, request)

    async def list_turns_to_stop(self) -> Sequence[int]:
        """Return the turns of this process that are marked as to be stopped."""
        return await self._database.tx(stop_requests.list_turns_to_stop, self._owner)

    async def find_turn(self, thread: ThreadKey, message_id: str) -> int | None:
        """Return the ended turn whose question or page this message is."""
        return await self._database.tx(explanations.find_turn, thread, message_id)

    async def claim(self, limit: int) -> Sequence[Turn]:
        """Claim up to `limit` turns, oldest first."""
        return await self._run_claiming(turn_queue.claim_turns, limit)

    async def read_context(self, turn: Turn, *, limit: int) -> TurnContext:
        """Return what to answer a turn with."""
        return await self._database.tx(turn_context.read_context, turn, limit)

    async def record_page(self, turn: Turn, page: int, message_id: str) -> None:
        """Record which message shows a page."""
        await self._database.tx(turn_queue.record_page, self._owner, turn, page, message_id)

    async def forget_pages(self, turn: Turn, page: int) -> None:
        """Record that no message shows a page any more, or a later one."""
        await self._database.tx(turn_queue.forget_pages, self._owner, turn, page)

    async def save_answer(self, turn: Turn, answer: Answer, others: Sequence[Answer] = ()) -> VariantPosition:
        """Save the complete answer and its variants; return its position among them."""
        return await self._database.tx(turn_queue.save_answer, self._owner, turn, answer, others)

    async def settle(
        self, turn: Turn, status: TurnStatus, *, error: str = "", answer: Answer | None = None, claim: bool = True
    ) -> Turn | None:
        """End a turn; return the thread's next one, claimed, if `claim` is set."""
        return await self._run_claiming(turn_queue.settle_turn, turn, status, error=error, answer=answer, claim=claim)

    async def release(self, turn: Turn) -> None:
        """Give a turn back."""
        await self._database.tx(turn_queue.release_turn, self._owner, turn)

    async def record_heartbeat(self, lease: float) -> None:
        """Record that this process is alive, and free the turns of processes silent for `lease` seconds.

        About once an hour expired rows are deleted afterwards, in a transaction of their own.
        """
        await self._database.tx(processes.record_heartbeat, self._owner, lease)
        now = asyncio.get_running_loop().time()
        if now >= self._sweep_at and not await self._database.tx(processes.delete_expired_rows):
            self._sweep_at = now + SWEEP_INTERVAL_SECONDS

    async def unregister(self) -> None:
        """Record that this process ends."""
        await self._database.tx(processes.unregister_worker, self._owner)

    async def listen(self, wake: Callable[[], None], observer: SessionObserver) -> None:
        """Call `wake` whenever another process frees a turn or marks one to stop, until cancelled."""
        if self._database.is_shared:
            # psycopg is 9 MB that SQLite has no use for
            from bot.store import notifications  # noqa: PLC0415
            from bot.store.conversations.process_session import ProcessSession  # noqa: PLC0415

            await notifications.listen(
                self._database.url,
                {**self._database.notification_callbacks, statements.WORK_CHANNEL: wake},
                ProcessSession(self._database, self._owner, observer),
            )
        await asyncio.get_running_loop().create_future()  # an SQLite file has no other process

    async def get_or_create_secret(self, name: str, make: Callable[[], str]) -> str:
        """Return a secret of this installation; the first call stores `make()`."""
        return await self._database.tx(processes.get_or_create_secret, name, make)

    async def _run_claiming(
        self, f: Callable[Concatenate[Connection, Claimant, P], Claimed], *args: P.args, **kwargs: P.kwargs
    ) -> Claimed:
        """Run a transaction that may claim turns. If the caller is cancelled, give the claimed turns back.

        Otherwise these turns would stay with this process, which is alive but does not know of them.
        """
        claimed: Claimed | None = None

        def claiming(connection: Connection) -> Claimed:
            nonlocal claimed
            claimed = f(connection, self._claimant, *args, **kwargs)
            return claimed

        try:
            return await self._database.tx(claiming)
        except asyncio.CancelledError:
            with suppress(StoreError):  # `ClaimLost` too, if the transaction failed after all
                await self._give_back(claimed)
            raise

    async def _give_back(self, claimed: Turn | Sequence[Turn] | None) -> None:
        turns = [claimed] if isinstance(claimed, Turn) else claimed or ()
        for turn in turns:
            if turn.status is not TurnStatus.WAITING:
                await self.release(turn)
