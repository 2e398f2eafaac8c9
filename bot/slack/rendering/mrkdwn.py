"""Markdown as Slack's mrkdwn: the `text` of a message, for notifications, screen readers and old clients.

Separate from `render`, which knows limits. Pure, total, and complete: every word of the Markdown is in the
text. All of it is escaped; the only angle brackets in the result are those of links, made here. Source:
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
import unicodedata
from collections.abc import Sequence
from html import escape as html_escape
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.slack.rendering.token_tree import TokenNode, build_tree

WORD_JOINER = "\u2060"
"""The word joiner: takes no room, and keeps what it stands in from being read as a sign."""

_BULLETS = "•◦▪"
_CHECKBOXES = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}
_STYLE_MARKS = {"strong": "*", "em": "_", "s": "~"}
_MAX_NESTING = 20
"""Levels beyond which the parser drops text."""
_MAX_PADDED_COLUMNS = 24
"""Columns; a wider cell is shown whole, but others are not padded to it."""

_PLAIN_LINE = re.compile(
    r"(?:(?:(?P<number>\d{1,9})[.)]|[-*+]) )?"
    r"(?P<words>[^\W\d_](?:[^\W_]|[-+ .,;:!?'\"()/%$=\u2010-\u2026])*)\n*"
)
"""A line, or an item of a list, in which nothing is a sign, neither of Markdown's nor of mrkdwn's."""

# Definitions of link references are off, because one without a use would vanish; and HTML is text here.
_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
_parser.enable(["table", "strikethrough"]).disable(["reference", "html_block", "html_inline"])


def parse_markdown(markdown: str) -> list[Token]:
    """Return the tokens of Markdown as Slack knows it: with tables, without HTML."""
    return _parser.parse(markdown)


def escape(text: str) -> str:
    """Escape the three characters that are signs in mrkdwn."""
    return html_escape(text, quote=False)


def convert_plain_line(markdown: str) -> str:
    """Return Markdown as mrkdwn if it is one line without a sign, or one such item; else nothing.

    That is much of what models say, and takes no parser.
    """
    found = _PLAIN_LINE.fullmatch(markdown)
    if not found:
        return ""
    words = found["words"].rstrip()
    if found.start("words") == 0:
        return words
    return f"{int(found['number'])}. {words}" if found["number"] else f"{_BULLETS[0]} {words}"


def convert_markdown(markdown: str, tokens: Sequence[Token]) -> str:
    """Return Markdown as mrkdwn; `tokens` are those of the same text. Empty where it shows nothing (`![]()`).

    Where it would be too deep to follow, it is the escaped Markdown itself.
    """
    if any(token.level >= _MAX_NESTING - 1 or _is_deep(token) for token in tokens):
        return escape(markdown.strip())
    return _convert_blocks(build_tree(tokens), "\n\n")


def _is_deep(token: Token) -> bool:
    return any(child.level >= _MAX_NESTING for child in token.children or ())


def _convert_blocks(nodes: Sequence[TokenNode], separator: str, depth: int = 0) -> str:
    return separator.join(filter(None, (_convert_block(node, depth) for node in nodes)))


def _convert_block(node: TokenNode, depth: int) -> str:
    match node.type:
        case "heading":
            words = _convert_inline(node)
            return words if "*" in words or not words else f"*{words}*"  # bold in bold would end it
        case "bullet_list" | "ordered_list":
            return _convert_list(node, depth)
        case "blockquote":
            lines = _convert_blocks(node.children, "\n\n", depth).split("\n")
            return "\n".join(line if line.startswith(">") else f"> {line}" for line in lines)
        case "fence" | "code_block" | "table":
            return _convert_code(_convert_table(node) if node.type == "table" else node.content)
        case "hr":
            return "———"
        case _:
            return _convert_inline(node)


def _convert_code(content: str) -> str:
    fenced = content.replace("```", f"`{WORD_JOINER}`{WORD_JOINER}`")  # mrkdwn knows no longer fence
    return f"```\n{escape(fenced.rstrip())}\n```"


def _convert_list(node: TokenNode, depth: int) -> str:
    start = int(node.attrs.get("start", 1))
    items = []
    for number, item in enumerate(node.children, start):
        mark = f"{number}." if node.type == "ordered_list" else _BULLETS[min(depth, len(_BULLETS) - 1)]
        text = _convert_blocks(item.children, "\n", depth + 1)
        if text[:4] in _CHECKBOXES:
            text = _CHECKBOXES[text[:4]] + text[4:]
        items.append(f"{mark} " + text.replace("\n", "\n    "))
    return "\n".join(items)


def _convert_table(node: TokenNode) -> str:
    """Return the rows with their columns below each other, and a rule below the first row."""
    rows = [[_plain_text(cell) for cell in row.children] for part in node.children for row in part.children]
    columns = zip_longest(*rows, fillvalue="")
    widths = [min(max(map(_column_width, column)), _MAX_PADDED_COLUMNS) for column in columns]
    lines = [_format_row(row, widths) for row in rows]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:]])


def _format_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _column_width(cell)) for cell, width in zip(cells, widths, strict=False))
    return " | ".join(padded).rstrip()


def _column_width(text: str) -> int:
    """Return the columns of a fixed-width font that a text takes."""
    return sum(0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _plain_text(node: TokenNode) -> str:
    """Return what a node says, without any formatting or escaping."""
    if node.type in {"softbreak", "hardbreak"}:
        return " "
    own = node.content if not node.children and node.type != "inline" else ""
    return own + "".join(map(_plain_text, node.children))


def _convert_inline(node: TokenNode) -> str:
    return "".join(map(_convert_span, node.children))


def _convert_span(node: TokenNode) -> str:
    match node.type:
        case "inline" | "strong" | "em" | "s":
            sign = _STYLE_MARKS.get(node.type, "")
            return f"{sign}{_convert_inline(node)}{sign}"
        case "softbreak" | "hardbreak":
            return "\n"
        case "code_inline":
            return escape(node.content if "`" in node.content else f"`{node.content}`")
        case "link":
            return _format_link(str(node.attrs["href"]), _plain_text(node))
        case "image":
            return _format_link(str(node.attrs["src"]), _plain_text(node))
        case _:
            return escape(node.content)


def _format_link(address: str, label: str) -> str:
    for sign in "<>|":
        address = address.replace(sign, f"%{ord(sign):02X}")
    words = " ".join(label.split())
    if not address:
        return escape(words)
    return f"<{escape(address)}|{escape(words)}>" if words and words != address else f"<{escape(address)}>"
