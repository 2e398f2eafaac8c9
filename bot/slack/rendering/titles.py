"""The title of a conversation: the first line of its first question, as plain text.

A title never pings, is one line, and is cut at a word boundary. Pure. The limit is that of
https://docs.slack.dev/reference/methods/agents.sessions.rename
"""

import re

from bot.slack.rendering.mrkdwn import WORD_JOINER
from bot.slack.rendering.sanitize import sanitize_text

MAX_TITLE_UNITS = 200
"""Slack's limit, counted in UTF-16 units."""
ELLIPSIS = "…"

_MARKDOWN_MARKS = re.compile(r"^(?:[#>*+\s-]|\d{1,9}[.)]\s|```\w*)+|(?<!\w)[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}(?!\w)")
_PINGS = re.compile(r"(?<=<)(?=[!@#])|(?<=@)(?=(?:channel|here|everyone)\b)", re.IGNORECASE)


def make_title(question: str) -> str:
    """Return a title of at most `MAX_TITLE_UNITS`; empty if the question has no words."""
    lines = (" ".join(_MARKDOWN_MARKS.sub("", line).split()) for line in sanitize_text(question).splitlines())
    return _shorten(_PINGS.sub(WORD_JOINER, next(filter(None, lines), "")))


def _shorten(line: str) -> str:
    units = line.encode("utf-16-le")
    if len(units) <= 2 * MAX_TITLE_UNITS:
        return line
    kept = units[: 2 * (MAX_TITLE_UNITS - len(ELLIPSIS))].decode("utf-16-le", "ignore")
    return (kept.rsplit(" ", 1)[0] or kept) + ELLIPSIS
