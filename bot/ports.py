"""The doors to the outside: a model, a surface to write on, a store. Protocols only.

Separate so that the use cases (`intake`, `answering`, `worker`, `delivery`) name what they need and not
who provides it. An implementation has the qualified name (`SqlStore`, `SlackSurface`) and passes the
contract suite in `tests/contracts/`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from bot.core.domain import (
    Action,
    Answer,
    Author,
    ChatRequest,
    Context,
    File,
    Incoming,
    MessageKey,
    Place,
    PromptKey,
    Steering,
    ThreadKey,
    Turn,
    TurnStatus,
    Version,
)
from bot.core.explanation import Explanation
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
    posts_per_minute: float
    """New messages in one channel, for all replies together."""
    posts_burst: int
    """How many of those may come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one message shows of an answer."""

    turn: int
    number: int
    """0, 1, ... within the answer."""
    text: str
    """Markdown, the whole page."""
    actions: tuple[Action, ...] = ()
    """Buttons below it."""


class Surface(Protocol):
    """A platform's threads, as something to write on."""

    limits: SurfaceLimits

    async def post(self, thread: ThreadKey, page: Page) -> str:
        """Write a new message into the thread and return its id. Raises `SurfaceError`.

        The message carries the page's turn and number, invisibly, so that `find` can find it.
        """
        ...

    async def edit(self, thread: ThreadKey, message_id: str, page: Page) -> None:
        """Replace a message of ours. Raises `SurfaceError`."""
        ...

    async def find(self, turn: Turn) -> Mapping[int, str]:
        """Return the messages that show pages of a turn, by page number; those in `turn.pages` may lack.

        For turns whose last owner may have died between a post and the note of it. Raises
        `SurfaceError` for a while, and returns nothing where the platform does not let us look.
        """
        ...

    async def read(self, thread: ThreadKey, *, limit: int, since: float = 0.0) -> Sequence[Incoming]:
        """Return the newest `limit` messages of people in the thread, oldest first, as `OVERHEARD`.

        Only those after `since`, in seconds since 1970 by the platform's clock. Raises `SurfaceError`;
        returns nothing where the platform does not let us read.
        """
        ...

    async def fetch(self, file: File, *, limit: int) -> bytes:
        """Return a file, at most `limit` bytes. Raises `Unread`, or a `SurfaceError` that may pass."""
        ...

    async def remove(self, thread: ThreadKey, message_id: str) -> None:
        """Take a message of ours away. Raises `SurfaceError`."""
        ...

    def is_direct(self, thread: ThreadKey) -> bool:
        """Whether a thread is part of a direct message of one person with us."""
        ...

    async def places(self, thread: ThreadKey) -> Mapping[str, str]:
        """Return what people call the thread's `channel` and `workspace`, as far as known. Never raises."""
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
        turn of the thread is open, else `WAITING`. Returns None if the message or its delivery was
        recorded before, if it is a `REPLY` or `OVERHEARD` in a thread where the bot has never been
        asked, and for what is `OVERHEARD` (which becomes a `NOTED` turn). A question that was only read
        in the thread so far, see `overheard`, is not known yet: its `NOTED` turn becomes the question.
        """
        ...

    async def overheard(self, thread: ThreadKey, messages: Sequence[Incoming]) -> None:
        """Record what the platform says was written in a thread, as far as it is not known.

        Each becomes a `NOTED` turn; the thread counts as read now (`Context.read_at`).
        """
        ...

    async def reworded(self, message: MessageKey, text: str, *, delivery: str = "") -> Turn | None:
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
        self, turn: int, thread: ThreadKey, *, by: str, claim: bool, goes_on: bool = False
    ) -> Turn | None:
        """Let an ended turn be answered again, into the same messages; if it `goes_on`, its text is kept.

        `by` is the platform's user id; only the author of the question may, and only within the turn's
        own thread. Returns the turn, claimed for this process if `claim` is set and no other turn of
        the thread is open, else `WAITING`; None if it may not or is not ended.
        """
        ...

    async def flip(self, turn: int, thread: ThreadKey, action: Action, *, by: str) -> bool:
        """Put another variant in the place of an answer that is complete: see `core.variants.moved`.

        The turn becomes `ANSWERED`, to be claimed and shown; one that is being shown, once more. Returns
        whether it may: the same person as in `retry`, and only where there is a choice.
        """
        ...

    async def claim(self, limit: int) -> Sequence[Turn]:
        """Claim up to `limit` turns: the oldest open turn of threads where nothing runs.

        Within a thread the order is that of `Incoming.sent_at`, then of recording.
        """
        ...

    async def context(self, turn: Turn, *, limit: int) -> Context:
        """Return the newest `limit` ended or noted turns before this one, oldest first, and the steering.

        Forgotten ones are not among them.
        """
        ...

    async def opened(self, turn: Turn, page: int, message_id: str) -> None:
        """Note that a message now shows page `page` (0, 1, ...) of the answer."""
        ...

    async def closed(self, turn: Turn, page: int) -> None:
        """Note that no message shows page `page` of the answer any more, or a later one."""
        ...

    async def answered(self, turn: Turn, answer: Answer, others: Sequence[Answer] = ()) -> Place:
        """Save the complete answer, and `others` beside it: `ANSWERING` becomes `ANSWERED`.

        Returns its place among all variants that the turn has by now; see `Place.count`.
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

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever another process hands work over, until cancelled. Never raises.

        Only a hint: what is missed is found by `claim`.
        """
        ...

    async def secret(self, name: str, make: Callable[[], str]) -> str:
        """Return the secret of this installation called `name`, storing `make()` if there is none."""
        ...


class Versions(Protocol):
    """What admins set at each level, with its history. One method is one transaction.

    Nothing is ever changed or removed: to take something back is to save what was there before. Each method
    raises `StoreUnavailable` when the database does not answer.
    """

    async def applying(self, thread: ThreadKey) -> Sequence[Version]:
        """Return the newest version of each level that may apply to a thread, `DIRECT` included, by id."""
        ...

    async def save(
        self, key: PromptKey, steering: Steering, *, based_on: int, by: Author, note: str = ""
    ) -> Version:
        """Add a version to a level and return it.

        `steering` has no `steering.problems`. `based_on` is the number of the version that was edited,
        0 where there was none; raises `Conflict` if it is not the newest any more.
        """
        ...

    async def history(self, key: PromptKey, *, limit: int) -> Sequence[Version]:
        """Return the newest `limit` versions of exactly this level, newest first."""
        ...

    async def overview(self, within: PromptKey) -> Sequence[Version]:
        """Return the newest version of every level whose key agrees with the non-empty parts of `within`.

        They are ordered by key. A level that was emptied is among them: its newest version sets nothing.
        """
        ...


class Explanations(Protocol):
    """How answers came about. One method, one transaction; raises `StoreUnavailable`."""

    async def explain(self, thread: ThreadKey, message_id: str) -> Explanation | None:
        """Return how the answer came about that a message shows, or asked for; None if there is none."""
        ...
