"""The doors to the outside: a model, a surface to write on, a store. Protocols only.

Separate so that the use cases (`intake`, `answering`, `worker`, `delivery`) name what they need and not
who provides it. An implementation has the qualified name (`SqlStore`, `SlackSurface`) and passes the
contract suite in `tests/contracts/`.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from bot.core.domain import (
    Answer,
    ChatRequest,
    Context,
    Incoming,
    PromptKey,
    ThreadKey,
    Turn,
    TurnStatus,
)
from bot.core.stream import StreamEvent


class ChatModel(Protocol):
    """A chat-completions model."""

    def stream(self, request: ChatRequest) -> AbstractAsyncContextManager[AsyncIterator[StreamEvent]]:
        """Ask, and iterate over what comes; leaving the context closes the connection.

        Raises a `ModelError` from entering or from iterating. An iteration that ends without one was
        complete: the server said so, and there was text.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceLimits:
    """What a platform allows; declared by its adapter."""

    fits: Callable[[str], bool]
    """Whether a page of Markdown can be shown in one message once it is rendered."""
    page_size: int
    """Characters of Markdown beyond which no page fits; a bound for the search."""
    interval: float
    """Seconds between two writes of one reply."""
    edits_per_minute: float
    """Edits in one workspace, for all replies together."""
    edits_burst: int
    """How many of those may come at once."""


class Surface(Protocol):
    """A platform's threads, as something to write on. Text is Markdown, always a whole page."""

    limits: SurfaceLimits

    async def post(self, thread: ThreadKey, text: str) -> str:
        """Write a new message into the thread and return its id. Raises `SurfaceError`."""
        ...

    async def edit(self, thread: ThreadKey, message_id: str, text: str) -> None:
        """Replace a message of ours. Raises `SurfaceError`."""
        ...

    async def remove(self, thread: ThreadKey, message_id: str) -> None:
        """Take a message of ours away. Raises `SurfaceError`."""
        ...

    async def working(self, thread: ThreadKey, *, busy: bool) -> None:
        """Show, or stop showing, that an answer is on its way. Never raises."""
        ...


class Store(Protocol):
    """Conversations, durable. One method is one transaction.

    Each raises `StoreUnavailable` when the database does not answer. Methods that change a turn raise
    `ClaimLost` when the turn's `token` is not the newest or its owner is another process.
    """

    async def accept(self, incoming: Incoming, *, claim: bool) -> Turn | None:
        """Record a question.

        Returns the new turn: claimed for this process (`ANSWERING`) if `claim` is set and no other
        turn of the thread is open, else `WAITING`. Returns None if the message was recorded before, or
        is a `REPLY` in a thread where the bot has never been asked.
        """
        ...

    async def claim(self, limit: int) -> Sequence[Turn]:
        """Claim up to `limit` turns: the oldest open turn of threads where nothing runs."""
        ...

    async def context(self, turn: Turn, *, limit: int) -> Context:
        """Return the newest `limit` ended turns before this one, oldest first, and the prompts."""
        ...

    async def opened(self, turn: Turn, page: int, message_id: str) -> None:
        """Note that a message now shows page `page` (0, 1, ...) of the answer."""
        ...

    async def answered(self, turn: Turn, answer: Answer) -> None:
        """Save the complete answer: `ANSWERING` becomes `ANSWERED`."""
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
        """End a turn as `DONE`, `STOPPED` or `FAILED`; keep `answer` (a partial one) if given.

        Returns the thread's next waiting turn, claimed for this process, if `claim` is set and there
        is one.
        """
        ...

    async def release(self, turn: Turn) -> None:
        """Give a claimed turn back to be taken up by anyone: `ANSWERED` stays, else `WAITING`."""
        ...

    async def beat(self, lease: float) -> None:
        """Say that this process lives, and free the turns of processes silent for `lease` seconds."""
        ...

    async def leave(self) -> None:
        """Say that this process ends: its heartbeat is removed and its turns are free."""
        ...

    async def prompt(self, key: PromptKey) -> str:
        """Return the system prompt set for exactly this key, or an empty string."""
        ...

    async def set_prompt(self, key: PromptKey, text: str) -> None:
        """Set the system prompt for exactly this key; an empty text removes it."""
        ...

    async def secret(self, name: str, make: Callable[[], str]) -> str:
        """Return the secret of this installation called `name`, storing `make()` if there is none."""
        ...
