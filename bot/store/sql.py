"""`Store` in SQL: each method runs its namesake of `transactions` as one transaction.

Separate from the functions so that these are plain and wait for nothing but the database. What each method
promises is written once, in `bot.ports`.
"""

from collections.abc import Callable, Sequence

from bot.core.domain import Answer, Context, Incoming, PromptKey, Turn, TurnStatus
from bot.store import transactions
from bot.store.database import Database


class SqlStore:
    """`Store` on SQLite or PostgreSQL; `owner` names this process, and no other one ever."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner

    async def open(self) -> None:
        """Enter this process among the living; call once, after migrations and before anything else.

        On SQLite no other process can live, so the next `beat` frees what earlier ones left running.
        """
        await self._database.tx(transactions.enter, self._owner, alone=not self._database.is_shared)

    async def accept(self, incoming: Incoming, *, claim: bool) -> Turn | None:
        """Record a question; None if there is nothing to do about it."""
        return await self._database.tx(transactions.accept, self._owner, incoming, claim=claim)

    async def claim(self, limit: int) -> Sequence[Turn]:
        """Claim up to `limit` turns of threads where nothing runs, oldest first."""
        return await self._database.tx(transactions.claim, self._owner, limit)

    async def context(self, turn: Turn, *, limit: int) -> Context:
        """Return what came before the turn, without its pages, and the prompts that may apply."""
        return await self._database.tx(transactions.context, turn, limit)

    async def opened(self, turn: Turn, page: int, message_id: str) -> None:
        """Note which message shows a page."""
        await self._database.tx(transactions.opened, self._owner, turn, page, message_id)

    async def answered(self, turn: Turn, answer: Answer) -> None:
        """Save the complete answer."""
        await self._database.tx(transactions.answered, self._owner, turn, answer)

    async def settle(
        self,
        turn: Turn,
        status: TurnStatus,
        *,
        error: str = "",
        answer: Answer | None = None,
        claim: bool = True,
    ) -> Turn | None:
        """End a turn; return the thread's next one, claimed, if asked to."""
        return await self._database.tx(
            transactions.settle, self._owner, turn, status, error=error, answer=answer, claim=claim
        )

    async def release(self, turn: Turn) -> None:
        """Give a turn back."""
        await self._database.tx(transactions.release, self._owner, turn)

    async def beat(self, lease: float) -> None:
        """Say that this process lives, and free the turns of those silent for `lease` seconds."""
        await self._database.tx(transactions.beat, self._owner, lease)

    async def leave(self) -> None:
        """Say that this process ends."""
        await self._database.tx(transactions.leave, self._owner)

    async def prompt(self, key: PromptKey) -> str:
        """Return the prompt set for exactly this key, or an empty string."""
        return await self._database.tx(transactions.prompt, key)

    async def set_prompt(self, key: PromptKey, text: str) -> None:
        """Set the prompt for exactly this key, or remove it."""
        await self._database.tx(transactions.set_prompt, key, text)

    async def secret(self, name: str, make: Callable[[], str]) -> str:
        """Return a secret of this installation, made once."""
        return await self._database.tx(transactions.secret, name, make)
