"""A page of Markdown in pieces that mean the same on their own, each made safe and read once.

Separate from `render`, which knows limits: this is why a growing page costs no more than its end. A page is
cut only where no parser could see across, and where no block of code is open: before a line at the left edge
that follows an empty one, unless it may be the next item of a list; and between items of a list at the left
edge that have nothing but indented lines below them. Pure. Source: the blocks of
https://spec.commonmark.org/0.31.2/; here are no HTML blocks and no definitions, which could reach further.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown_it.token import Token

from bot.slack.mrkdwn import mrkdwn
from bot.slack.safety import disarm

MOST_KEPT = 8_192
"""Pieces remembered, of about a kilobyte each: those of a thousand pages that grow at the same time."""

_EDGE = re.compile(r"\n(?:[ \t]*\n(?=\S)|(?=(?:[-*+]|\d{1,9}[.)]) \S))")
"""An empty line, or the end of a line before an item."""
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])(?:\s|\Z)", re.MULTILINE)
_PLAIN_ITEM = re.compile(
    r"(?P<lead>(?P<number>\d{1,9})?(?P<sign>(?(number)[.)]|[-*+])) )(?=[^\s|][^|\n]*$)(?!(?:[-*_][ \t]*)+$)",
    re.MULTILINE,
)
"""An item whose text begins where the lines below it must begin; a rule or a table's head may look alike."""
_FENCES = ("```", "~~~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a page, safe to show."""

    markdown: str
    text: str
    """The same as mrkdwn."""
    blocks: tuple[str, ...]
    """The types of its outermost tokens."""
    tables: int
    rows: int
    """Of all tables."""
    is_closed: bool
    """Whether it ends with all its code blocks closed."""
    goes_on: bool
    """Whether it begins with the next item of the list that the piece before it ends with."""


def pieces(page: str) -> Iterator[Piece]:
    """Yield the pieces of a page, which joined are all of it. Only the last one may still grow."""
    start, goes_on = 0, False
    for found in _EDGE.finditer(page):
        edge, is_within = found.end(), found[0] == "\n"
        is_cut = _is_next(page, start, edge) if is_within else not _may_go_on(page, start, edge)
        if is_cut and (piece := _kept(page[start:edge], goes_on=goes_on)).is_closed:
            yield piece
            start, goes_on = edge, is_within
    yield _read(page[start:], goes_on=goes_on)


def _is_next(page: str, start: int, edge: int) -> bool:
    """Whether an item at `edge` follows the one that all from `start` on is, in the same list."""
    one, other = _PLAIN_ITEM.match(page, start), _PLAIN_ITEM.match(page, edge)
    if not one or not other or one["sign"] != other["sign"]:
        return False
    is_counted = int(other["number"] or 1) == int(one["number"] or 0) + 1
    inner = page[start : edge - 1].split("\n")[1:]
    indent = " " * len(one["lead"])
    return is_counted and all(line.startswith(indent) and not line.isspace() for line in inner)


def _may_go_on(page: str, start: int, edge: int) -> bool:
    """Whether what stands at `edge`, below an empty line, may be an item of a list that began before it."""
    return bool(_ITEM.match(page, edge) and _ITEM.search(page, start, edge))


def text_of(parts: Sequence[Piece]) -> str:
    """Return what pieces say, as the mrkdwn of the page that they are."""
    shown = [piece for piece in parts if piece.text]
    return "".join(("\n" if piece.goes_on else "\n\n") + piece.text for piece in shown)[2:]


def _read(part: str, *, goes_on: bool) -> Piece:
    markdown, tokens = disarm(part)
    kinds = [token.type for token in tokens]
    blocks = tuple(token.type for token in tokens if token.level == 0 and token.nesting >= 0)
    return Piece(
        markdown=part if markdown == part else markdown,  # one string for both
        text=mrkdwn(markdown, tokens),
        blocks=blocks[1:] if goes_on else blocks,
        tables=kinds.count("table_open"),
        rows=kinds.count("tr_open"),
        is_closed=not any(fence in part for fence in _FENCES) or not _ends_in_code(tokens),
        goes_on=goes_on,
    )


_kept = lru_cache(maxsize=MOST_KEPT)(_read)


def _ends_in_code(tokens: Sequence[Token]) -> bool:
    """Whether the last block is one of code that lacks its last line; inside a list or quote it has ended."""
    last = tokens[-1] if tokens else None
    if last is None or last.type != "fence" or last.map is None:
        return False
    first, end = last.map
    return end - first < last.content.count("\n") + 2
