"""Reads growing Markdown line by line: which code fence or table is open between two lines.

`page_breaks` and `paging` use this to close on one page what continues on the next, and to open it again there. It
understands only as much of Markdown as that needs. A wrong guess can spoil the looks of a page, but it never
loses a character.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

# Possessive repeats (`*+`): a model may write nothing but blanks, and these must not try every way to split them.
_FENCE = re.compile(
    r"\A(?P<lead>[ \t]*+(?:>[ \t]?+)*+[ \t]*+)(?P<item>(?:[-*+]|\d{1,9}[.)])[ \t]++)?"
    r"(?P<marks>`{3,}+|~{3,}+)[ \t]*+(?P<language>[\w+#.-]{0,20})(?P<rest>[^\n]*)\Z"
)
_TABLE_DASHES = re.compile(r"\A[ \t>]*+\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """An open code block."""

    lead: str
    """The text before the marks: quote marks, or up to three spaces of indentation."""
    marks: str
    language: str

    @property
    def opening(self) -> str:
        """The line that opens the same fence again."""
        return f"{self.lead}{self.marks}{self.language}\n"

    @property
    def closing(self) -> str:
        """The line that closes it."""
        return f"{self.lead}{self.marks}"

    @classmethod
    def opened_by(cls, line: str) -> "Fence | None":
        """Return the fence that `line` opens, if any."""
        found = _FENCE.match(line)
        if not found or (found["marks"].startswith("`") and "`" in found["rest"]):
            return None
        lead = found["lead"]
        if ">" not in lead:
            # On a new page, four spaces would turn it into indented code.
            lead = " " * min(len(lead.expandtabs(4)) + len(found["item"] or ""), 3)
        return cls(lead=lead, marks=found["marks"], language=found["language"])

    def after(self, line: str) -> "Fence | None":
        """Return the fence if it is still open after `line`, else None."""
        is_quoted = ">" in self.lead
        if is_quoted and not line.lstrip().startswith(">"):
            return None
        found = _FENCE.match(line)
        is_closing = (
            found is not None
            and (">" in found["lead"]) == is_quoted
            and found["marks"].startswith(self.marks)
            and not (found["item"] or found["language"] or found["rest"].strip())
        )
        return None if is_closing else self


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBlock:
    """What is open between two lines."""

    fence: Fence | None = None
    table_head: str = ""
    """The table's first row and its row of dashes, each with a newline; empty outside of tables."""

    def opening(self, line: str) -> str:
        """Return what a page that begins with `line` needs before it to continue the open block."""
        if self.fence:
            return self.fence.opening
        return self.table_head if "|" in line else ""

    @property
    def closing(self) -> str:
        """What a page that ends here needs after its last line."""
        return self.fence.closing if self.fence else ""

    def after(self, line: str, previous: str) -> "OpenBlock":
        """Return what is open after `line`; `previous` is the line before it."""
        if self.fence:
            return OpenBlock(fence=self.fence.after(line))
        if self.table_head and "|" in line:
            return self
        if "|" in previous and "|" in line and _TABLE_DASHES.match(line):
            return OpenBlock(table_head=f"{previous}\n{line}\n")
        return OpenBlock(fence=Fence.opened_by(line))


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkdownLine:
    """One line of a page, without its newline, and what is open before and after it."""

    start: int
    text: str
    before: OpenBlock
    after: OpenBlock

    @property
    def end(self) -> int:
        """Where it ends, before its newline."""
        return self.start + len(self.text)

    @property
    def is_fixed(self) -> bool:
        """Whether it must not be cut: a table's row, or the first or last line of a fence."""
        is_row = bool(self.after.table_head) and "|" in self.text
        return is_row or (self.before.fence is None) != (self.after.fence is None)


def scan_lines(text: str, open_block: OpenBlock) -> list[MarkdownLine]:
    """Return the lines of a page, at least one; `open_block` is what is open at its start."""
    return scan_grown_lines((), text, open_block)


def scan_grown_lines(lines: Sequence[MarkdownLine], text: str, open_block: OpenBlock) -> list[MarkdownLine]:
    """Return the lines of a page that has grown; only the last of the earlier ones may have changed."""
    known = list(lines[:-1])
    start, open_block = (lines[-1].start, lines[-1].before) if lines else (0, open_block)
    previous = known[-1].text if known else ""
    for line in text[start:].split("\n"):
        after = open_block.after(line, previous)
        known.append(MarkdownLine(start=start, text=line, before=open_block, after=after))
        start, previous, open_block = start + len(line) + 1, line, after
    return known


def find_open_block(lines: Sequence[MarkdownLine], position: int) -> OpenBlock:
    """Return what is open at a position; inside a line, that is what was open before it."""
    line = lines[bisect_right(lines, position, key=lambda line: line.start) - 1]
    is_end_of_text = line is lines[-1] and position == line.end
    return line.after if is_end_of_text and line.text else line.before
