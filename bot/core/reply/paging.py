"""Growing Markdown as pages that each fit into one message.

Separate from `live_reply`, which knows time and no Markdown. Rules: an earlier page never changes once
there is a later one; what a break cuts open (a fence, a table) is closed before it and opened again after
it; nothing is lost but white space at a break; only the current page is ever looked at, so that no cost
grows with the answer.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from bot.core.reply.markdown_lines import (
    MarkdownLine,
    OpenBlock,
    find_open_block,
    scan_grown_lines,
    scan_lines,
)
from bot.core.reply.page_breaks import (
    find_best_break,
    find_finished_end,
    find_paragraph_starts,
    find_settled_end,
)

FIT_SEARCH_STEPS = 64
"""Parts of a page; how closely a page is filled whose rendering is longer than its Markdown. A finer
search would render the page more often, for a few characters.
"""


class Pager:
    """Breaks Markdown into pages while it grows.

    `fits` says whether a page can be shown in one message; beyond `page_size` characters none can. `fits`
    may be slow: it is asked when a page is looked at or broken off, not while text is fed into one with
    room left.
    """

    def __init__(self, *, fits: Callable[[str], bool], page_size: int) -> None:
        self._fits = fits
        self._page_size = page_size
        self._full: list[str] = []
        self._open = OpenBlock()
        self._text = ""
        self._lines: list[MarkdownLine] = []  # as far as it was looked at
        self._ends: list[int] = []  # of what was fed, in characters: where each full page ends
        self._raw: list[
            tuple[str, OpenBlock]
        ] = []  # each full page as it was fed, and what was open before it
        self._broken_off = 0

    def feed(self, text: str) -> None:
        """Add to the end."""
        self._text += text
        while len(self._text) > self._page_size:
            self._break_off_page()

    def close(self) -> None:
        """End the block of code that is open, if any, and the paragraph."""
        closing = find_open_block(scan_lines(self._text, self._open), len(self._text)).closing
        self.feed(f"\n{closing}\n\n" if closing else "\n\n")

    def count_held(self, pages: int) -> int | None:
        """Return how many characters fed the first `pages` pages hold; None if there are no more."""
        self.current(is_complete=True)  # breaks off what is too much for one page
        return self._ends[pages - 1] if len(self._full) >= pages else None

    def cut_after(self, pages: int) -> None:
        """Forget all that follows the first `pages` pages, the last of which may grow again."""
        del self._full[pages:], self._ends[pages:], self._raw[pages - 1 :]
        self._broken_off = self._ends.pop()
        self._text, self._open, self._lines = self._full.pop(), OpenBlock(), []

    def end_with(self, page: int, shown: str) -> None:
        """Let a page end with `shown`, as it was shown once; all that follows comes on later pages."""
        self._reopen(page)
        end = self._end_of(shown)
        self._break_off(shown, end, find_open_block(scan_lines(self._text[:end], self._open), end))
        self.feed("")

    def _reopen(self, page: int) -> None:
        """Let a page grow again, if it is full, with all that follows it."""
        if page < len(self._full):
            raw, self._open = self._raw[page]
            self._broken_off = self._ends[page] - len(raw)
            self._text = "".join(text for text, _ in self._raw[page:]) + self._text
            self._lines = []
            del self._full[page:], self._ends[page:], self._raw[page:]

    def _end_of(self, shown: str) -> int:
        """Return where the current page ended when it was shown so; what closes it may be ours."""
        lead = len(self._text) - len(self._text.lstrip("\n"))
        body = shown.removeprefix(self._open.opening(self._text.partition("\n")[0]))
        for known in (body, body.rpartition("\n")[0]):
            if self._text.startswith(known, lead):
                rest = self._text[lead + len(known) :]
                return len(self._text) - len(rest.lstrip("\n"))
        return 0  # rather said twice than not at all

    @property
    def full(self) -> Sequence[str]:
        """The pages that have a later one, or will have; none of them ever changes."""
        return self._full

    def current(self, *, is_complete: bool) -> str:
        """Return the page after the full ones as it should be shown now; empty if there is nothing to show.

        Unless the answer `is_complete`, a short unfinished end (half a link) is held back. Text that is too
        much for one page, although it is short enough, is broken into full ones here.
        """
        while True:
            lines = self._lines = scan_grown_lines(self._lines, self._text, self._open)
            end = len(self._text) if is_complete else find_finished_end(self._text, lines)
            page = self._render_page(lines, end)
            if not page or self._fits(page):
                return page
            self._break_off_page()

    def settled(self) -> str:
        """Return as much of that page as can be sent where what was sent stays: nothing is closed."""
        while True:
            lines = self._lines = scan_grown_lines(self._lines, self._text, self._open)
            end = find_settled_end(self._text, lines)
            page = self._render_page(lines, end)
            if not page or self._fits(page):
                opening = self._open.opening(lines[0].text)
                return opening + self._text[:end].lstrip("\n") if page else ""
            self._break_off_page()

    def end_paragraph(self, shown: str, least: int) -> None:
        """End the current page with its last complete paragraph, if it has one that ends after `shown`.

        No page gets shorter than `least` characters by that.
        """
        lines = self._lines = scan_grown_lines(self._lines, self._text, self._open)
        lead = len(self._text) - len(self._text.lstrip("\n"))
        end = max(find_paragraph_starts(lines), default=0)
        if end >= lead + max(len(shown), least) and self._fits(page := self._render_page(lines, end)):
            self._break_off(page, end, find_open_block(lines, end))

    def _render_page(self, lines: Sequence[MarkdownLine], end: int) -> str:
        """Return the text up to `end` as a page: opened with what it continues, closed where it is cut."""
        body = self._text[:end].rstrip().lstrip("\n")
        if body == self._open.closing:  # or there is nothing at all
            return ""
        closing = find_open_block(lines, end).closing
        return self._open.opening(lines[0].text) + body + (closing and f"\n{closing}")

    def _break_off_page(self) -> None:
        """Break one full page off the text."""
        seen = self._text[: 2 * self._page_size]  # enough to know what a break would cut
        lines = scan_lines(seen, self._open)

        def overflows(end: int) -> bool:
            return not self._fits(self._render_page(lines, end))

        limit = min(len(seen) - 1, self._page_size)
        if overflows(limit):
            steps = range(1, limit, max(1, self._page_size // FIT_SEARCH_STEPS))
            limit = steps[max(0, bisect_left(steps, True, key=overflows) - 1)]
        end = find_best_break(seen, lines, limit)
        while end > 1 and overflows(end):  # a shorter page may be the larger one: it has a fence to close
            end = find_best_break(seen, lines, end - 1)
        self._break_off(self._render_page(lines, end), end, find_open_block(lines, end))

    def _break_off(self, page: str, end: int, is_open: OpenBlock) -> None:
        """Let the page end at `end` of the text; what is open there is opened again on the next one."""
        if page:
            self._full.append(page)
            self._ends.append(self._broken_off + end)
            self._raw.append((self._text[:end], self._open))
        self._broken_off += end
        self._text, self._lines = self._text[end:], []
        self._open = self._find_carried_block(is_open)

    def _find_carried_block(self, is_open: OpenBlock) -> OpenBlock:
        """Return what the next page has to open again; not what would take half of it."""
        opening = is_open.opening("|")
        return is_open if not opening or self._fits(2 * opening) else OpenBlock()
