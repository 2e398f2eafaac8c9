"""The driver between an answer that grows, its LiveReply, and the surface that shows it.

Separate because it is all the waiting there is between the pure `LiveReply` and the platform. Rules: one
writer per answer, no two writes of it overlap; text is taken at the moment of writing; a write that
fails for a while is only late, never lost.
"""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext

import structlog

from bot.core.domain import OPEN, Action, Turn
from bot.core.errors import (
    ClaimLost,
    MessageLost,
    StoreError,
    SurfaceBusy,
    SurfaceGone,
    SurfaceUnavailable,
)
from bot.core.live_reply import LiveReply
from bot.core.writes import Done, Edit, Idle, Post, Wait
from bot.pacing import Desk, Desks, Means, Ticket, Urgency
from bot.pages import PageBook, Pages
from bot.persistence import pause_after
from bot.ports import Page, Surface
from bot.thinking import Thinking
from bot.timed_event import TimedEvent

PATIENCE = 15.0
"""Seconds between two edits of an answer beyond which it goes on in further messages."""
SHORTEST_PAUSE = 0.001
"""Seconds; a timer set for less may fire before the time it was set for."""
LEAD = 0.03
"""Seconds before a write in which the text is read that it is to show."""
REST = 5.0
"""How many times as long as this process keeps an answer waiting, busy with others, it then lets that answer
rest: a process with too much to do writes less often, and has time for what is said and for last writes.
"""

log = structlog.get_logger()


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
        self.stays: int | None = None
        """How many characters of the text stay of an answer that was stopped; None if all do."""
        self._live = live
        self._surface = surface
        self._turn = turn
        self._thread = turn.thread
        self._desks = desks
        self._ticket: Ticket | None = None
        self._pages = Pages(surface, turn, book, is_ours)
        self._is_ours = is_ours
        self._actions: tuple[Action, ...] = ()
        self._thinking = Thinking(surface, turn) if is_thinking else None
        self._clock = asyncio.get_running_loop().time
        self._seen_at = self._clock()
        self._fresh = TimedEvent()
        self._ended = TimedEvent()
        self._failures = 0
        self._needed_at = 0.0  # when there is something to do with more text
        self._late = 0.0  # seconds by which this process was, when it last went on with this answer
        self._lost: StoreError | None = None
        self._stop: tuple[str, tuple[Action, ...], bool] | None = None

    def feed(self, text: str) -> None:
        """Take some more text of the answer. Raises what made `show` give the turn up."""
        if self._lost:
            raise self._lost
        self._live.feed(text)
        if self._ticket and "\n" in text:
            self._press()
        self._fresh.set()

    def needed_at(self) -> float:
        """Return when the next text can be shown, by the clock of the loop; until then nobody needs it."""
        return self._needed_at

    def _press(self) -> None:
        """Let a page end where it can if edits are slow, and go before others with that."""
        self._live.press(self._clock(), is_slow=self._desks[Means.EDIT].fair_interval() > PATIENCE)
        if self._ticket and self._live.has_full_page():
            self._desks[Means.EDIT].hurry(self._ticket, Urgency.PAGE)

    def finish(self, note: str = "", *actions: Action) -> None:
        """Take the end of the answer; `note` is a sentence of ours to show under it, with buttons."""
        self._actions = actions
        self._live.finish(note)
        self._hasten()

    def stop(self, note: str, *actions: Action) -> None:
        """End the answer on the pages there are, as soon as no write is under way: see `stays`.

        One that was finished, and needs no further page, goes to its own end.
        """
        self._stop = (note, actions, self._ended.is_set())
        self._hasten()

    def _hasten(self) -> None:
        """Let the answer's end be shown before other answers' middles."""
        if self._ticket:
            for desk in self._desks.values():
                desk.hurry(self._ticket, Urgency.LAST)
        self._ended.set()
        self._fresh.set()

    async def show(self) -> None:
        """Write until the thread shows everything, or can no longer be written to: see `error`.

        Raises `ClaimLost` once the turn may be another process's, and what the book raises.
        """
        try:
            with self._desks[Means.EDIT].used() if self._live.is_edited else nullcontext():
                while await self._step():
                    pass
            await self._pages.shorten(self._live.surplus())
        except SurfaceGone as gone:
            log.info("The thread can no longer be written to.", action="surface_gone", reason=str(gone))
            self.error = gone.code
        except StoreError as error:
            self._lost = error
            raise
        finally:
            is_ours = self._is_ours()
            await self._calm(is_ours=is_ours)
        if not is_ours:
            raise ClaimLost  # who shows it again says that nobody is thinking any more

    async def _calm(self, *, is_ours: bool) -> None:
        """Let nothing say any more that the bot is thinking, neither we nor who died over this turn."""
        if self._thinking:
            await self._thinking.stop(clear=is_ours)
        if is_ours and (self.error or (not self._thinking and self._turn.status in OPEN)):
            await self._surface.working(self._turn, busy=False)

    def _heed(self) -> None:
        """End the answer here if it was stopped; call it while no write is under way."""
        if self._stop:
            (note, actions, was_finished), self._stop = self._stop, None
            self.stays = self._live.stop(note)
            if not was_finished or self.stays is not None:
                self._actions = actions

    async def _step(self) -> bool:
        """Do what the reply asks for next; return whether there is more."""
        self._fresh.clear()
        self._heed()
        self._press()
        now = self._clock()
        match self._live.next(now):
            case Done():
                return False
            case Idle(until):
                await self._fresh.wait(max(until - now, SHORTEST_PAUSE))
            case Wait(until):
                await self._pause(until - now)
            case Post() | Edit() as write:
                await self._write_in_turn(write)
        return True

    async def _write_in_turn(self, write: Post | Edit) -> None:
        """Write when the rate limit lets us; after a wait, what is newest then."""
        means = self._pages.means(write, self._page(write))
        if means is Means.START and not self._desks[means].is_free():
            means = Means.POST  # nobody waits for a message to grow
        if await self._has_waited(write, self._desks[means]):
            self._heed()
            newest = self._live.next(self._clock())
            if not isinstance(newest, Post | Edit) or not self._may_write(newest, means):
                return
            write = newest
        await self._write(write, means)

    async def _has_waited(self, write: Post | Edit, desk: Desk) -> bool:
        """Let the rate limit have room for a write that matters this much; return whether that took time."""
        ticket = desk.line_up(_urgency(write), self._seen_at)
        if ticket.granted.done():
            return False
        self._ticket = ticket
        try:
            await ticket.granted
        finally:
            desk.leave(ticket)
            self._ticket = None
        return True

    def _may_write(self, newest: Post | Edit, granted: Means) -> bool:
        """Return whether what is to be written by now can be written by the means that were granted."""
        means = self._pages.means(newest, self._page(newest))
        return means is granted or (means, granted) == (Means.START, Means.POST)

    async def _pause(self, seconds: float) -> None:
        """Wait, but look again at once when the answer ends: its last write may go earlier."""
        seconds = max(seconds, SHORTEST_PAUSE)
        due = self._clock() + seconds
        self._needed_at = due - LEAD
        if self._ended.is_set():
            await asyncio.sleep(seconds)
        else:
            await self._ended.wait(seconds)
        self._needed_at = 0.0
        self._late = max(0.0, self._clock() - due)

    async def _write(self, command: Post | Edit, means: Means) -> None:
        if not self._is_ours():
            raise ClaimLost
        try:
            await self._apply(command, means)
        except SurfaceBusy as busy:
            if means is not Means.START:  # else it is posted at once
                self._live.refused(self._clock(), busy.retry_after)
            self._desks[means].refused(busy.retry_after)
        except SurfaceUnavailable:
            self._failures += 1
            self._live.refused(self._clock(), pause_after(self._failures))
        except MessageLost as lost:
            await self._go_on(command, lost)
        else:
            self._failures = 0

    async def _go_on(self, command: Post | Edit, lost: MessageLost) -> None:
        """Let an answer go on below a message that takes no change, or without it."""
        if isinstance(command, Post):
            raise lost
        log.info("A message can no longer be changed.", action="message_lost", reason=str(lost))
        if not (lost.stays and self._live.fixed(command)):
            await self._pages.let_go(command, lost)
            self._live.gone(command)

    async def _apply(self, command: Post | Edit, means: Means) -> None:
        if self._thinking and isinstance(command, Post):
            await self._thinking.stop(clear=False)
        if await self._pages.write(command, self._page(command), means):
            self._live.accepted(command, self._clock(), rest=REST * self._late)
            self._seen_at = self._clock()

    def _page(self, command: Post | Edit) -> Page:
        return Page(
            turn=self._turn.id,
            number=command.page,
            text=command.text,
            actions=self._offered(command),
            ends=command.end,
        )

    def _offered(self, command: Post | Edit) -> tuple[Action, ...]:
        """Return the buttons below a page. One that may be complete as it is posted has none yet."""
        if command.end:
            return self._actions
        return (Action.STOP,) if isinstance(command, Edit) and not command.last else ()


def _urgency(write: Post | Edit) -> Urgency:
    """Return how much a write matters, beside those of other answers."""
    if write.end:
        return Urgency.LAST
    if isinstance(write, Post) and write.page == 0:
        return Urgency.FIRST
    return Urgency.PAGE if write.last else Urgency.PARTIAL
