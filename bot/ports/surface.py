"""The port to a platform's threads: posting, editing and reading messages there.

An answer is shown as pages, one message each. There are three ways to show a page that still grows
(`choose_display_mode`), of which Slack knows all:

    EDITS    post(page), edit(page), edit(page), ...     each edit replaces the message by a longer text
    STREAM   start_message(page), append_page(page), ..., append_page(page, last=True)
    WHOLE    post(page)                                  once it is complete

After a crash `find_pages` finds the messages that the dead process posted but could not record.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.reply.commands import DisplayMode
from bot.core.turns import Action, File, IncomingMessage, ThreadKey, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceLimits:
    """What a platform allows; its adapter declares it."""

    fits: Callable[[str], bool]
    """Whether a page of Markdown fits into one message once it is rendered."""
    page_size: int
    """Characters of Markdown beyond which no page fits; it bounds the search for a page break."""
    interval: float
    """Seconds between two writes of one answer."""
    append_interval: float
    """The same, if text is only appended to a growing message."""
    edits_per_minute: float
    """Edits in one workspace, by all answers together."""
    edits_burst: int
    """How many edits may come at once."""
    posts_per_minute: float
    """New messages in one channel, by all answers together."""
    posts_burst: int
    """How many posts may come at once."""
    starts_per_minute: float
    """Starts and ends of growing messages in one workspace."""
    appends_per_minute: float
    """Appends to growing messages in one workspace."""
    appends_burst: int
    """How many appends may come at once; of starts and ends, half as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of an answer, which one message shows."""

    turn: int
    number: int
    """0, 1, ... within the answer."""
    text: str
    """Markdown, the whole page."""
    actions: tuple[Action, ...] = ()
    """Buttons below it."""
    is_last: bool = False
    """Whether it is the last page of a complete answer."""
    token: int = 0
    """The turn's fencing token when it was written; a press of its buttons counts only until the next claim."""


class GrowingMessage(Protocol):
    """A message to which text can be appended; for one writer."""

    message_id: str

    def can_show(self, page: Page) -> bool:
        """Return whether appending to the text it shows now can lead to this page."""
        ...

    async def append_page(self, page: Page, *, last: bool) -> None:
        """Append what it lacks of a page that it `can_show`. With `last` it ends, and gets the page's buttons.

        Raises `SurfaceBusy` if nothing has happened. After any other `SurfaceError` it is not known what the message
        shows, and nothing can be appended any more.
        """
        ...


class Surface(Protocol):
    """A platform's threads, to write into and to read from."""

    limits: SurfaceLimits

    async def post(self, thread: ThreadKey, page: Page) -> str:
        """Post a new message into the thread and return its id. Raises `SurfaceError`.

        The message carries the page's turn and number, invisibly to people, so that `find_pages` finds it.
        """
        ...

    async def edit(self, thread: ThreadKey, message_id: str, page: Page) -> None:
        """Replace the text of one of the bot's messages; a growing message does not grow any more.

        Raises `SurfaceError`; `MessageLost` means that the message is gone, but its thread can be written to.
        """
        ...

    def choose_display_mode(self, thread: ThreadKey) -> DisplayMode:
        """Return how to show a growing answer in a thread, as far as is known now."""
        ...

    async def start_message(self, turn: Turn, page: Page) -> GrowingMessage | None:
        """Post a new growing message for the author of the turn; None if the platform cannot do that here now.

        `find_pages` finds it, too. Raises `SurfaceBusy` if it was not posted, and `SurfaceUnavailable` if that is
        not known.
        """
        ...

    async def find_pages(self, turn: Turn) -> Mapping[int, str]:
        """Return the messages that show pages of a turn, by page number; it may skip those in `turn.pages`.

        For turns whose last owner may have died between posting a message and recording it. Raises `SurfaceError`
        if it may work later, and returns nothing if the platform forbids the bot to look.
        """
        ...

    async def read_messages(self, thread: ThreadKey, *, limit: int, since: float = 0.0) -> Sequence[IncomingMessage]:
        """Return the newest `limit` messages of people in the thread, oldest first, as `OVERHEARD`.

        Only messages after `since`, in seconds since 1970 by the platform's clock. Raises `SurfaceError`; returns
        nothing if the platform forbids the bot to read here.
        """
        ...

    async def download_file(self, file: File, *, limit: int) -> bytes:
        """Return a file of at most `limit` bytes. Raises `FileUnreadable`, or a `SurfaceError` that may pass."""
        ...

    async def delete_message(self, thread: ThreadKey, message_id: str) -> None:
        """Delete one of the bot's messages. Raises `SurfaceError`."""
        ...

    def is_direct(self, thread: ThreadKey) -> bool:
        """Return whether a thread is part of a direct message between one person and the bot."""
        ...

    async def read_place_names(self, thread: ThreadKey) -> Mapping[str, str]:
        """Return the names that people see for the thread's `channel` and `workspace`, if known. Never raises."""
        ...

    async def show_working(self, turn: Turn, *, busy: bool, begins: bool = False) -> None:
        """Show that an answer is being written, or stop showing it. Never raises.

        If the conversation `begins` with the turn, it gets a title, on platforms that show one.
        """
        ...
