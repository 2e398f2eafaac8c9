"""The driver between an answer that grows, its LiveReply, and the surface that shows it.

Separate because it is all the waiting there is between the pure `LiveReply` and the platform. Rules: one
writer per answer, no two writes of it overlap; text is taken at the moment of writing; a write that
fails for a while is only late, never lost.
"""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext

import structlog

from bot.core.errors import ClaimLost, MessageLost, StoreError, SurfaceBusy, SurfaceGone, SurfaceUnavailable
from bot.core.reply.commands import Done, Edit, Idle, Post, Wait
from bot.core.reply.live_reply import LiveReply
from bot.core.turns import OPEN_STATUSES, Action, Turn
from bot.delivery.page_messages import AnswerMessages
from bot.delivery.rate_limiter import LimitersByMethod, RateLimiter, Urgency, WriteMethod, WriteRequest
from bot.delivery.retry import retry_delay
from bot.delivery.timed_event import TimedEvent
from bot.delivery.typing_status import TypingStatus
from bot.ports import Conversations, Page, Surface

SLOW_EDIT_INTERVAL_SECONDS = 15.0
"""Seconds between two edits of an answer beyond which it goes on in further messages."""
MIN_TIMER_SECONDS = 0.001
"""Seconds; a timer set for less may fire before the time it was set for."""
TEXT_LEAD_SECONDS = 0.03
"""Seconds before a write in which the text is read that it is to show."""
LATENESS_BACKOFF_FACTOR = 5.0
"""How many times as long as this process keeps an answer waiting, busy with others, it then lets that answer
rest: a process with too much to do writes less often, and has time for what is said and for last writes.
"""

log = structlog.get_logger()


class AnswerWriter:
    """One answer on its way into one thread: `feed` and `finish` from one side, `show` on the other."""

    def __init__(
        self,
        live: LiveReply,
        surface: Surface,
        turn: Turn,
        *,
        limiters: LimitersByMethod,
        store: Conversations,
        holds_lease: Callable[[], bool],
        is_thinking: bool,
    ) -> None:
        """`turn.pages` are the messages that show it already; `book` is told of each further one.

        `is_ours` says whether this process may still count itself the turn's owner; `is_thinking` whether
        to say so until the first text.
        """
        self.error = ""
        self.kept_length: int | None = None
        """How many characters of the text stay of an answer that was stopped; None if all do."""
        self._live = live
        self._surface = surface
        self._turn = turn
        self._thread = turn.thread
        self._limiters = limiters
        self._waiting_request: WriteRequest | None = None
        self._messages = AnswerMessages(surface, turn, store, holds_lease)
        self._holds_lease = holds_lease
        self._actions: tuple[Action, ...] = ()
        self._typing_status = TypingStatus(surface, turn) if is_thinking else None
        self._clock = asyncio.get_running_loop().time
        self._shown_at = self._clock()
        self._changed = TimedEvent()
        self._finished = TimedEvent()
        self._failures = 0
        self._needed_at = 0.0  # when there is something to do with more text
        self._lateness = 0.0  # seconds by which this process was, when it last went on with this answer
        self._store_error: StoreError | None = None
        self._stop_request: tuple[str, tuple[Action, ...], bool] | None = None

    def feed(self, text: str) -> None:
        """Take some more text of the answer. Raises what made `show` give the turn up."""
        if self._store_error:
            raise self._store_error
        self._live.feed(text)
        if self._waiting_request and "\n" in text:
            self._end_page_if_slow()
        self._changed.set()

    def needed_at(self) -> float:
        """Return when the next text can be shown, by the clock of the loop; until then nobody needs it."""
        return self._needed_at

    def _end_page_if_slow(self) -> None:
        """Let a page end where it can if edits are slow, and go before others with that."""
        self._live.note_pressure(
            self._clock(), is_slow=self._limiters[WriteMethod.EDIT].fair_interval() > SLOW_EDIT_INTERVAL_SECONDS
        )
        if self._waiting_request and self._live.has_full_page():
            self._limiters[WriteMethod.EDIT].raise_urgency(self._waiting_request, Urgency.PAGE)

    def finish(self, note: str = "", *actions: Action) -> None:
        """Take the end of the answer; `note` is a sentence of ours to show under it, with buttons."""
        self._actions = actions
        self._live.finish(note)
        self._prioritise_end()

    def stop(self, note: str, *actions: Action) -> None:
        """End the answer on the pages there are, as soon as no write is under way: see `stays`.

        One that was finished, and needs no further page, goes to its own end.
        """
        self._stop_request = (note, actions, self._finished.is_set())
        self._prioritise_end()

    def _prioritise_end(self) -> None:
        """Let the answer's end be shown before other answers' middles."""
        if self._waiting_request:
            for desk in self._limiters.values():
                desk.raise_urgency(self._waiting_request, Urgency.LAST)
        self._finished.set()
        self._changed.set()

    async def show(self) -> None:
        """Write until the thread shows everything, or can no longer be written to: see `error`.

        Raises `ClaimLost` once the turn may be another process's, and what the book raises.
        """
        try:
            with self._limiters[WriteMethod.EDIT].count_answer() if self._live.is_edited else nullcontext():
                while await self._step():
                    pass
            await self._messages.remove_surplus(self._live.list_surplus_pages())
        except SurfaceGone as gone:
            log.info("The thread can no longer be written to.", action="surface_gone", reason=str(gone))
            self.error = gone.code
        except StoreError as error:
            self._store_error = error
            raise
        finally:
            is_ours = self._holds_lease()
            await self._clear_status(holds_lease=is_ours)
        if not is_ours:
            raise ClaimLost  # who shows it again says that nobody is thinking any more

    async def _clear_status(self, *, holds_lease: bool) -> None:
        """Let nothing say any more that the bot is thinking, neither we nor who died over this turn."""
        if self._typing_status:
            await self._typing_status.stop(clear=holds_lease)
        if holds_lease and (self.error or (not self._typing_status and self._turn.status in OPEN_STATUSES)):
            await self._surface.show_working(self._turn, busy=False)

    def _apply_stop(self) -> None:
        """End the answer here if it was stopped; call it while no write is under way."""
        if self._stop_request:
            (note, actions, was_finished), self._stop_request = self._stop_request, None
            self.kept_length = self._live.stop(note)
            if not was_finished or self.kept_length is not None:
                self._actions = actions

    async def _step(self) -> bool:
        """Do what the reply asks for next; return whether there is more."""
        self._changed.clear()
        self._apply_stop()
        self._end_page_if_slow()
        now = self._clock()
        match self._live.next(now):
            case Done():
                return False
            case Idle(until):
                await self._changed.wait(max(until - now, MIN_TIMER_SECONDS))
            case Wait(until):
                await self._pause(until - now)
            case Post() | Edit() as write:
                await self._write_when_allowed(write)
        return True

    async def _write_when_allowed(self, write: Post | Edit) -> None:
        """Write when the rate limit lets us; after a wait, what is newest then."""
        means = self._messages.write_method(write, self._build_page(write))
        if means is WriteMethod.START and not self._limiters[means].is_free():
            means = WriteMethod.POST  # nobody waits for a message to grow
        if await self._wait_for_permission(write, self._limiters[means]):
            self._apply_stop()
            newest = self._live.next(self._clock())
            if not isinstance(newest, Post | Edit) or not self._may_write(newest, means):
                return
            write = newest
        await self._write(write, means)

    async def _wait_for_permission(self, write: Post | Edit, limiter: RateLimiter) -> bool:
        """Let the rate limit have room for a write that matters this much; return whether that took time."""
        ticket = limiter.enqueue(_urgency_of(write), self._shown_at)
        if ticket.granted.done():
            return False
        self._waiting_request = ticket
        try:
            await ticket.granted
        finally:
            limiter.withdraw(ticket)
            self._waiting_request = None
        return True

    def _may_write(self, newest: Post | Edit, granted: WriteMethod) -> bool:
        """Return whether what is to be written by now can be written by the means that were granted."""
        means = self._messages.write_method(newest, self._build_page(newest))
        return means is granted or (means, granted) == (WriteMethod.START, WriteMethod.POST)

    async def _pause(self, seconds: float) -> None:
        """Wait, but look again at once when the answer ends: its last write may go earlier."""
        seconds = max(seconds, MIN_TIMER_SECONDS)
        due = self._clock() + seconds
        self._needed_at = due - TEXT_LEAD_SECONDS
        if self._finished.is_set():
            await asyncio.sleep(seconds)
        else:
            await self._finished.wait(seconds)
        self._needed_at = 0.0
        self._lateness = max(0.0, self._clock() - due)

    async def _write(self, command: Post | Edit, method: WriteMethod) -> None:
        if not self._holds_lease():
            raise ClaimLost
        try:
            await self._write_page(command, method)
        except SurfaceBusy as busy:
            if method is not WriteMethod.START:  # else it is posted at once
                self._live.note_refused(self._clock(), busy.retry_after)
            self._limiters[method].handle_refusal(busy.retry_after)
        except SurfaceUnavailable:
            self._failures += 1
            self._live.note_refused(self._clock(), retry_delay(self._failures))
        except MessageLost as lost:
            await self._replace_lost_message(command, lost)
        else:
            self._failures = 0

    async def _replace_lost_message(self, command: Post | Edit, lost: MessageLost) -> None:
        """Let an answer go on below a message that takes no change, or without it."""
        if isinstance(command, Post):
            raise lost
        log.info("A message can no longer be changed.", action="message_lost", reason=str(lost))
        if not (lost.stays and self._live.note_unchangeable(command)):
            await self._messages.forget_lost_message(command, lost)
            self._live.note_gone(command)

    async def _write_page(self, command: Post | Edit, method: WriteMethod) -> None:
        if self._typing_status and isinstance(command, Post):
            await self._typing_status.stop(clear=False)
        if await self._messages.write(command, self._build_page(command), method):
            self._live.note_accepted(command, self._clock(), rest=LATENESS_BACKOFF_FACTOR * self._lateness)
            self._shown_at = self._clock()

    def _build_page(self, command: Post | Edit) -> Page:
        return Page(
            turn=self._turn.id,
            number=command.page,
            text=command.text,
            actions=self._actions_below(command),
            is_last=command.end,
        )

    def _actions_below(self, command: Post | Edit) -> tuple[Action, ...]:
        """Return the buttons below a page. One that may be complete as it is posted has none yet."""
        if command.end:
            return self._actions
        return (Action.STOP,) if isinstance(command, Edit) and not command.last else ()


def _urgency_of(write: Post | Edit) -> Urgency:
    """Return how much a write matters, beside those of other answers."""
    if write.end:
        return Urgency.LAST
    if isinstance(write, Post) and write.page == 0:
        return Urgency.FIRST
    return Urgency.PAGE if write.last else Urgency.PARTIAL
