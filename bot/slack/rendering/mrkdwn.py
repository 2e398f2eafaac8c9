"""Converts Markdown to Slack's mrkdwn: the `text` of a message, for notifications and screen readers.

    **Hi** [docs](https://a.example)   ->   *Hi* <https://a.example|docs>

`parse_markdown` returns markdown-it's tokens, `build_tree` nests them, and `_convert_*` walk the tree. Every
word of the Markdown is in the result. All of it is escaped; the only angle brackets are those of links made
here. A line without any mark skips the parser (`convert_plain_line`). Pure, and total: Markdown nested too
deeply is returned escaped, as it is.

The tree is built here because markdown-it's own copies nested tokens once for each level, which takes about
as long as parsing. Source: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape as html_escape
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

WORD_JOINER = "\u2060"
"""The word joiner: invisible, and breaks up a token such as `<!here>` so that Slack does not act on it."""

_BULLETS = "•◦▪"
_CHECKBOXES = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}
_STYLE_MARKS = {"strong": "*", "em": "_", "s": "~"}
_MAX_NESTING = 20
"""Levels of nesting; the parser drops text below these."""
_MAX_PADDED_COLUMNS = 24
"""A wider cell is shown whole, but the cells above and below it are not padded to its width."""

_PLAIN_LINE = re.compile(
    r"(?:(?:(?P<number>\d{1,9})[.)]|[-*+]) )?"
    r"(?P<words>[^\W\d_](?:[^\W_]|[-+ .,;:!?'\"()/%$=\u2010-\u2026])*)\n*"
)
"""A line, or one list item, without any character that Markdown or mrkdwn treats as a mark."""

# Link reference definitions are off, because an unused one would vanish. HTML is shown as text.
_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
_parser.enable(["table", "strikethrough"]).disable(["reference", "html_block", "html_inline"])


@dataclass(frozen=True, slots=True)
class TokenNode:
    """A token, or an opening and a closing token with all tokens between them."""

    type: str
    """The token's type, without `_open`."""
    content: str
    attrs: Mapping[str, str | int | float]
    children: list["TokenNode"]


def parse_markdown(markdown: str) -> list[Token]:
    """Return the tokens of Slack's dialect of Markdown: with tables, without HTML."""
    return _parser.parse(markdown)


def escape(text: str) -> str:
    """Escape the three characters with a meaning in mrkdwn: `&`, `<` and `>`."""
    return html_escape(text, quote=False)


def convert_plain_line(markdown: str) -> str:
    """Return a line, or one list item, as mrkdwn if it has no marks; else an empty text.

    Much of what models write is such text, and needs no parser.
    """
    found = _PLAIN_LINE.fullmatch(markdown)
    if not found:
        return ""
    words = found["words"].rstrip()
    if found.start("words") == 0:
        return words
    return f"{int(found['number'])}. {words}" if found["number"] else f"{_BULLETS[0]} {words}"


def convert_markdown(markdown: str, tokens: Sequence[Token]) -> str:
    """Return Markdown as mrkdwn; `tokens` are those of the same text. Empty if nothing is visible (`![]()`).

    Markdown nested too deeply for the parser is returned escaped, with its marks.
    """
    if any(token.level >= _MAX_NESTING - 1 or _is_deep(token) for token in tokens):
        return escape(markdown.strip())
    return _convert_blocks(build_tree(tokens), "\n\n")


def _is_deep(token: Token) -> bool:
    return any(child.level >= _MAX_NESTING for child in token.children or ())


def build_tree(tokens: Sequence[Token]) -> list[TokenNode]:
    """Return the outermost nodes. The parser closes every token that it opens."""
    outermost: list[TokenNode] = []
    open_nodes = [outermost]
    for token in tokens:
        if token.nesting < 0:
            open_nodes.pop()
            continue
        children = build_tree(token.children) if token.children else []
        node = TokenNode(token.type.removesuffix("_open"), token.content, token.attrs, children)
        open_nodes[-1].append(node)
        if token.nesting:
            open_nodes.append(children)
    return outermost


def _convert_blocks(nodes: Sequence[TokenNode], separator: str, depth: int = 0) -> str:
    return separator.join(filter(None, (_convert_block(node, depth) for node in nodes)))


def _convert_block(node: TokenNode, depth: int) -> str:
    match node.type:
        case "heading":
            words = _convert_inline(node)
            return words if "*" in words or not words else f"*{words}*"  # bold inside bold would end it
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
    fenced = content.replace("```", f"`{WORD_JOINER}`{WORD_JOINER}`")  # mrkdwn has no longer fences
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
    """Return a table with aligned columns, and a rule below the first row."""
    rows = [[_plain_text(cell) for cell in row.children] for part in node.children for row in part.children]
    columns = zip_longest(*rows, fillvalue="")
    widths = [min(max(map(_column_width, column)), _MAX_PADDED_COLUMNS) for column in columns]
    lines = [_format_row(row, widths) for row in rows]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:]])


def _format_row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _column_width(cell)) for cell, width in zip(cells, widths, strict=False))
    return " | ".join(padded).rstrip()


def _column_width(text: str) -> int:
    """Return the width of a text in columns of a fixed-width font."""
    return sum(0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _plain_text(node: TokenNode) -> str:
    """Return a node's words, without formatting or escaping."""
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
