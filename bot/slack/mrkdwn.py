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

from bot.slack.tree import Node, tree

JOINER = "\u2060"
"""The word joiner: takes no room, and keeps what it stands in from being read as a sign."""

_BULLETS = "•◦▪"
_BOXES = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}
_SIGNS = {"strong": "*", "em": "_", "s": "~"}
_NESTING = 20
"""Levels beyond which the parser drops text."""
_WIDEST_PADDING = 24
"""Columns; a wider cell is shown whole, but others are not padded to it."""

_PLAIN = re.compile(
    r"(?:(?:(?P<number>\d{1,9})[.)]|[-*+]) )?"
    r"(?P<words>[^\W\d_](?:[^\W_]|[-+ .,;:!?'\"()/%$=\u2010-\u2026])*)\n*"
)
"""A line, or an item of a list, in which nothing is a sign, neither of Markdown's nor of mrkdwn's."""

# Definitions of link references are off, because one without a use would vanish; and HTML is text here.
_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _NESTING})
_parser.enable(["table", "strikethrough"]).disable(["reference", "html_block", "html_inline"])


def parse(markdown: str) -> list[Token]:
    """Return the tokens of Markdown as Slack knows it: with tables, without HTML."""
    return _parser.parse(markdown)


def escape(text: str) -> str:
    """Escape the three characters that are signs in mrkdwn."""
    return html_escape(text, quote=False)


def plain(markdown: str) -> str:
    """Return Markdown as mrkdwn if it is one line without a sign, or one such item; else nothing.

    That is much of what models say, and takes no parser.
    """
    found = _PLAIN.fullmatch(markdown)
    if not found:
        return ""
    words = found["words"].rstrip()
    if found.start("words") == 0:
        return words
    return f"{int(found['number'])}. {words}" if found["number"] else f"{_BULLETS[0]} {words}"


def mrkdwn(markdown: str, tokens: Sequence[Token]) -> str:
    """Return Markdown as mrkdwn; `tokens` are those of the same text. Empty where it shows nothing (`![]()`).

    Where it would be too deep to follow, it is the escaped Markdown itself.
    """
    if any(token.level >= _NESTING - 1 or _is_deep(token) for token in tokens):
        return escape(markdown.strip())
    return _blocks(tree(tokens), "\n\n")


def _is_deep(token: Token) -> bool:
    return any(child.level >= _NESTING for child in token.children or ())


def _blocks(nodes: Sequence[Node], separator: str, depth: int = 0) -> str:
    return separator.join(filter(None, (_block(node, depth) for node in nodes)))


def _block(node: Node, depth: int) -> str:
    match node.type:
        case "heading":
            words = _inline(node)
            return words if "*" in words or not words else f"*{words}*"  # bold in bold would end it
        case "bullet_list" | "ordered_list":
            return _list(node, depth)
        case "blockquote":
            lines = _blocks(node.children, "\n\n", depth).split("\n")
            return "\n".join(line if line.startswith(">") else f"> {line}" for line in lines)
        case "fence" | "code_block" | "table":
            return _code(_table(node) if node.type == "table" else node.content)
        case "hr":
            return "———"
        case _:
            return _inline(node)


def _code(content: str) -> str:
    fenced = content.replace("```", f"`{JOINER}`{JOINER}`")  # mrkdwn knows no longer fence
    return f"```\n{escape(fenced.rstrip())}\n```"


def _list(node: Node, depth: int) -> str:
    start = int(node.attrs.get("start", 1))
    items = []
    for number, item in enumerate(node.children, start):
        mark = f"{number}." if node.type == "ordered_list" else _BULLETS[min(depth, len(_BULLETS) - 1)]
        text = _blocks(item.children, "\n", depth + 1)
        if text[:4] in _BOXES:
            text = _BOXES[text[:4]] + text[4:]
        items.append(f"{mark} " + text.replace("\n", "\n    "))
    return "\n".join(items)


def _table(node: Node) -> str:
    """Return the rows with their columns below each other, and a rule below the first row."""
    rows = [[_words(cell) for cell in row.children] for part in node.children for row in part.children]
    columns = zip_longest(*rows, fillvalue="")
    widths = [min(max(map(_width, column)), _WIDEST_PADDING) for column in columns]
    lines = [_row(row, widths) for row in rows]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:]])


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=False))
    return " | ".join(padded).rstrip()


def _width(text: str) -> int:
    """Return the columns of a fixed-width font that a text takes."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


def _words(node: Node) -> str:
    """Return what a node says, without any formatting or escaping."""
    if node.type in {"softbreak", "hardbreak"}:
        return " "
    own = node.content if not node.children and node.type != "inline" else ""
    return own + "".join(map(_words, node.children))


def _inline(node: Node) -> str:
    return "".join(map(_span, node.children))


def _span(node: Node) -> str:
    match node.type:
        case "inline" | "strong" | "em" | "s":
            sign = _SIGNS.get(node.type, "")
            return f"{sign}{_inline(node)}{sign}"
        case "softbreak" | "hardbreak":
            return "\n"
        case "code_inline":
            return escape(node.content if "`" in node.content else f"`{node.content}`")
        case "link":
            return _link(str(node.attrs["href"]), _words(node))
        case "image":
            return _link(str(node.attrs["src"]), _words(node))
        case _:
            return escape(node.content)


def _link(address: str, label: str) -> str:
    for sign in "<>|":
        address = address.replace(sign, f"%{ord(sign):02X}")
    words = " ".join(label.split())
    if not address:
        return escape(words)
    return f"<{escape(address)}|{escape(words)}>" if words and words != address else f"<{escape(address)}>"
