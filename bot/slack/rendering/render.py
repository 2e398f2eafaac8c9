"""Renders a page of Markdown as a Slack message: one `markdown` block, and the whole page again as `text`.

    page --> sanitize_text --> read_page --> markdown --> blocks (what people see)
                                    |
                                    +------> mrkdwn ----> text (notifications, screen readers, old clients)

Both forms come from the same sanitized Markdown, and both are complete: a client that shows no blocks misses
nothing. Pure, and total: any text can be rendered. `fits` says whether Slack takes the page as one message;
the limits and their sources are in `limits`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.slack import limits
from bot.slack.rendering.incremental import read_page
from bot.slack.rendering.mrkdwn import escape
from bot.slack.rendering.sanitize import sanitize_text


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMessage:
    """The arguments `text` and `blocks` of Slack's posting methods."""

    text: str
    blocks: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _RenderedPage:
    text: str
    markdown: str
    is_within_limits: bool


def render(page: str) -> RenderedMessage:
    """Return a page as a message in which nothing pings. The same page always gives the same message."""
    rendered = _render_page(page)
    return RenderedMessage(text=rendered.text, blocks=[{"type": "markdown", "text": rendered.markdown}])


def fits(page: str) -> bool:
    """Return whether a page is within Slack's limits for one message."""
    return _render_page(page).is_within_limits


@lru_cache(maxsize=32)  # a page is measured and then sent
def _render_page(page: str) -> _RenderedPage:
    reading = read_page(sanitize_text(page))
    text = reading.text.strip() or escape(reading.markdown.strip())
    is_within_limits = (
        _utf16_length(text) <= limits.PAGE_TEXT_UNITS
        and _utf16_length(reading.markdown) <= limits.PAGE_MARKDOWN_UNITS
        and reading.blocks <= limits.PAGE_BLOCKS
        and reading.tables <= limits.MESSAGE_TABLES
        and reading.rows <= limits.MESSAGE_TABLE_ROWS
    )
    return _RenderedPage(text=text, markdown=reading.markdown, is_within_limits=is_within_limits)


def _utf16_length(text: str) -> int:
    """Return the length in UTF-16 units, the larger of the two ways in which Slack may count."""
    return len(text.encode("utf-16-le")) // 2
