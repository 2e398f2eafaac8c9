"""A page of Markdown in pieces that mean the same on their own, each made safe and read once.

Separate from `render`, which knows limits: this is why a growing page costs no more than its end. A page is
cut only where no parser could see across: before a line at the left edge that follows an empty one and begins
no item of a list, as long as no block of code is open. Pure. Source: the blocks of
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

_EDGE = re.compile(r"\n[ \t]*\n(?=[^\s])(?!(?:[-*+]|\d{1,9}[.)])(?:\s|\Z))")
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


def pieces(page: str) -> Iterator[Piece]:
    """Yield the pieces of a page, which joined are all of it. Only the last one may still grow."""
    start = 0
    for found in _EDGE.finditer(page):
        if (piece := _kept(page[start : found.end()])).is_closed:
            yield piece
            start = found.end()
    yield _read(page[start:])


def _read(part: str) -> Piece:
    markdown, tokens = disarm(part)
    kinds = [token.type for token in tokens]
    return Piece(
        markdown=part if markdown == part else markdown,  # one string for both
        text=mrkdwn(markdown, tokens),
        blocks=tuple(token.type for token in tokens if token.level == 0 and token.nesting >= 0),
        tables=kinds.count("table_open"),
        rows=kinds.count("tr_open"),
        is_closed=not any(fence in part for fence in _FENCES) or not _ends_in_code(tokens),
    )


_kept = lru_cache(maxsize=MOST_KEPT)(_read)


def _ends_in_code(tokens: Sequence[Token]) -> bool:
    """Whether the last block is one of code that lacks its last line; inside a list or quote it has ended."""
    last = tokens[-1] if tokens else None
    if last is None or last.type != "fence" or last.map is None:
        return False
    first, end = last.map
    return end - first < last.content.count("\n") + 2
