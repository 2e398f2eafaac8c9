"""A page of Markdown, read piece by piece: made safe, said once more as mrkdwn, and counted.

Separate from `render`, which knows limits: this is why a growing page costs no more than its end. A page is
cut only where no parser could see across, and where no block of code is open: before a line at the left edge
that follows an empty one, unless it may be the next item of a list; and between items of a list at the left
edge that have nothing but indented lines below them. Where a page begins as one that was read, it is read
from there on. Pure. Source: the blocks of
https://spec.commonmark.org/0.31.2/; here are no HTML blocks and no definitions, which could reach further.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from markdown_it.token import Token

from bot.slack.rendering.mrkdwn import convert_markdown, convert_plain_line
from bot.slack.rendering.sanitize import sanitize_markdown

MAX_REMEMBERED_PREFIXES = 4_096
"""Beginnings remembered, of a few kilobytes each: those of a thousand pages that grow at the same time."""

_EDGE = re.compile(r"\n(?:[ \t]*\n(?=\S)|(?=(?:[-*+]|\d{1,9}[.)]) \S))")
"""An empty line, or the end of a line before an item."""
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])(?:\s|\Z)", re.MULTILINE)
_PLAIN_ITEM = re.compile(
    r"(?P<lead>(?P<number>\d{1,9})?(?P<sign>(?(number)[.)]|[-*+])) )(?=[^\s|][^|\n]*$)(?!(?:[-*_][ \t]*)+$)",
    re.MULTILINE,
)
"""An item whose text begins where the lines below it must begin; a rule or a table's head may look alike."""
_FENCES = ("```", "~~~")
_SEPARATE_BLOCKS = frozenset({"heading_open", "hr", "table_open"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """What a page says, or the beginning of one, safe to show."""

    markdown: str = ""
    text: str = ""
    """The same as mrkdwn."""
    blocks: int = 0
    """How many Slack makes of it: headings, rules, tables, and what lies between them."""
    tables: int = 0
    rows: int = 0
    """Of all tables."""
    ends_in_text: bool = False
    """Whether its last block is none of its own, so that what follows may belong to it."""
    is_in_code: bool = False
    """Whether its last block is one of code that lacks its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PagePrefix:
    """What was read of a page up to its last cut."""

    reading: PageReading = PageReading()
    last_piece_start: int = 0
    """Where its last piece begins, in characters."""
    end: int = 0
    list_continues: bool = False
    """Whether the next item follows, of the list that it ends with."""


_prefixes: OrderedDict[str, _PagePrefix] = OrderedDict()
"""What was read last, by its text; least recently used first."""


def read_page(page: str) -> PageReading:
    """Read a page that went through `showable`. The same page always says the same."""
    edges = list(_EDGE.finditer(page))
    begun, passed = _find_longest_prefix(page, edges)
    for edge in edges[passed:]:
        if _may_cut_at(page, begun.end, edge):
            longer = _extend_reading(begun, page[begun.end : edge.end()])
            if not longer.is_in_code:
                is_list = edge[0] == "\n"
                begun = _PagePrefix(reading=longer, last_piece_start=begun.end, end=edge.end(), list_continues=is_list)
                _remember_prefix(page[: begun.end], begun)
    return _extend_reading(begun, page[begun.end :])


def _find_longest_prefix(page: str, edges: Sequence[re.Match[str]]) -> tuple[_PagePrefix, int]:
    """Return the longest beginning that is known, and how many edges lie in it.

    What follows the last cut was not complete, perhaps, and may forbid it now.
    """
    for passed in range(len(edges), 0, -1):
        edge = edges[passed - 1]
        text = page[: edge.end()]
        begun = _prefixes.get(text)
        if begun and _may_cut_at(page, begun.last_piece_start, edge):
            _prefixes.move_to_end(text)
            return begun, passed
    return _PagePrefix(), 0


def _remember_prefix(text: str, begun: _PagePrefix) -> None:
    _prefixes[text] = begun
    if len(_prefixes) > MAX_REMEMBERED_PREFIXES:
        _prefixes.popitem(last=False)


def _may_cut_at(page: str, start: int, edge: re.Match[str]) -> bool:
    """Whether a piece that begins at `start` may end at an edge."""
    if edge[0] == "\n":
        return _is_next_item(page, start, edge.end())
    return not _may_continue_list(page, start, edge.end())


def _is_next_item(page: str, start: int, edge: int) -> bool:
    """Whether an item at `edge` follows the one that all from `start` on is, in the same list."""
    one, other = _PLAIN_ITEM.match(page, start), _PLAIN_ITEM.match(page, edge)
    if not one or not other or one["sign"] != other["sign"]:
        return False
    is_counted = int(other["number"] or 1) == int(one["number"] or 0) + 1
    inner = page[start : edge - 1].split("\n")[1:]
    indent = " " * len(one["lead"])
    return is_counted and all(line.startswith(indent) and not line.isspace() for line in inner)


def _may_continue_list(page: str, start: int, edge: int) -> bool:
    """Whether what stands at `edge`, below an empty line, may be an item of a list that began before it."""
    return bool(_ITEM.match(page, edge) and _ITEM.search(page, start, edge))


def _extend_reading(begun: _PagePrefix, part: str) -> PageReading:
    """Return what a beginning says together with the piece that follows it."""
    before = begun.reading
    if text := convert_plain_line(part):
        markdown, text = _join_forms(begun, part, text)
        blocks = before.blocks + (not before.ends_in_text)
        return replace(before, markdown=markdown, text=text, blocks=blocks, ends_in_text=True)
    safe, tokens = sanitize_markdown(part)
    markdown, text = _join_forms(begun, safe, convert_markdown(safe, tokens))
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


def _join_forms(begun: _PagePrefix, markdown: str, text: str) -> tuple[str, str]:
    """Return both forms of a beginning and what follows it."""
    before = begun.reading
    seam = ("\n" if begun.list_continues else "\n\n") if before.text and text else ""
    return before.markdown + markdown, before.text + seam + text


def _ends_in_code(tokens: Sequence[Token]) -> bool:
    """Whether the last block is one of code that lacks its last line; inside a list or quote it has ended."""
    last = tokens[-1] if tokens else None
    if last is None or last.type != "fence" or last.map is None:
        return False
    first, end = last.map
    return end - first < last.content.count("\n") + 2
