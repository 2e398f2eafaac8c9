"""Decides what a thread should show next while an answer grows, and when: the heart of the bot.

The driver (`delivery.writer`) feeds text in, asks `next` what to do, does it, and reports the result. The
driver also passes the time, so this is pure. No write is ever queued: its text is computed when it is asked
for, so a slow platform sees fewer writes and never an outdated text.

    time   fed              next() returns                        reported
    0.0    "Hello"          Post(page=0, "Hello", last=False)     note_accepted
    0.2    " wor"           Wait(until=1.0)                       -
    1.0    "ld"             Edit(page=0, "Hello world")           note_refused, retry after 5 s
    1.5    ", how are you"  Wait(until=6.0)                       -
    6.0    finish()         Edit(page=0, "Hello world, ...",      note_accepted
                                 last=True, end=True)
    6.1    -                Done()                                -

Rules, each a property in the tests:

- A page is complete before the next one begins, and does not change afterwards.
- The pages joined are the answer, whatever was refused in between.
- Nothing is written before the time of a refusal has passed.
- Between two writes lies the interval. Only a write that completes a page, or the answer, goes at once: its
  text will not change any more.
- If a message can only be appended to, each text of a growing page begins with the one before it. Markdown
  can still change its mind; then the page ends early and is replaced, as by an edit.
- If edits are slow, a page ends with a paragraph, and is shown when it is complete.
- A page that grows by edits has a stop button, and no other page has. The page's last write removes it, and
  is made for that alone if necessary.
- If a message can no longer be changed, its page ends with what it shows, and the rest follows in a new
  message. If a message is gone, or its text is unknown, its page is posted again.
"""

from collections.abc import Callable
from math import inf
from typing import Protocol

from bot.core.reply.commands import Command, DisplayMode, Done, Edit, Idle, Post, Wait
from bot.core.reply.paging import Pager

EARLY_PAGE_DIVISOR = 12
"""If edits are slow, a page that ends early has at least this part (1/12) of a page's characters; the first
page may be a single paragraph.
"""
MAX_HOLD_SECONDS = 10.0
"""How long people wait at most if edits are slow: for the first paragraph, before its beginning is shown, and
for each further message, so that a fast answer does not fill the thread.
"""


class PageLimits(Protocol):
    """The part of a platform's limits that a reply needs."""

    @property
    def fits(self) -> Callable[[str], bool]:
        """Returns whether a page of Markdown can be shown in one message."""
        ...

    @property
    def page_size(self) -> int:
        """Characters of Markdown; no longer page fits."""
        ...

    @property
    def interval(self) -> float:
        """Seconds between two writes."""
        ...

    @property
    def append_interval(self) -> float:
        """Seconds between two writes that only append."""
        ...


class LiveReply:
    """An answer while it grows. Times are in seconds, on any clock that does not go backwards.

    `posted` is the number of messages that an earlier attempt left in the thread; they are edited before any
    new one is posted. The first text is shown at once.
    """

    def __init__(self, limits: PageLimits, *, posted: int = 0, mode: DisplayMode = DisplayMode.EDITS) -> None:
        self._pager = Pager(fits=limits.fits, page_size=limits.page_size)
        self._interval = limits.append_interval if mode is DisplayMode.STREAM else limits.interval
        self._mode = mode
        self._min_early_page_characters = limits.page_size // EARLY_PAGE_DIVISOR
        self._posted = posted
        self._page = 0  # every page before it is complete on screen
        self._on_screen = ""  # what that page shows
        self._is_open = False  # whether its message has a stop button, or still accepts appended text
        self._has_changed = False  # whether an edit of it succeeded
        self._is_held = False  # whether the next message waits until its page is complete
        self._hold_until = inf  # when the first one is posted in any case
        self._is_finished = False
        self._fed = 0
        self._written_at = -inf
        self._next_partial = -inf
        self._refused_until = -inf

    def feed(self, text: str) -> None:
        """Take more text from the model. Raises `ValueError` after `finish`."""
        if self._is_finished:
            raise ValueError("The answer was finished; nothing can follow.")
        self._pager.feed(text)
        self._fed += len(text)

    def finish(self, note: str = "") -> None:
        """Note that the answer is complete, or stopped: then `note` says why, in a last paragraph."""
        if note:
            self._pager.close()
            self._pager.feed(note)
        self._is_finished = True

    def stop(self, note: str) -> int | None:
        """End the answer with `note` on the pages there are; call it while no write is running.

        Returns how many characters of its text remain, or None if all do. An answer that is finished and
        needs no further message is too late to stop: it ends as it is, without the note.
        """
        pages = max(self._posted, 1)
        held = self._pager.count_held(pages)
        is_whole = held is None or held >= self._fed  # the rest may be our own note
        if is_whole and self._is_finished:
            return None
        if self._page >= pages:
            self._page, self._on_screen = pages - 1, self._pager.full[pages - 1]
        if not is_whole:
            self._pager.cut_after(pages)
        self.finish(note)
        return None if is_whole else held

    @property
    def is_edited(self) -> bool:
        """Whether a growing page is replaced by longer versions of itself."""
        return self._mode is DisplayMode.EDITS

    def note_pressure(self, now: float, *, is_slow: bool) -> None:
        """Note whether edits are slow at the moment; call it when there is more text.

        If they are, a page ends with a paragraph, and is posted when it is complete. Only the first page is
        shown unfinished, if people would have to wait too long for it.
        """
        if self._fed:
            self._hold_until = min(self._hold_until, now + MAX_HOLD_SECONDS)
        self._is_held = is_slow and self.is_edited and (self._posted > 0 or now < self._hold_until)
        is_due = now >= self._written_at + MAX_HOLD_SECONDS and self._page == len(self._pager.full)
        if is_slow and self.is_edited and is_due and not self._is_finished:
            self._pager.end_paragraph(self._on_screen, self._min_early_page_characters if self._posted else 1)

    def has_full_page(self) -> bool:
        """Return whether a complete page is not yet shown as such."""
        return self._page < len(self._pager.full)

    def next(self, now: float) -> Command:
        """Return what to do now. Calling it changes nothing."""
        if now < self._refused_until:
            return Wait(self._refused_until)
        is_last_due = self._is_finished or self.has_full_page()
        if now < self._next_partial and not is_last_due:
            return Wait(self._next_partial)
        write = self._next_write()
        if write is None:
            return Done() if self._is_finished else Idle(self._first_message_deadline())
        if now < self._next_partial and not write.last:
            return Wait(self._next_partial)
        return write

    def note_accepted(self, command: Post | Edit, now: float, *, rest: float = 0.0) -> None:
        """Note that the platform shows what `command` said.

        The next write comes after the interval, or after `rest` seconds if that is longer.
        """
        self._posted = max(self._posted, command.page + 1)
        self._page = command.page + command.last
        self._on_screen = "" if command.last else command.text
        self._has_changed = isinstance(command, Edit)
        self._is_open = not command.last and (self._has_changed or self._mode is DisplayMode.STREAM)
        self._written_at = now
        self._next_partial = now + max(self._interval, rest)

    def note_refused(self, now: float, retry_after: float) -> None:
        """Note that the platform accepts no write for `retry_after` seconds."""
        self._refused_until = max(self._refused_until, now + retry_after)

    def note_unchangeable(self, command: Edit) -> bool:
        """Note that a message cannot be edited: its page ends there, and the rest is posted below.

        If no message can be edited, stop showing partial text: otherwise every few words would become a
        message. Returns False if the message's text is unknown, because an earlier attempt wrote it.
        """
        shown = self._on_screen if command.page == self._page else ""
        if shown:
            self._pager.end_with(command.page, shown)
            self._page, self._on_screen, self._is_open = command.page + 1, "", False
            self._mode = self._mode if self._has_changed else DisplayMode.WHOLE
        return bool(shown)

    def note_gone(self, command: Edit) -> None:
        """Note that the messages of this page and of all later ones are gone: the page is posted again."""
        self._posted = self._page = command.page
        self._on_screen, self._is_open = "", False

    def list_surplus_pages(self) -> range:
        """Return the pages of an earlier attempt that the finished answer does not need."""
        used = len(self._pager.full) + bool(self._pager.current(is_complete=True))
        return range(used, self._posted)

    def _first_message_deadline(self) -> float:
        """Return the time at which the first message is posted although it is being held back."""
        return self._hold_until if self._is_held and not self._posted else inf

    def _next_write(self) -> Post | Edit | None:
        """Return the write for the first page that does not show what it should."""
        for page in (self._page, self._page + 1):  # the first may have become complete without a change
            text, is_full = self._page_text(page)
            on_screen = self._on_screen if page == self._page else ""
            is_complete = is_full or self._is_finished
            if text and (text != on_screen or (is_complete and self._is_open)):
                kind = Edit if page < self._posted else Post
                return kind(page, text, is_complete, self._is_finished and self._is_last_page(page))
            if not is_full:
                return None
        return None

    def _is_last_page(self, page: int) -> bool:
        """Return whether this is the last page."""
        rest = self._pager.current(is_complete=True)
        return page == len(self._pager.full) or (page == len(self._pager.full) - 1 and not rest)

    def _page_text(self, page: int) -> tuple[str, bool]:
        """Return what a page should show, and whether it is full."""
        full = self._pager.full
        current = self._current_text() if page == len(full) else ""
        return (full[page], True) if page < len(full) else (current, False)

    def _current_text(self) -> str:
        """Return what the page after the full ones should show now."""
        if self._is_held and not self._is_finished and len(self._pager.full) >= self._posted:
            return ""
        if self._is_finished or self._mode is DisplayMode.EDITS:
            return self._pager.current(is_complete=self._is_finished)
        return self._pager.settled() if self._mode is DisplayMode.STREAM else ""
