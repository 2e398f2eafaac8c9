"""The door to a platform's threads: what may be written there, and what can be read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.reply.commands import DisplayMode
from bot.core.turns import Action, File, IncomingMessage, ThreadKey, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceLimits:
    """What a platform allows; declared by its adapter."""

    fits: Callable[[str], bool]
    """Whether a page of Markdown can be shown in one message once it is rendered."""
    page_size: int
    """Characters of Markdown beyond which no page fits; a bound for the search."""
    interval: float
    """Seconds between two writes of one reply."""
    append_interval: float
    """Likewise, where text is only added to a message that grows."""
    edits_per_minute: float
    """Edits in one workspace, for all replies together."""
    edits_burst: int
    """How many of those may come at once."""
    posts_per_minute: float
    """New messages in one channel, for all replies together."""
    posts_burst: int
    """How many of those may come at once."""
    starts_per_minute: float
    """New messages that grow, and ends of such messages, in one workspace."""
    appends_per_minute: float
    """Additions to messages that grow, in one workspace."""
    appends_burst: int
    """How many of those may come at once; of starts and ends, half as many."""


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
    is_last: bool = False
    """Whether the answer ends with it."""


class GrowingMessage(Protocol):
    """A message that takes text at its end; for one writer."""

    message_id: str

    def can_show(self, page: Page) -> bool:
        """Return whether it can still be made to show a page by adding to what it shows."""
        ...

    async def append_page(self, page: Page, *, last: bool) -> None:
        """Make it show a page that it `takes`; with the `last` one it ends, and gets the page's buttons.

        Raises `SurfaceBusy`; then nothing has happened. After any other `SurfaceError` it is not known what
        it shows, and it takes nothing any more.
        """
        ...


class Surface(Protocol):
    """A platform's threads, as something to write on."""

    limits: SurfaceLimits

    async def post(self, thread: ThreadKey, page: Page) -> str:
        """Write a new message into the thread and return its id. Raises `SurfaceError`.

        The message carries the page's turn and number, invisibly, so that `find` can find it.
        """
        ...

    async def edit(self, thread: ThreadKey, message_id: str, page: Page) -> None:
        """Replace a message of ours; one that grows, grows no more.

        Raises `SurfaceError`, and of those `MessageLost` where its thread can still be written to.
        """
        ...

    def choose_display_mode(self, thread: ThreadKey) -> DisplayMode:
        """Return how an answer in a thread is to be shown while it grows, as far as is known now."""
        ...

    async def start_message(self, turn: Turn, page: Page) -> GrowingMessage | None:
        """Write a new message that grows, for the author of the turn; None where there can be none now.

        `find` finds it, too. Raises `SurfaceBusy`, and `SurfaceUnavailable` if it is not known whether it
        was written.
        """
        ...

    async def find_pages(self, turn: Turn) -> Mapping[int, str]:
        """Return the messages that show pages of a turn, by page number; those in `turn.pages` may lack.

        For turns whose last owner may have died between a post and the note of it. Raises
        `SurfaceError` for a while, and returns nothing where the platform does not let us look.
        """
        ...

    async def read_messages(self, thread: ThreadKey, *, limit: int, since: float = 0.0) -> Sequence[IncomingMessage]:
        """Return the newest `limit` messages of people in the thread, oldest first, as `OVERHEARD`.

        Only those after `since`, in seconds since 1970 by the platform's clock. Raises `SurfaceError`;
        returns nothing where the platform does not let us read.
        """
        ...

    async def download_file(self, file: File, *, limit: int) -> bytes:
        """Return a file, at most `limit` bytes. Raises `Unread`, or a `SurfaceError` that may pass."""
        ...

    async def delete_message(self, thread: ThreadKey, message_id: str) -> None:
        """Take a message of ours away. Raises `SurfaceError`."""
        ...

    def is_direct(self, thread: ThreadKey) -> bool:
        """Whether a thread is part of a direct message of one person with us."""
        ...

    async def read_place_names(self, thread: ThreadKey) -> Mapping[str, str]:
        """Return what people call the thread's `channel` and `workspace`, as far as known. Never raises."""
        ...

    async def show_working(self, turn: Turn, *, busy: bool, begins: bool = False) -> None:
        """Show, or stop showing, that an answer is on its way. Never raises.

        A conversation that `begins` with the turn gets a title, where the platform shows one.
        """
        ...
