"""`Store` in SQL: each method runs a plain function of a connection as one transaction.

Separate from those functions so that these are plain and wait for nothing but the database. What each method
promises is written once, in `bot.ports`. Rule: who is cancelled while it claims holds nothing afterwards.
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
from bot.ports.conversations import TurnContext
from bot.store.conversations import changes, explanations, processes, statements, stopping, turn_context, turn_queue
from bot.store.conversations.permissions import Requester
from bot.store.database import Database
from bot.store.spending.ledger import SqlLedger

P = ParamSpec("P")
Claimed = TypeVar("Claimed", Turn | None, Sequence[Turn])

SWEEP_INTERVAL_SECONDS: Final = 3600.0
"""Seconds from when nothing old was left until it is looked for again."""


class SqlStore:
    """`Store` on SQLite or PostgreSQL; `owner` names this process, and no other one ever."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner
        self._sweep_at = 0.0

    @property
    def owner(self) -> str:
        """The name of this process."""
        return self._owner

    async def open(self) -> None:
        """Enter this process among the living; call once, after migrations and before anything else.

        On SQLite no other process can live, so the next `beat` frees what earlier ones left running.
        """
        await self._database.tx(processes.register_worker, self._owner, alone=not self._database.is_shared)

    def ledger(self) -> SqlLedger:
        """Return what this process may spend."""
        return SqlLedger(self._database, self._owner)

    async def accept(self, incoming: IncomingMessage, *, claim: bool) -> Turn | None:
        """Record a question; None if there is nothing to do about it."""
        return await self._run_claiming(turn_queue.accept_question, incoming, claim=claim)

    async def record_overheard(self, thread: ThreadKey, messages: Sequence[IncomingMessage]) -> None:
        """Record what the platform says was written in a thread, as far as it is not known."""
        await self._database.tx(turn_queue.record_overheard, thread, messages)

    async def edit_question(self, message: MessageKey, text: str, *, delivery: str = "") -> Turn | None:
        """Replace a question's text; return its turn if a new answer can be offered."""
        return await self._database.tx(changes.edit_question, message, text, delivery)

    async def forget(self, message: MessageKey, *, delivery: str = "") -> Turn | None:
        """Erase a question and its answer; return the turn with the pages that showed it."""
        return await self._database.tx(changes.forget_message, message, delivery)

    async def retry(
        self, turn: int, thread: ThreadKey, *, by: str, claim: bool, by_admin: bool = False, goes_on: bool = False
    ) -> Turn | None:
        """Let an ended turn be answered again; None if it may not."""
        asker = Requester(by, by_admin)
        return await self._run_claiming(changes.retry_turn, turn, thread, asker, claim=claim, goes_on=goes_on)

    async def flip(self, turn: int, thread: ThreadKey, action: Action, *, by: str, by_admin: bool = False) -> bool:
        """Let another variant of an answer be shown; False if it may not."""
        return await self._database.tx(changes.flip_variant, turn, thread, action, Requester(by, by_admin))

    async def stop(self, request: StopRequest) -> StopOutcome:
        """Mark an open turn as one that somebody wants stopped."""
        return await self._database.tx(stopping.request_stop, request)

    async def list_turns_to_stop(self) -> Sequence[int]:
        """Return which turns of this process somebody wants stopped."""
        return await self._database.tx(stopping.list_turns_to_stop, self._owner)

    async def find_turn(self, thread: ThreadKey, message_id: str) -> int | None:
        """Return the turn that a message asked for, or shows."""
        return await self._database.tx(explanations.find_turn, thread, message_id)

    async def claim(self, limit: int) -> Sequence[Turn]:
        """Claim up to `limit` turns of threads where nothing runs, oldest first."""
        return await self._run_claiming(turn_queue.claim_turns, limit)

    async def read_context(self, turn: Turn, *, limit: int) -> TurnContext:
        """Return what came before the turn, without its pages, and the steering that may apply."""
        return await self._database.tx(turn_context.read_context, turn, limit)

    async def record_page(self, turn: Turn, page: int, message_id: str) -> None:
        """Note which message shows a page."""
        await self._database.tx(turn_queue.record_page, self._owner, turn, page, message_id)

    async def forget_pages(self, turn: Turn, page: int) -> None:
        """Forget which messages showed a page and those after it."""
        await self._database.tx(turn_queue.forget_pages, self._owner, turn, page)

    async def save_answer(self, turn: Turn, answer: Answer, others: Sequence[Answer] = ()) -> VariantPosition:
        """Save the complete answer, and other ones beside it; return its place among all variants."""
        return await self._database.tx(turn_queue.save_answer, self._owner, turn, answer, others)

    async def settle(
        self, turn: Turn, status: TurnStatus, *, error: str = "", answer: Answer | None = None, claim: bool = True
    ) -> Turn | None:
        """End a turn; return the thread's next one, claimed, if asked to."""
        return await self._run_claiming(turn_queue.settle_turn, turn, status, error=error, answer=answer, claim=claim)

    async def release(self, turn: Turn) -> None:
        """Give a turn back."""
        await self._database.tx(turn_queue.release_turn, self._owner, turn)

    async def record_heartbeat(self, lease: float) -> None:
        """Say that this process lives, and free the turns of those silent for `lease` seconds.

        Now and then, old deliveries are forgotten afterwards, in a transaction of their own.
        """
        await self._database.tx(processes.record_heartbeat, self._owner, lease)
        now = asyncio.get_running_loop().time()
        if now >= self._sweep_at and not await self._database.tx(processes.delete_expired_rows):
            self._sweep_at = now + SWEEP_INTERVAL_SECONDS

    async def unregister(self) -> None:
        """Say that this process ends."""
        await self._database.tx(processes.unregister_worker, self._owner)

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever work is handed over, until cancelled."""
        if self._database.is_shared:
            from bot.store import notifications  # noqa: PLC0415 - psycopg is 9 MB that SQLite has no use for

            await notifications.listen(
                self._database.url, {**self._database.notification_callbacks, statements.WORK_CHANNEL: wake}
            )
        await asyncio.get_running_loop().create_future()  # nobody shares an SQLite file

    async def get_or_create_secret(self, name: str, make: Callable[[], str]) -> str:
        """Return a secret of this installation, made once."""
        return await self._database.tx(processes.get_or_create_secret, name, make)

    async def _run_claiming(
        self, f: Callable[Concatenate[Connection, str, P], Claimed], *args: P.args, **kwargs: P.kwargs
    ) -> Claimed:
        """Run a transaction that may claim; give back what a caller who is cancelled never hears of.

        Otherwise such a turn would stay with this process, which lives and does nothing about it.
        """
        claimed: Claimed | None = None

        def claiming(connection: Connection) -> Claimed:
            nonlocal claimed
            claimed = f(connection, self._owner, *args, **kwargs)
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
