"""A page of Markdown as a Slack message: one `markdown` block, and the whole page again as `text`.

Separate from `surface`, which sends it. Pure, and total: any text can be rendered. The text is complete, so
that notifications, screen readers and clients that show no blocks miss nothing; both are made from the same
safe Markdown. Sources of the limits: `limits`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

from markdown_it.token import Token

from bot.slack import limits
from bot.slack.mrkdwn import mrkdwn
from bot.slack.safety import disarm

_BLOCKS_OF_THEIR_OWN = frozenset({"heading_open", "hr", "table_open"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a message consists of: the arguments `text` and `blocks` of Slack's methods."""

    text: str
    blocks: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    text: str
    markdown: str
    is_within_limits: bool


def render(page: str) -> Rendered:
    """Return a page as Slack shows it, safely. The same page is always the same message."""
    rendered = _rendered(page)
    return Rendered(text=rendered.text, blocks=[{"type": "markdown", "text": rendered.markdown}])


def fits(page: str) -> bool:
    """Return whether Slack takes the page as one message."""
    return _rendered(page).is_within_limits


@lru_cache(maxsize=32)  # a page is measured and then sent; parsing it is most of the work of an edit
def _rendered(page: str) -> _Page:
    markdown, tokens = disarm(page)
    text = mrkdwn(markdown, tokens)
    is_within_limits = (
        _length(text) <= limits.PAGE_TEXT
        and _length(markdown) <= limits.PAGE_MARKDOWN
        and _block_count(tokens) <= limits.PAGE_BLOCKS
        and _tables_fit(tokens)
    )
    return _Page(text=text, markdown=markdown, is_within_limits=is_within_limits)


def _length(text: str) -> int:
    """Return the length in UTF-16 units, the larger of the two ways in which Slack may count."""
    return len(text) + sum(character > "\uffff" for character in text)


def _block_count(tokens: Sequence[Token]) -> int:
    """Return how many blocks Slack makes of Markdown: headings, rules, tables, and what lies between them."""
    kinds = (token.type for token in tokens if token.level == 0 and token.nesting >= 0)
    return sum(
        len(list(run)) if is_own else 1 for is_own, run in groupby(kinds, _BLOCKS_OF_THEIR_OWN.__contains__)
    )


def _tables_fit(tokens: Sequence[Token]) -> bool:
    kinds = [token.type for token in tokens]
    return kinds.count("table_open") <= limits.TABLES and kinds.count("tr_open") <= limits.TABLE_ROWS
