"""What a thread should show next, and not before when: the heart of the bot.

Separate from `delivery`, which waits and writes. Pure: the caller brings the time, asks `next`, does what
it says, and reports what came of it. No write is ever queued; its text is made at the moment it is asked
for, so a slow platform sees fewer writes and never older text. Rules, each a property in the tests:

- A page is complete before the next one begins, and does not change afterwards.
- The pages joined are the answer, whatever was refused in between.
- Nothing is written before a refusal's time has passed.
- Between two writes lies the interval. Only a write that completes a page, or the answer, need not wait
  for it: nobody should wait for text that will not change any more.
- Where text is only added to what is there, each text of a growing page begins with the one before; but
  Markdown can change its mind, and a page ends earlier then: it is replaced, as by an edit.
- Where edits are long in coming, a page ends with a paragraph, and is shown when it is complete.
- Below a page that grows by edits it can be stopped, and below no other: whatever was offered there goes with
  the page's last write, which is made for that alone if need be.
- Where a message can't be changed any more, its page ends with what it shows, and the rest follows below.
  Where it is gone, or nobody knows what it shows, its page is posted anew.
"""

from collections.abc import Callable
from math import inf
from typing import Protocol

from bot.core.reply.commands import Command, DisplayMode, Done, Edit, Idle, Post, Wait
from bot.core.reply.paging import Pager

EARLY_PAGE_DIVISOR = 12
"""A page that ends early, because edits are slow, has at least such a part of a page's characters; one that
nobody has seen yet may be a paragraph.
"""
MAX_HOLD_SECONDS = 10.0
"""Seconds for which people may be kept waiting where edits are slow: for the first paragraph, before they
see the beginning of it, and for a further message, lest a fast answer fill its thread.
"""


class PageLimits(Protocol):
    """The part of a platform's limits that one reply must know."""

    @property
    def fits(self) -> Callable[[str], bool]:
        """Whether a page of Markdown can be shown in one message."""
        ...

    @property
    def page_size(self) -> int:
        """Characters of Markdown beyond which no page fits."""
        ...

    @property
    def interval(self) -> float:
        """Seconds between two writes."""
        ...

    @property
    def append_interval(self) -> float:
        """Likewise, where text is only added."""
        ...


class LiveReply:
    """An answer while it grows. Times are in seconds, on any clock that does not go backwards.

    `posted` is the number of messages that an earlier attempt left in the thread; they are edited before
    any is posted. The first text is shown at once.
    """

    def __init__(self, limits: PageLimits, *, posted: int = 0, mode: DisplayMode = DisplayMode.EDITS) -> None:
        self._pager = Pager(fits=limits.fits, page_size=limits.page_size)
        self._interval = limits.append_interval if mode is DisplayMode.STREAM else limits.interval
        self._mode = mode
        self._min_early_page_characters = limits.page_size // EARLY_PAGE_DIVISOR
        self._posted = posted
        self._page = 0  # all before it are complete on screen
        self._on_screen = ""  # of that page
        self._is_open = False  # whether that message can be operated as one that grows, or takes more text
        self._has_changed = False  # whether it took a change after its first text
        self._is_held = False  # whether a further message is not begun before its page is complete
        self._hold_until = inf  # when the first one is begun anyhow
        self._is_finished = False
        self._fed = 0
        self._written_at = -inf
        self._next_partial = -inf
        self._refused_until = -inf

    def feed(self, text: str) -> None:
        """Take what the model said more. Raises `ValueError` after `finish`."""
        if self._is_finished:
            raise ValueError("The answer was finished; nothing can follow.")
        self._pager.feed(text)
        self._fed += len(text)

    def finish(self, note: str = "") -> None:
        """Note that the model said everything, or stopped: then `note` says why, in a last paragraph."""
        if note:
            self._pager.close()
            self._pager.feed(note)
        self._is_finished = True

    def stop(self, note: str) -> int | None:
        """End the answer with `note` on the pages there are; call it while no write is under way.

        Returns how many characters of its text stay, or None if all do. One that was finished and needs no
        further message goes to its own end instead: it is too late.
        """
        pages = max(self._posted, 1)
        held = self._pager.count_held(pages)
        is_whole = held is None or held >= self._fed  # what follows may be a note of ours
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
        """Whether pages that grow are replaced by ones that say more."""
        return self._mode is DisplayMode.EDITS

    def note_pressure(self, now: float, *, is_slow: bool) -> None:
        """Note whether edits are long in coming; call it when there is more text.

        Then a page ends with a paragraph, and is posted when it is complete: a paragraph or more at a time.
        Only the first one people see as it is, if they would have to wait for it.
        """
        if self._fed:
            self._hold_until = min(self._hold_until, now + MAX_HOLD_SECONDS)
        self._is_held = is_slow and self.is_edited and (self._posted > 0 or now < self._hold_until)
        is_due = now >= self._written_at + MAX_HOLD_SECONDS and self._page == len(self._pager.full)
        if is_slow and self.is_edited and is_due and not self._is_finished:
            self._pager.end_paragraph(self._on_screen, self._min_early_page_characters if self._posted else 1)

    def has_full_page(self) -> bool:
        """Return whether a page is complete that is not shown so."""
        return self._page < len(self._pager.full)

    def next(self, now: float) -> Command:
        """Return what to do now. Asking changes nothing."""
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
        """Note that the platform wants no write for `retry_after` seconds."""
        self._refused_until = max(self._refused_until, now + retry_after)

    def note_unchangeable(self, command: Edit) -> bool:
        """Note that the message can't be changed: the page ends with what it shows, and the rest is posted.

        Where none ever takes a change, nothing grows any more, lest there be a message for every few words.
        Returns False if nobody knows what it shows: an earlier attempt wrote it.
        """
        shown = self._on_screen if command.page == self._page else ""
        if shown:
            self._pager.end_with(command.page, shown)
            self._page, self._on_screen, self._is_open = command.page + 1, "", False
            self._mode = self._mode if self._has_changed else DisplayMode.WHOLE
        return bool(shown)

    def note_gone(self, command: Edit) -> None:
        """Note that no message shows the page any more, nor any after it: it is posted anew."""
        self._posted = self._page = command.page
        self._on_screen, self._is_open = "", False

    def list_surplus_pages(self) -> range:
        """Return the pages of an earlier attempt that a finished answer does not need; remove them."""
        used = len(self._pager.full) + bool(self._pager.current(is_complete=True))
        return range(used, self._posted)

    def _first_message_deadline(self) -> float:
        """Return when the first message is begun that is held back now."""
        return self._hold_until if self._is_held and not self._posted else inf

    def _next_write(self) -> Post | Edit | None:
        """Return the write of the first page that does not show what it should."""
        for page in (self._page, self._page + 1):  # the first may have become complete as it stands
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
        """Return whether nothing follows this page."""
        rest = self._pager.current(is_complete=True)
        return page == len(self._pager.full) or (page == len(self._pager.full) - 1 and not rest)

    def _page_text(self, page: int) -> tuple[str, bool]:
        """Return what page `page` should show, and whether it is full."""
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
