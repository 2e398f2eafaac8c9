"""Splits growing Markdown into pages that each fit into one message.

A page never changes once there is a later one. If a page break cuts a code fence or a table open, the fence
or table is closed before the break and opened again after it:

    page 1:  ```python          page 2:  ```python
             a = 1                       b = 2
             ```                         ```

Only white space at a break is lost. Only the current page is ever examined, so the cost of new text does not
grow with the answer. `live_reply` decides when a page is shown; this knows no time.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from bot.core.reply.markdown_lines import MarkdownLine, OpenBlock, find_open_block, scan_grown_lines, scan_lines
from bot.core.reply.page_breaks import find_best_break, find_finished_end, find_paragraph_starts, find_settled_end

FIT_SEARCH_STEPS = 64
"""In how many steps a page is searched for the longest text that fits, if its rendering is longer than its
Markdown. A finer search would render the page more often to gain a few characters.
"""


class Pager:
    """Splits Markdown into pages while it grows.

    `fits` returns whether a page can be shown in one message; a page of more than `page_size` characters
    never can. `fits` may be slow: it is called when a page is looked at or broken off, not while text is
    added to one that has room.
    """

    def __init__(self, *, fits: Callable[[str], bool], page_size: int) -> None:
        self._fits = fits
        self._page_size = page_size
        self._full: list[str] = []
        self._open = OpenBlock()
        self._text = ""
        self._lines: list[MarkdownLine] = []  # as far as it was scanned
        self._ends: list[int] = []  # where each full page ends, in characters fed
        self._raw: list[tuple[str, OpenBlock]] = []  # each full page as it was fed, and what was open before it
        self._broken_off = 0

    def feed(self, text: str) -> None:
        """Append text."""
        self._text += text
        while len(self._text) > self._page_size:
            self._break_off_page()

    def close(self) -> None:
        """End the open code block, if any, and the paragraph."""
        closing = find_open_block(scan_lines(self._text, self._open), len(self._text)).closing
        self.feed(f"\n{closing}\n\n" if closing else "\n\n")

    def count_held(self, pages: int) -> int | None:
        """Return how many characters fed are on the first `pages` pages; None if there are no others."""
        self.current(is_complete=True)  # breaks off what does not fit on one page
        return self._ends[pages - 1] if len(self._full) >= pages else None

    def cut_after(self, pages: int) -> None:
        """Drop everything after the first `pages` pages; the last of them may grow again."""
        del self._full[pages:], self._ends[pages:], self._raw[pages - 1 :]
        self._broken_off = self._ends.pop()
        self._text, self._open, self._lines = self._full.pop(), OpenBlock(), []

    def end_with(self, page: int, shown: str) -> None:
        """End a page with the text `shown`, which it showed at some time; the rest moves to later pages."""
        self._reopen(page)
        end = self._end_of(shown)
        self._break_off(shown, end, find_open_block(scan_lines(self._text[:end], self._open), end))
        self.feed("")

    def _reopen(self, page: int) -> None:
        """Let a full page grow again, together with everything after it."""
        if page < len(self._full):
            raw, self._open = self._raw[page]
            self._broken_off = self._ends[page] - len(raw)
            self._text = "".join(text for text, _ in self._raw[page:]) + self._text
            self._lines = []
            del self._full[page:], self._ends[page:], self._raw[page:]

    def _end_of(self, shown: str) -> int:
        """Return where the current page ended when it showed `shown`, our closing fence apart."""
        lead = len(self._text) - len(self._text.lstrip("\n"))
        body = shown.removeprefix(self._open.opening(self._text.partition("\n")[0]))
        for known in (body, body.rpartition("\n")[0]):
            if self._text.startswith(known, lead):
                rest = self._text[lead + len(known) :]
                return len(self._text) - len(rest.lstrip("\n"))
        return 0  # repeating text is better than losing it

    @property
    def full(self) -> Sequence[str]:
        """The pages that have, or will have, a later one; none of them ever changes."""
        return self._full

    def current(self, *, is_complete: bool) -> str:
        """Return the page after the full ones as it should be shown now; empty if there is nothing to show.

        Unless the answer `is_complete`, a short unfinished end (half a link) is held back. If the text turns
        out to be too much for one page, full pages are broken off here.
        """
        while True:
            lines = self._lines = scan_grown_lines(self._lines, self._text, self._open)
            end = len(self._text) if is_complete else find_finished_end(self._text, lines)
            page = self._render_page(lines, end)
            if not page or self._fits(page):
                return page
            self._break_off_page()

    def settled(self) -> str:
        """Return as much of that page as can be appended for good; nothing is closed."""
        while True:
            lines = self._lines = scan_grown_lines(self._lines, self._text, self._open)
            end = find_settled_end(self._text, lines)
            page = self._render_page(lines, end)
            if not page or self._fits(page):
                opening = self._open.opening(lines[0].text)
                return opening + self._text[:end].lstrip("\n") if page else ""
            self._break_off_page()

    def end_paragraph(self, shown: str, min_characters: int) -> None:
        """End the current page after its last complete paragraph, if that lies beyond the text `shown`.

        This never makes a page shorter than `min_characters` characters.
        """
        lines = self._lines = scan_grown_lines(self._lines, self._text, self._open)
        lead = len(self._text) - len(self._text.lstrip("\n"))
        end = max(find_paragraph_starts(lines), default=0)
        if end >= lead + max(len(shown), min_characters) and self._fits(page := self._render_page(lines, end)):
            self._break_off(page, end, find_open_block(lines, end))

    def _render_page(self, lines: Sequence[MarkdownLine], end: int) -> str:
        """Return the text up to `end` as a page: with what it continues opened, and what it cuts closed."""
        body = self._text[:end].rstrip().lstrip("\n")
        if body == self._open.closing:  # or there is no text at all
            return ""
        closing = find_open_block(lines, end).closing
        return self._open.opening(lines[0].text) + body + (closing and f"\n{closing}")

    def _break_off_page(self) -> None:
        """Break one full page off the text."""
        seen = self._text[: 2 * self._page_size]  # enough to see what a break would cut
        lines = scan_lines(seen, self._open)

        def overflows(end: int) -> bool:
            return not self._fits(self._render_page(lines, end))

        limit = min(len(seen) - 1, self._page_size)
        if overflows(limit):
            steps = range(1, limit, max(1, self._page_size // FIT_SEARCH_STEPS))
            limit = steps[max(0, bisect_left(steps, True, key=overflows) - 1)]
        end = find_best_break(seen, lines, limit)
        while end > 1 and overflows(end):  # a shorter page may be larger: it has a fence to close
            end = find_best_break(seen, lines, end - 1)
        self._break_off(self._render_page(lines, end), end, find_open_block(lines, end))

    def _break_off(self, page: str, end: int, is_open: OpenBlock) -> None:
        """End the page at `end` of the text; what is open there is opened again on the next page."""
        if page:
            self._full.append(page)
            self._ends.append(self._broken_off + end)
            self._raw.append((self._text[:end], self._open))
        self._broken_off += end
        self._text, self._lines = self._text[end:], []
        self._open = self._find_carried_block(is_open)

    def _find_carried_block(self, is_open: OpenBlock) -> OpenBlock:
        """Return what the next page has to open again, unless that would take half of the page."""
        opening = is_open.opening("|")
        return is_open if not opening or self._fits(2 * opening) else OpenBlock()
