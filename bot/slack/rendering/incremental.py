"""Reads a growing page of Markdown incrementally: sanitized, converted to mrkdwn, and counted.

An answer grows, and each edit renders its whole page. To make that cost only the new end, a page is cut into
pieces, and the result up to each cut is cached under the text up to there. The next version of the page begins with
the same text and continues from the longest known prefix.

    first edit    [intro ...][list item][list it            read 3 pieces, remember 2 prefixes
    next edit     [intro ...][list item][list item 2][tex   find the prefix, read 2 pieces

A cut is only allowed where the parser cannot see across, and outside code blocks:

- before a line at the left margin that follows an empty line, unless it may continue a list;
- between two items of a list at the left margin, if only indented lines lie between them.

Pure but for a cache, which changes no result. Block structure: https://spec.commonmark.org/0.31.2/. HTML blocks and
link definitions, which could reach across a cut, are switched off in `mrkdwn`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cachetools import LRUCache
from markdown_it.token import Token

from bot.slack.rendering.mrkdwn import convert_markdown, convert_plain_line
from bot.slack.rendering.sanitize import sanitize_markdown

MAX_REMEMBERED_PREFIXES = 4_096
"""Each takes a few kilobytes; enough for a thousand pages that grow at the same time."""

_EDGE = re.compile(r"\n(?:[ \t]*\n(?=\S)|(?=(?:[-*+]|\d{1,9}[.)]) \S))")
"""An empty line, or the line break before a list item."""
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])(?:\s|\Z)", re.MULTILINE)
_PLAIN_ITEM = re.compile(
    r"^(?P<lead>(?P<number>\d{1,9})?(?P<sign>(?(number)[.)]|[-*+])) )(?=[^\s|][^|\n]*$)(?!(?:[-*_][ \t]*+)++$)",
    re.MULTILINE,
)
"""An item whose text starts at the column to which its other lines are indented; not a rule or a table's head."""
_FENCES = ("```", "~~~")
_SEPARATE_BLOCKS = frozenset({"heading_open", "hr", "table_open"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """A page, or the beginning of one, in its two sanitized forms, with counts for Slack's limits."""

    markdown: str = ""
    text: str = ""
    """The same page as mrkdwn."""
    blocks: int = 0
    """How many blocks Slack counts: headings, rules, tables, and the text between them."""
    tables: int = 0
    rows: int = 0
    """Rows of all tables."""
    ends_in_text: bool = False
    """Whether it ends with text, so that following text belongs to the same block of Slack's."""
    is_in_code: bool = False
    """Whether it ends inside a code block that is not closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PagePrefix:
    """A page up to one of its cuts."""

    reading: PageReading = PageReading()
    last_piece_start: int = 0
    """Where its last piece begins, in characters."""
    end: int = 0
    list_continues: bool = False
    """Whether the cut is between two items of a list."""


_prefixes = LRUCache[str, _PagePrefix](MAX_REMEMBERED_PREFIXES)
"""The remembered prefixes by their text."""


def read_page(page: str) -> PageReading:
    """Read a page that went through `sanitize_text`. The result depends on the page alone."""
    edges = list(_EDGE.finditer(page))
    prefix, passed = _find_longest_prefix(page, edges)
    for edge in edges[passed:]:
        if _may_cut_at(page, prefix.end, edge):
            longer = _extend_reading(prefix, page[prefix.end : edge.end()])
            if not longer.is_in_code:
                is_list = edge[0] == "\n"
                prefix = _PagePrefix(
                    reading=longer, last_piece_start=prefix.end, end=edge.end(), list_continues=is_list
                )
                _prefixes[page[: prefix.end]] = prefix
    return _extend_reading(prefix, page[prefix.end :])


def _find_longest_prefix(page: str, edges: Sequence[re.Match[str]]) -> tuple[_PagePrefix, int]:
    """Return the longest remembered prefix of a page, and how many edges lie in it.

    The text after the last cut may have been incomplete, so that cut is checked again.
    """
    for passed in range(len(edges), 0, -1):
        edge = edges[passed - 1]
        text = page[: edge.end()]
        prefix = _prefixes.get(text)
        if prefix and _may_cut_at(page, prefix.last_piece_start, edge):
            return prefix, passed
    return _PagePrefix(), 0


def _may_cut_at(page: str, start: int, edge: re.Match[str]) -> bool:
    """Return whether a piece that begins at `start` may end at an edge."""
    if edge[0] == "\n":
        return _is_next_item(page, start, edge.end())
    return not _may_continue_list(page, start, edge.end())


def _is_next_item(page: str, start: int, edge: int) -> bool:
    """Return whether `page[start:edge]` is one list item and the next item of its list begins at `edge`."""
    one, other = _PLAIN_ITEM.match(page, start), _PLAIN_ITEM.match(page, edge)
    if not one or not other or one["sign"] != other["sign"]:
        return False
    is_counted = int(other["number"] or 1) == int(one["number"] or 0) + 1
    inner = page[start : edge - 1].split("\n")[1:]
    indent = " " * len(one["lead"])
    return is_counted and all(line.startswith(indent) and not line.isspace() for line in inner)


def _may_continue_list(page: str, start: int, edge: int) -> bool:
    """Return whether the text at `edge`, after an empty line, may continue a list that began before it."""
    return bool(_ITEM.match(page, edge) and _ITEM.search(page, start, edge))


def _extend_reading(prefix: _PagePrefix, part: str) -> PageReading:
    """Return the reading of a prefix together with the piece that follows it."""
    before = prefix.reading
    if text := convert_plain_line(part):
        markdown, text = _join_forms(prefix, part, text)
        blocks = before.blocks + (not before.ends_in_text)
        return replace(before, markdown=markdown, text=text, blocks=blocks, ends_in_text=True)
    safe, tokens = sanitize_markdown(part)
    markdown, text = _join_forms(prefix, safe, convert_markdown(safe, tokens))
    kinds = [token.type for token in tokens]
    blocks, ends_between = before.blocks, before.ends_in_text
    for token in tokens:
        if token.level == 0 and token.nesting >= 0:
            is_own = token.type in _SEPARATE_BLOCKS
            blocks += is_own or not ends_between
            ends_between = not is_own
    return PageReading(
        markdown=markdown,
        text=text,
        blocks=blocks,
        tables=before.tables + kinds.count("table_open"),
        rows=before.rows + kinds.count("tr_open"),
        ends_in_text=ends_between,
        is_in_code=any(fence in part for fence in _FENCES) and _ends_in_code(tokens),
    )


def _join_forms(prefix: _PagePrefix, markdown: str, text: str) -> tuple[str, str]:
    """Return both forms of a prefix with a piece appended."""
    before = prefix.reading
    seam = ("\n" if prefix.list_continues else "\n\n") if before.text and text else ""
    return before.markdown + markdown, before.text + seam + text


def _ends_in_code(tokens: Sequence[Token]) -> bool:
    """Return whether the last block is code without its closing fence; a list or quote closes it."""
    last = tokens[-1] if tokens else None
    if last is None or last.type != "fence" or last.map is None:
        return False
    first, end = last.map
    return end - first < last.content.count("\n") + 2
