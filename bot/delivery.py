"""The driver between an answer that grows, its LiveReply, and the surface that shows it.

Separate because it is all the waiting there is between the pure `LiveReply` and the platform. Rules: one
writer per answer, no two writes of it overlap; text is taken at the moment of writing; a write that
fails for a while is only late, never lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Protocol, TypeVar

import structlog

from bot.core.domain import OPEN, Action, ThreadKey, Turn
from bot.core.errors import (
    ClaimLost,
    StoreError,
    SurfaceBusy,
    SurfaceError,
    SurfaceGone,
    SurfaceUnavailable,
)
from bot.core.live_reply import Done, Edit, Idle, LiveReply, Post, Wait
from bot.pacing import Desk, Desks, Ticket, Urgency
from bot.ports import Page, Surface

STATUS_REFRESH = 90.0
"""Seconds; Slack drops a status after two minutes (facts/slack.md 1.3)."""
STATUS_PATIENCE = 2.0
"""Seconds a first post waits for a status call under way, which would else arrive after it and stick."""
SHORTEST_PAUSE = 0.001
"""Seconds; a timer set for less may fire before the time it was set for."""
LONGEST_PAUSE = 30.0
"""Seconds between attempts while the platform does not answer."""

T = TypeVar("T")

log = structlog.get_logger()


async def persist(call: Callable[[], Awaitable[T]]) -> T:
    """Call the platform until it answers. Raises `SurfaceGone`."""
    failures = 0
    while True:
        try:
            return await call()
        except SurfaceBusy as busy:
            await asyncio.sleep(busy.retry_after)
        except SurfaceUnavailable:
            failures += 1
            await asyncio.sleep(pause_after(failures))


def pause_after(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row."""
    return min(2.0 ** min(failures, 8), LONGEST_PAUSE)


class Thinking:
    """Shows that an answer is on its way, until `stop`."""

    def __init__(self, surface: Surface, thread: ThreadKey) -> None:
        self._surface = surface
        self._thread = thread
        self._ended = asyncio.Event()
        self._task = asyncio.create_task(self._show(), name="thinking")

    async def stop(self, *, clear: bool) -> None:
        """End it; `clear` takes the status away, which a post of ours does by itself."""
        if not self._ended.is_set():
            self._ended.set()
            await asyncio.wait({self._task}, timeout=STATUS_PATIENCE)
            self._task.cancel()
            if clear:
                await self._surface.working(self._thread, busy=False)

    async def _show(self) -> None:
        while not self._ended.is_set():
            await self._surface.working(self._thread, busy=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), STATUS_REFRESH)


class PageBook(Protocol):
    """Where it is noted which messages show an answer; `Store` is one."""

    async def opened(self, turn: Turn, page: int, message_id: str) -> None:
        """Note that a message now shows a page."""
        ...

    async def closed(self, turn: Turn, page: int) -> None:
        """Note that no message shows a page any more, or a later one."""
        ...


class Delivery:
    """One answer on its way into one thread: `feed` and `finish` from one side, `show` on the other."""

    def __init__(
        self,
        live: LiveReply,
        surface: Surface,
        turn: Turn,
        *,
        desks: Desks,
        book: PageBook,
        is_ours: Callable[[], bool],
        is_thinking: bool,
    ) -> None:
        """`turn.pages` are the messages that show it already; `book` is told of each further one.

        `is_ours` says whether this process may still count itself the turn's owner; `is_thinking` whether
        to say so until the first text.
        """
        self.error = ""
        self._live = live
        self._surface = surface
        self._turn = turn
        self._thread = turn.thread
        self._desks = desks
        self._ticket: Ticket | None = None
        self._pages = list(turn.pages)
        self._book = book
        self._is_ours = is_ours
        self._actions: tuple[Action, ...] = ()
        self._thinking = Thinking(surface, turn.thread) if is_thinking else None
        self._clock = asyncio.get_running_loop().time
        self._seen_at = self._clock()
        self._fresh = asyncio.Event()
        self._ended = asyncio.Event()
        self._failures = 0
        self._is_in_doubt = False  # whether a post may have happened although no answer came
        self._lost: StoreError | None = None

    def feed(self, text: str) -> None:
        """Take some more text of the answer. Raises what made `show` give the turn up."""
        if self._lost:
            raise self._lost
        self._live.feed(text)
        self._fresh.set()

    def finish(self, note: str = "", *actions: Action) -> None:
        """Take the end of the answer; `note` is a sentence of ours to show under it, with buttons."""
        self._actions = actions
        self._live.finish(note)
        if self._ticket:
            self._desks.posts.hurry(self._ticket)
            self._desks.edits.hurry(self._ticket)
        self._ended.set()
        self._fresh.set()

    async def show(self) -> None:
        """Write until the thread shows everything, or can no longer be written to: see `error`.

        Raises `ClaimLost` once the turn may be another process's, and what the book raises.
        """
        try:
            while await self._step():
                pass
            await self._shorten(self._live.surplus())
        except SurfaceGone as gone:
            log.info("The thread can no longer be written to.", action="surface_gone", reason=str(gone))
            self.error = gone.code
        except StoreError as error:
            self._lost = error
            raise
        finally:
            await self._calm()

    async def _calm(self) -> None:
        """Let nothing say any more that the bot is thinking, neither we nor who died over this turn."""
        is_ours = self._is_ours()
        if self._thinking:
            await self._thinking.stop(clear=is_ours)
        elif is_ours and self._turn.status in OPEN:
            await self._surface.working(self._thread, busy=False)

    async def _step(self) -> bool:
        """Do what the reply asks for next; return whether there is more."""
        self._fresh.clear()
        now = self._clock()
        match self._live.next(now):
            case Done():
                return False
            case Idle():
                await self._fresh.wait()
            case Wait(until):
                await self._pause(until - now)
            case Post() | Edit() as write:
                await self._granted(write)
                if isinstance(newest := self._live.next(self._clock()), type(write)):
                    await self._write(newest)
        return True

    async def _granted(self, write: Post | Edit) -> None:
        """Wait until the rate limit has room for a write that matters this much."""
        desk = self._desk_of(write)
        self._ticket = desk.line_up(Urgency.LAST if write.last else Urgency.PARTIAL, self._seen_at)
        try:
            await self._ticket.granted
        finally:
            desk.leave(self._ticket)
            self._ticket = None

    def _desk_of(self, write: Post | Edit) -> Desk:
        return self._desks.posts if isinstance(write, Post) else self._desks.edits

    async def _pause(self, seconds: float) -> None:
        """Wait, but look again at once when the answer ends: its last write may go earlier."""
        seconds = max(seconds, SHORTEST_PAUSE)
        if self._ended.is_set():
            await asyncio.sleep(seconds)
        else:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), seconds)

    async def _write(self, command: Post | Edit) -> None:
        if not self._is_ours():
            raise ClaimLost
        try:
            await self._apply(command)
        except SurfaceBusy as busy:
            self._live.refused(self._clock(), busy.retry_after)
            self._desk_of(command).refused(busy.retry_after)
        except SurfaceUnavailable:
            self._failures += 1
            self._is_in_doubt = isinstance(command, Post)
            self._live.refused(self._clock(), pause_after(self._failures))
        else:
            self._failures = 0
            self._seen_at = self._clock()

    async def _apply(self, command: Post | Edit) -> None:
        actions = self._actions if command.end else ()
        page = Page(turn=self._turn.id, number=command.page, text=command.text, actions=actions)
        if isinstance(command, Edit):
            await self._surface.edit(self._thread, self._pages[command.page], page)
            self._live.accepted(command, self._clock())
            return
        if self._thinking:
            await self._thinking.stop(clear=False)
        message_id = await self._posted(page)
        self._live.accepted(command, self._clock())
        self._pages.append(message_id)
        await self._note(command.page, message_id)

    async def _posted(self, page: Page) -> str:
        """Post a page, unless an earlier attempt at it got through after all: then that message shows it."""
        if self._is_in_doubt:
            found = await self._surface.find(self._turn)
            self._is_in_doubt = False
            if page.number in found:
                await self._surface.edit(self._thread, found[page.number], page)
                return found[page.number]
        return await self._surface.post(self._thread, page)

    async def _shorten(self, surplus: range) -> None:
        """Remove messages that the answer does not need; noted first, since a message is found again."""
        if not surplus:
            return
        try:
            await self._book.closed(self._turn, surplus.start)
        except ClaimLost:
            return  # nobody holds a turn that a new answer is offered for: they stay until it is there
        for page in surplus:
            with suppress(SurfaceGone):  # somebody else removed it
                await persist(partial(self._surface.remove, self._thread, self._pages[page]))

    async def _note(self, page: int, message_id: str) -> None:
        """Have a new message stored; one whose question was deleted meanwhile is taken back.

        One that was posted when another process may have taken over is left: it may be that one's by now.
        """
        was_ours = self._is_ours()
        try:
            await self._book.opened(self._turn, page, message_id)
        except ClaimLost:
            if was_ours:
                with suppress(SurfaceError):
                    await self._surface.remove(self._thread, message_id)
            raise
