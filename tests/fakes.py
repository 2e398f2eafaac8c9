"""Fakes that implement the ports: a model with a script, and paper to write on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from bot.core.chat.stream import ChoiceFinished, StreamEvent, TextDelta
from bot.core.errors import BotError, MessageLost, SurfaceError, SurfaceUnavailable
from bot.core.reply import appended_text
from bot.core.reply.commands import DisplayMode
from bot.core.requests import ChatRequest
from bot.core.turns import Action, File, IncomingMessage, ThreadKey, Turn
from bot.ports import Page, SurfaceLimits

ModelScript = Sequence[str | float | BotError | StreamEvent]
"""What a model does: says a text, waits some seconds, raises an error, or sends an event."""


class ScriptedModel:
    """Answers each request with the next script; the last one serves for all further requests."""

    def __init__(self, *scripts: ModelScript) -> None:
        self.scripts = list(scripts) or [["fine"]]
        self.requests: list[ChatRequest] = []
        self.open = 0

    @asynccontextmanager
    async def stream(self, request: ChatRequest, **_: object) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        self.requests.append(request)
        script = self.scripts[min(len(self.requests), len(self.scripts)) - 1]
        self.open += 1
        try:
            yield _play_script(script)
        finally:
            self.open -= 1


async def _play_script(script: ModelScript) -> AsyncIterator[StreamEvent]:
    for step in script:
        match step:
            case str():
                yield TextDelta(step)
            case int() | float():
                await asyncio.sleep(step)
            case BotError():
                raise step
            case _:
                yield step
    if not any(isinstance(step, ChoiceFinished) for step in script):
        yield ChoiceFinished("stop")


@dataclass
class PaperMessage:
    """A message on paper: every text it ever showed, with the time."""

    thread: ThreadKey
    page: tuple[int, int]
    """Turn, and number of the page in its answer."""
    versions: list[tuple[float, str]] = field(default_factory=list)
    actions: tuple[Action, ...] = ()

    def show(self, page: Page) -> None:
        self.versions.append((_now(), page.text))
        self.actions = page.actions

    @property
    def text(self) -> str:
        return self.versions[-1][1]


class PaperStream:
    """A message on paper that takes text at its end, `added` to by as many writes."""

    def __init__(self, surface: "PaperSurface", thread: ThreadKey, message_id: str, shown: str) -> None:
        self.message_id = message_id
        self._surface = surface
        self._thread = thread
        self._shown = shown

    def can_show(self, page: Page) -> bool:
        return appended_text.find_addition(page.text, self._shown) is not None

    async def append_page(self, page: Page, *, last: bool) -> None:
        surface = self._surface
        surface.appends += 1
        fault = surface.append_errors.pop(surface.appends, None)
        if fault and str(fault) != "but it got through":
            raise fault
        self._shown += appended_text.find_addition(page.text, self._shown) or ""
        shown = page if last else replace(page, text=self._shown, actions=())
        await surface.edit(self._thread, self.message_id, shown)
        if fault:
            raise fault


class PaperSurface:
    """Keeps the screen as a reader saw it, with times. `refusals` are raised by the next writes."""

    def __init__(self, *, page_size: int = 200, edit_interval: float = 1.0, write_seconds: float = 0.05) -> None:
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
        self.write_seconds = write_seconds
        self.messages: dict[str, PaperMessage] = {}
        self.uneditable: set[str] = set()  # messages that take no change any more
        self.write_errors: list[SurfaceError] = []
        self.writes = 0
        self.history: list[IncomingMessage] = []
        self.files: dict[str, bytes | Exception] = {}
        self.reads = 0
        self.appends = 0
        self.starts_left = 1_000
        self.start_errors: list[SurfaceError] = []
        self.append_errors: dict[int, SurfaceError] = {}
        self.overlaps = 0
        self.busy: dict[ThreadKey, bool] = {}
        self.first_turns: list[int] = []  # the turns that began a conversation
        self.before_write: Callable[[], None] = lambda: None
        self._writing: set[ThreadKey] = set()
        self._posted = 0

    async def post(self, thread: ThreadKey, page: Page) -> str:
        self._posted += 1
        message_id = f"m{self._posted}"
        message = PaperMessage(thread, (page.turn, page.number))
        try:
            await self._write(thread)
        except SurfaceUnavailable as error:
            if str(error) == "but it got through":
                message.show(page)
                self.messages[message_id] = message
            raise
        message.show(page)
        self.messages[message_id] = message
        self.busy[thread] = False  # as Slack does: a post takes the status away
        return message_id

    async def edit(self, thread: ThreadKey, message_id: str, page: Page) -> None:
        await self._write(thread)
        self._message(message_id, changes=True).show(page)

    def choose_display_mode(self, thread: ThreadKey) -> DisplayMode:
        return self.writing

    async def start_message(self, turn: Turn, page: Page) -> "PaperStream | None":
        if not self.starts_left:
            return None
        self.write_errors[:0] = self.start_errors
        self.start_errors = []
        message_id = await self.post(turn.thread, page)
        return PaperStream(self, turn.thread, message_id, page.text)

    async def find_pages(self, turn: Turn) -> dict[int, str]:
        mine = [(m.page, key) for key, m in self.messages.items() if m.thread == turn.thread]
        return {number: key for (of, number), key in mine if of == turn.id}

    async def read_messages(self, thread: ThreadKey, *, limit: int, since: float = 0.0) -> list[IncomingMessage]:
        self.reads += 1
        return self.history[-limit:]

    async def download_file(self, file: File, *, limit: int) -> bytes:
        found = self.files[file.url]
        if isinstance(found, Exception):
            raise found
        return found

    async def delete_message(self, thread: ThreadKey, message_id: str) -> None:
        await self._write(thread)
        self._message(message_id, changes=False)
        del self.messages[message_id]

    def is_direct(self, thread: ThreadKey) -> bool:
        return thread.channel == "direct message"

    async def read_place_names(self, thread: ThreadKey) -> dict[str, str]:
        return {"channel": "#paper", "workspace": "Desk"}

    async def show_working(self, turn: Turn, *, busy: bool, begins: bool = False) -> None:
        self.busy[turn.thread] = busy
        if begins:
            self.first_turns.append(turn.id)

    def list_texts(self, thread: ThreadKey) -> list[str]:
        """Return what the thread shows now, a text a message."""
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


class OpenAccess:
    """Lets everybody in, everywhere."""

    async def admit_message(self, said: object) -> bool:
        return True

    async def admit_press(self, thread: ThreadKey, user: str) -> bool:
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
