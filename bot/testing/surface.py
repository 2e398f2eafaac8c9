"""A `Surface` on paper: keeps every text that each thread ever showed, with the time.

A write takes `write_seconds` by the loop's clock, as a call of a platform does. A test reads what people see with
`list_texts(thread)`, or looks at `messages`, which have all their versions. Errors are put in beforehand:
`write_errors` are raised by the next writes, `start_errors` by the next start of a stream, `append_errors[3]` by the
third append. If the text of a `SurfaceUnavailable` is `GOT_THROUGH`, the write takes effect before the error is
raised, as when a response is lost.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.core.errors import MessageLost, SurfaceError, SurfaceUnavailable
from bot.core.reply.commands import DisplayMode, find_addition
from bot.core.turns import Action, File, IncomingMessage, ThreadKey, Turn
from bot.ports import Page, SurfaceLimits

GOT_THROUGH = "but it got through"
"""As the text of a `SurfaceUnavailable`: the write takes effect, only its response is lost."""


@dataclass
class PaperMessage:
    """A message with every text that it ever showed."""

    thread: ThreadKey
    page: tuple[int, int]
    """The id of the turn, and the number of the page within its answer."""
    versions: list[tuple[float, str]] = field(default_factory=list)
    """The time, by the loop's clock, and the text of each write."""
    actions: tuple[Action, ...] = ()

    def show(self, page: Page) -> None:
        """Add a version."""
        self.versions.append((_now(), page.text))
        self.actions = page.actions

    @property
    def text(self) -> str:
        """The present text."""
        return self.versions[-1][1]


class PaperStream:
    """A growing message; each append is one write."""

    def __init__(self, surface: "PaperSurface", thread: ThreadKey, message_id: str, shown: str) -> None:
        self.message_id = message_id
        self._surface = surface
        self._thread = thread
        self._shown = shown

    def can_show(self, page: Page) -> bool:
        """Whether the page only adds text to what is shown."""
        return find_addition(page.text, self._shown) is not None

    async def append_page(self, page: Page, *, last: bool) -> None:
        """Show a page. Raises the entry of `append_errors` for this append, if there is one."""
        surface = self._surface
        surface.appends += 1
        fault = surface.append_errors.pop(surface.appends, None)
        if fault and str(fault) != GOT_THROUGH:
            raise fault
        self._shown += find_addition(page.text, self._shown) or ""
        shown = page if last else replace(page, text=self._shown, actions=())
        await surface.edit(self._thread, self.message_id, shown)
        if fault:
            raise fault


class PaperSurface:
    """A `Surface` in memory. A thread of the channel "direct message" is a direct message."""

    def __init__(self, *, page_size: int = 200, edit_interval: float = 1.0, write_seconds: float = 0.05) -> None:
        """`page_size` is in characters; `edit_interval` seconds pass between two writes of one answer."""
        self.limits = SurfaceLimits(
            fits=lambda text: len(text) <= page_size,
            page_size=page_size,
            interval=edit_interval,
            edits_per_minute=45,
            edits_burst=4,
            posts_per_minute=60,
            posts_burst=5,
            append_interval=edit_interval,
            starts_per_minute=17,
            appends_per_minute=95,
            appends_burst=4,
        )
        self.writing = DisplayMode.EDITS
        """How answers grow."""
        self.write_seconds = write_seconds
        self.messages: dict[str, PaperMessage] = {}
        """All messages of the bot, by id."""
        self.uneditable: set[str] = set()
        """Ids of messages whose edit window is closed."""
        self.write_errors: list[SurfaceError] = []
        """Raised by the next writes, one each."""
        self.writes = 0
        self.history: list[IncomingMessage] = []
        """What people wrote in the thread before; returned by `read_messages`."""
        self.files: dict[str, bytes | Exception] = {}
        """The content of attached files by URL, or the error that a download raises."""
        self.reads = 0
        self.appends = 0
        self.starts_left = 1_000
        """With 0, no stream can be started."""
        self.start_errors: list[SurfaceError] = []
        self.append_errors: dict[int, SurfaceError] = {}
        """Raised by the n-th append of all streams together."""
        self.overlaps = 0
        """How many writes began while another write of the same thread was under way."""
        self.busy: dict[ThreadKey, bool] = {}
        """Whether a thread shows that an answer is on its way."""
        self.first_turns: list[int] = []
        """The ids of turns that began a conversation."""
        self.before_write: Callable[[], None] = lambda: None
        """Called before each write."""
        self._writing: set[ThreadKey] = set()
        self._posted = 0

    async def post(self, thread: ThreadKey, page: Page) -> str:
        """Add a message and return its id."""
        self._posted += 1
        message_id = f"m{self._posted}"
        message = PaperMessage(thread, (page.turn, page.number))
        try:
            await self._write(thread)
        except SurfaceUnavailable as error:
            if str(error) == GOT_THROUGH:
                message.show(page)
                self.messages[message_id] = message
            raise
        message.show(page)
        self.messages[message_id] = message
        self.busy[thread] = False  # as on Slack: a post clears the status
        return message_id

    async def edit(self, thread: ThreadKey, message_id: str, page: Page) -> None:
        """Change a message. Raises `MessageLost` if it was deleted or its edit window is closed."""
        await self._write(thread)
        self._message(message_id, changes=True).show(page)

    def choose_display_mode(self, thread: ThreadKey) -> DisplayMode:
        """Return `writing`."""
        return self.writing

    async def start_message(self, turn: Turn, page: Page) -> "PaperStream | None":
        """Start a stream, or return None if `starts_left` is 0."""
        if not self.starts_left:
            return None
        self.write_errors[:0] = self.start_errors
        self.start_errors = []
        message_id = await self.post(turn.thread, page)
        return PaperStream(self, turn.thread, message_id, page.text)

    async def find_pages(self, turn: Turn) -> dict[int, str]:
        """Return the message ids of a turn, by page number."""
        mine = [(m.page, key) for key, m in self.messages.items() if m.thread == turn.thread]
        return {number: key for (of, number), key in mine if of == turn.id}

    async def read_messages(self, thread: ThreadKey, *, limit: int, since: float = 0.0) -> list[IncomingMessage]:
        """Return the newest of `history`."""
        self.reads += 1
        return self.history[-limit:]

    async def download_file(self, file: File, *, limit: int) -> bytes:
        """Return the content of a file, or raise its error."""
        found = self.files[file.url]
        if isinstance(found, Exception):
            raise found
        return found

    async def delete_message(self, thread: ThreadKey, message_id: str) -> None:
        """Delete a message. Raises `MessageLost` if it was deleted before."""
        await self._write(thread)
        self._message(message_id, changes=False)
        del self.messages[message_id]

    def is_direct(self, thread: ThreadKey) -> bool:
        """Whether the channel is called "direct message"."""
        return thread.channel == "direct message"

    async def read_place_names(self, thread: ThreadKey) -> dict[str, str]:
        """Return the same names for every thread."""
        return {"channel": "#paper", "workspace": "Desk"}

    async def show_working(self, turn: Turn, *, busy: bool, begins: bool = False) -> None:
        """Set `busy` of the thread."""
        self.busy[turn.thread] = busy
        if begins:
            self.first_turns.append(turn.id)

    def list_texts(self, thread: ThreadKey) -> list[str]:
        """Return the present text of each message of the bot in a thread."""
        return [message.text for message in self.messages.values() if message.thread == thread]

    def _message(self, message_id: str, *, changes: bool) -> PaperMessage:
        if message_id not in self.messages:
            raise MessageLost("message_not_found", stays=False)
        if changes and message_id in self.uneditable:
            raise MessageLost("edit_window_closed", stays=True)
        return self.messages[message_id]

    async def _write(self, thread: ThreadKey) -> None:
        self.before_write()
        self.overlaps += thread in self._writing
        self._writing.add(thread)
        try:
            await asyncio.sleep(self.write_seconds)
        finally:
            self._writing.discard(thread)
        if self.write_errors:
            raise self.write_errors.pop(0)
        self.writes += 1


def _now() -> float:
    return asyncio.get_running_loop().time()
