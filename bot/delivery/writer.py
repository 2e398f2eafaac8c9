"""Writes one growing answer into its thread: the loop between `LiveReply`, the rate limiter, and the surface.

`LiveReply` is pure: it is fed with text and asked, with the time, what the thread should show next. This module
does what it says, and all the waiting:

    model --feed(text)--> LiveReply                      show() runs beside, until Done:

        next(now) -> Wait(until)    sleep; wake up early if the answer ends
                  -> Idle(until)    sleep until more text comes
                  -> Post | Edit    ask the rate limiter for permission, by urgency
                                      while waiting, text goes on growing
                                    ask next(now) again: its newest text is what is written
                                    write it; tell LiveReply whether it was accepted, refused or lost
                  -> Done           the thread shows everything

An example with one edit each second and a model that writes ten words a second: the first words are posted at
once, and each edit then brings about ten more. If the limiter grants an edit only after four seconds, that one
edit brings forty.

Rules: one writer for each answer, and its writes never overlap. Text is taken at the moment of writing, so no
edit is ever queued. A write that fails for a while is late, and never lost. Nothing is written once
`holds_lease` returns False.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import structlog

from bot.core.errors import ClaimLost, MessageLost, StoreError, SurfaceBusy, SurfaceGone, SurfaceUnavailable
from bot.core.reply.commands import Done, Edit, Idle, Post, Wait
from bot.core.reply.live_reply import LiveReply
from bot.core.turns import OPEN_STATUSES, Action, Turn
from bot.delivery.page_messages import AnswerMessages
from bot.delivery.rate_limiter import LimitersByMethod, RateLimiter, Urgency, WriteMethod, WriteRequest
from bot.delivery.retry import compute_retry_delay
from bot.delivery.timed_event import TimedEvent
from bot.delivery.typing_status import TypingStatus
from bot.ports import Conversations, Page, Surface

SLOW_EDIT_INTERVAL_SECONDS = 15.0
"""If edits of an answer come less often than this, it goes on in further messages instead."""
MIN_TIMER_SECONDS = 0.001
"""A timer that is set for less may fire before its time."""
TEXT_LEAD_SECONDS = 0.03
"""The model's stream is read again this long before a write, so that the write shows the newest text."""
LATENESS_BACKOFF_FACTOR = 5.0
"""After being T seconds late with an answer, wait at least this many times T before its next write.

An overloaded process so writes less often, and has time for reading models and for the ends of answers.
"""
LATE_POST_SECONDS = 2.0
"""How long a post without a response may take to appear, until the thread is searched for it and it is posted again."""

log = structlog.get_logger()


class AnswerWriter:
    """Writes one answer: the model's side calls `feed` and `finish`, while a task runs `show`."""

    def __init__(
        self,
        live: LiveReply,
        surface: Surface,
        turn: Turn,
        *,
        limiters: LimitersByMethod,
        store: Conversations,
        holds_lease: Callable[[], Awaitable[bool]],
        is_thinking: bool,
    ) -> None:
        """`turn.pages` are the messages that show the answer already; further ones are recorded in `store`.

        `holds_lease` returns whether this process certainly still owns the turn. `is_thinking`: show a
        typing status until the first text.
        """
        self.error = ""
        self.kept_length: int | None = None
        """Length in characters to which a stopped answer was cut; None if all of its text stays."""
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
        self._needed_at = 0.0  # until then no text of the model can be shown
        self._lateness = 0.0  # seconds by which the last pause of this answer was overrun
        self._store_error: StoreError | None = None
        self._stop_request: tuple[str, tuple[Action, ...], bool] | None = None

    def feed(self, text: str) -> None:
        """Take more text of the answer. Raises the `StoreError` that ended `show`."""
        if self._store_error:
            raise self._store_error
        self._live.feed(text)
        if self._waiting_request and "\n" in text:
            self._end_page_if_slow()
        self._changed.set()

    def needed_at(self) -> float:
        """Return when text can be shown next, by the loop's clock; the model's stream need not be read before."""
        return self._needed_at

    def _end_page_if_slow(self) -> None:
        """If edits are slow, let the page end early, and write it before other answers' partial pages."""
        self._live.note_pressure(
            self._clock(), is_slow=self._limiters[WriteMethod.EDIT].fair_interval() > SLOW_EDIT_INTERVAL_SECONDS
        )
        if self._waiting_request and self._live.has_full_page():
            self._limiters[WriteMethod.EDIT].raise_urgency(self._waiting_request, Urgency.PAGE)

    def finish(self, note: str = "", *actions: Action) -> None:
        """Note that the answer is complete, with the bot's own `note` and buttons to show below it."""
        self._actions = actions
        self._live.finish(note)
        self._prioritise_end()

    def stop(self, note: str, *actions: Action) -> None:
        """End the answer within its present messages, as soon as no write is in progress; see `kept_length`.

        An answer that is finished, and needs no further message, is shown to its own end.
        """
        self._stop_request = (note, actions, self._finished.is_set())
        self._prioritise_end()

    def _prioritise_end(self) -> None:
        """Let the end of this answer be written before the middles of others."""
        if self._waiting_request:
            for limiter in self._limiters.values():
                limiter.raise_urgency(self._waiting_request, Urgency.LAST)
        self._finished.set()
        self._changed.set()

    async def show(self) -> None:
        """Write until the thread shows everything, or can no longer be written to; see `error`.

        Raises `ClaimLost` once another process may own the turn, and any other `StoreError` of the store.
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
            holds_lease = await self._holds_lease()
            await self._clear_status(holds_lease=holds_lease)
        if not holds_lease:
            raise ClaimLost  # the turn's next owner clears the status

    async def _clear_status(self, *, holds_lease: bool) -> None:
        """Clear the typing status, also one that a dead owner of this turn left behind."""
        if self._typing_status:
            await self._typing_status.stop(clear=holds_lease)
        if holds_lease and (self.error or (not self._typing_status and self._turn.status in OPEN_STATUSES)):
            await self._surface.show_working(self._turn, busy=False)

    def _apply_stop(self) -> None:
        """End the answer here if it was stopped. Only while no write is in progress."""
        if self._stop_request:
            (note, actions, was_finished), self._stop_request = self._stop_request, None
            self.kept_length = self._live.stop(note)
            if not was_finished or self.kept_length is not None:
                self._actions = actions

    async def _step(self) -> bool:
        """Do what `LiveReply` asks for next; return whether there is more to do."""
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
        """Write once the rate limiter permits it; after a wait, the newest text is written."""
        method = self._messages.choose_method(write, self._build_page(write))
        if method is WriteMethod.START and not self._limiters[method].is_free():
            method = WriteMethod.POST  # the first text of an answer goes out sooner this way
        if await self._wait_for_permission(write, self._limiters[method]):
            self._apply_stop()
            newest = self._live.next(self._clock())
            if not isinstance(newest, Post | Edit) or not self._may_write(newest, method):
                return
            write = newest
        await self._write(write, method)

    async def _wait_for_permission(self, write: Post | Edit, limiter: RateLimiter) -> bool:
        """Wait for the rate limiter's permission to write; return whether that took time."""
        request = limiter.enqueue(_choose_urgency(write), self._shown_at)
        if request.granted.done():
            return False
        self._waiting_request = request
        try:
            await request.granted
        finally:
            limiter.withdraw(request)
            self._waiting_request = None
        return True

    def _may_write(self, newest: Post | Edit, granted: WriteMethod) -> bool:
        """Return whether the newest command can be written with the permission that was granted."""
        method = self._messages.choose_method(newest, self._build_page(newest))
        return method is granted or (method, granted) == (WriteMethod.START, WriteMethod.POST)

    async def _pause(self, seconds: float) -> None:
        """Sleep, but wake up when the answer ends, since its last write may go out earlier."""
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
        if not await self._holds_lease():
            raise ClaimLost
        try:
            await self._write_page(command, method)
        except SurfaceBusy as busy:
            if method is not WriteMethod.START:  # or else the page is posted instead, at once
                self._live.note_refused(self._clock(), busy.retry_after)
            self._limiters[method].handle_refusal(busy.retry_after)
        except SurfaceUnavailable as error:
            self._failures += 1
            delay = compute_retry_delay(self._failures)
            if isinstance(command, Post) and error.may_still_happen:
                delay = max(delay, LATE_POST_SECONDS)
            self._live.note_refused(self._clock(), delay)
        except MessageLost as lost:
            await self._replace_lost_message(command, lost)
        else:
            self._failures = 0

    async def _replace_lost_message(self, command: Post | Edit, lost: MessageLost) -> None:
        """Let the answer go on after one of its messages can no longer be changed, or was deleted."""
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
            token=self._turn.token,
        )

    def _actions_below(self, command: Post | Edit) -> tuple[Action, ...]:
        """Return the buttons below a page. A new message has none: the answer may be complete with it."""
        if command.end:
            return self._actions
        return (Action.STOP,) if isinstance(command, Edit) and not command.last else ()


def _choose_urgency(write: Post | Edit) -> Urgency:
    """Return how urgent a write is among those of other answers."""
    if write.end:
        return Urgency.LAST
    if isinstance(write, Post) and write.page == 0:
        return Urgency.FIRST
    return Urgency.PAGE if write.last else Urgency.PARTIAL
