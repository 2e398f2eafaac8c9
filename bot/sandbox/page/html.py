"""Renders Slack's two text languages, mrkdwn and Markdown, as safe HTML for the sandbox's page.

    text_html("*Hi* <@U0ADA>", {"U0ADA": "Ada"})
      '<strong>Hi</strong> <span class="mention" data-user="U0ADA">@Ada</span>'

mrkdwn is rendered here with regular expressions, Markdown by markdown-it with two rules of Slack's own. The
page inserts only HTML that this module returns; everything in it is escaped.

A token that Slack would act on (`<!here>`, `<@U..>`) is shown as a mention wherever Slack might parse it,
also in a `markdown` block: the sandbox must show a ping where Slack would ping. Images become links, as in
Slack. Sources: https://docs.slack.dev/messaging/formatting-message-text and
https://docs.slack.dev/reference/block-kit/blocks/markdown-block
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

DisplayNames = Mapping[str, str]
"""User and channel ids -> the names that people see."""

EMOJI_BY_SHORTCODE: Mapping[str, str] = json.loads((Path(__file__).parent / "static" / "emoji.json").read_text("utf-8"))
"""Shortcode without colons -> the character; the page reads the same file for reactions."""

_LINK_ATTRIBUTES = 'target="_blank" rel="noopener noreferrer nofollow"'

_BRACKETED = r"<(?P<token>[^<>\n]+)>"
_URL = r"(?P<url>https?://[^\s<>\"'`|]*[^\s<>\"'`|.,:;!?)\]}*_~])"
_SHORTCODE = r"(?<![\w:]):(?P<emoji>[a-z0-9_+\-]+):(?!\w)"
_BRACKETS_PATTERN = re.compile(_BRACKETED)
_PLAIN_PATTERN = re.compile(f"{_URL}|{_SHORTCODE}")
_INLINE_PATTERN = re.compile(
    rf"`(?P<code>[^`\n]+)`|{_BRACKETED}|{_URL}|{_SHORTCODE}"
    r"|(?<![\w*])\*(?P<strong>\S(?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<em>\S(?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<del>\S(?:[^~\n]*[^\s~])?)~(?![\w~])"
)
_FENCE_PATTERN = re.compile(r"\n?```\n?(.*?)\n?```\n?", re.DOTALL)
_QUOTE_PATTERN = re.compile(r"(?:&gt;|>){1,3} ?")


def add_html(blocks: Sequence[Mapping[str, Any]], names: DisplayNames) -> list[dict[str, Any]]:
    """Return a copy of Block Kit blocks in which each Slack text has its `html` beside it.

    Slack texts are `markdown` blocks and `mrkdwn` objects at any depth. An `html` key that the app sent is
    removed, so that the page never inserts HTML of an app.
    """
    return [_add_html_to_value(block, names) for block in blocks]


def _add_html_to_value(value: Any, names: DisplayNames) -> Any:
    """Copy one JSON value, with `html` added."""
    if isinstance(value, list):
        return [_add_html_to_value(item, names) for item in value]
    if not isinstance(value, Mapping):
        return value
    copy = {key: _add_html_to_value(item, names) for key, item in value.items() if key != "html"}
    text = copy.get("text")
    if isinstance(text, str) and copy.get("type") in _RENDERERS_BY_TYPE:
        copy["html"] = _RENDERERS_BY_TYPE[copy["type"]](text, names)
    return copy


def file_html(file: Mapping[str, Any]) -> str:
    """Return the download link of a file in a message."""
    name = escape(str(file.get("title") or file.get("name") or "a file"))
    return f'📄 <a href="/file/{escape(str(file.get("id", "")))}" download="{name}">{name}</a>'


def text_html(text: str, names: DisplayNames) -> str:
    """Render Slack's mrkdwn, in which & < > arrive as entities and tokens stand in angle brackets."""
    parts = _FENCE_PATTERN.split(text)
    rendered = []
    for index, part in enumerate(parts):
        if index % 2:
            rendered.append(f"<pre><code>{_code_html(part, names)}</code></pre>")
        elif part:
            rendered.append(_lines_html(part, names))
    return "".join(rendered)


def markdown_html(text: str, names: DisplayNames) -> str:
    """Render the standard Markdown of a `markdown` block; raw HTML in it is shown as text."""
    return str(_MARKDOWN_PARSER.render(text, {"names": names}))


def _lines_html(text: str, names: DisplayNames) -> str:
    """Render mrkdwn outside code fences; consecutive quoted lines become one quote."""
    rendered = []
    for quoted, run in groupby(text.split("\n"), lambda line: bool(_QUOTE_PATTERN.match(line))):
        lines = [_inline_html(_QUOTE_PATTERN.sub("", line, count=1) if quoted else line, names) for line in run]
        body = "<br>".join(lines)
        rendered.append(f"<blockquote>{body}</blockquote>" if quoted else body)
    return "".join(rendered)


def _inline_html(text: str, names: DisplayNames) -> str:
    """Render the marks and tokens within one line of mrkdwn."""
    return _replace_matches(_INLINE_PATTERN, text, partial(_mark_html, names=names), _plain_text_html)


def _mark_html(found: re.Match[str], names: DisplayNames) -> str:
    """Render one mark that `_INLINE` found."""
    kind, body = found.lastgroup, found[found.lastgroup or 0]
    match kind:
        case "code":
            return f"<code>{_code_html(body, names)}</code>"
        case "token":
            return token_html(body, names) or _plain_text_html(found[0])
        case "strong" | "em" | "del":
            return f"<{kind}>{_inline_html(body, names)}</{kind}>"
        case _:
            return _plain_mark_html(found)


def _plain_mark_html(found: re.Match[str]) -> str:
    """Render a bare URL or an emoji shortcode, which both languages have."""
    if url := found["url"]:
        return _link_html(_unescape_entities(url), _unescape_entities(url))
    name = found["emoji"]
    return (
        f'<span class="emoji" title=":{name}:">{EMOJI_BY_SHORTCODE[name]}</span>'
        if name in EMOJI_BY_SHORTCODE
        else found[0]
    )


def _code_html(text: str, names: DisplayNames) -> str:
    """Render mrkdwn code, in which Slack parses only tokens."""
    return _replace_matches(_BRACKETS_PATTERN, text, partial(_mark_html, names=names), _plain_text_html)


def token_html(token: str, names: DisplayNames) -> str:
    """Render the content of angle brackets; return "" if it is not one of Slack's tokens."""
    target, _, label = token.partition("|")
    name = names.get(target[1:]) or _unescape_entities(label) or target[1:]
    if re.fullmatch(r"@[UW][A-Z0-9]+", target):
        return f'<span class="mention" data-user="{target[1:]}">@{escape(name)}</span>'
    if re.fullmatch(r"#[CG][A-Z0-9]+", target):
        return f'<a class="mention" data-channel="{target[1:]}">#{escape(name)}</a>'
    if target.startswith("!"):
        return _special_token_html(target[1:], label)
    if re.match(r"(https?://|mailto:|tel:)\S", target):
        return _link_html(_unescape_entities(target), _unescape_entities(label or target.removeprefix("mailto:")))
    return ""


def _special_token_html(target: str, label: str) -> str:
    """Render `<!..>`: a broadcast, a user group, or a date, which brings its own fallback text."""
    if target in {"here", "channel", "everyone"}:
        return f'<span class="mention broadcast">@{target}</span>'
    if target.startswith("subteam^"):
        name = label.removeprefix("@") or target.removeprefix("subteam^")
        return f'<span class="mention broadcast">@{_plain_text_html(name)}</span>'
    return _plain_text_html(label or target)


def _link_html(href: str, label: str) -> str:
    """Return a link that opens in a new tab; both arguments are plain text."""
    return f'<a href="{escape(href)}" {_LINK_ATTRIBUTES}>{escape(label)}</a>'


def _unescape_entities(text: str) -> str:
    """Undo Slack's three escapes, the ampersand last."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _plain_text_html(text: str) -> str:
    """Return mrkdwn text without marks as HTML: Slack's escapes undone, then HTML's applied."""
    return escape(_unescape_entities(text), quote=False)


def _replace_matches(
    pattern: re.Pattern[str], text: str, mark: Callable[[re.Match[str]], str], rest: Callable[[str], str]
) -> str:
    """Render each match of a pattern with `mark`, and the text between matches with `rest`."""
    rendered, end = [], 0
    for found in pattern.finditer(text):
        rendered += [rest(text[end : found.start()]), mark(found)]
        end = found.end()
    return "".join([*rendered, rest(text[end:])])


def _parse_slack_token(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 -- markdown-it's signature
    """Parse one of Slack's tokens within Markdown."""
    found = _BRACKETS_PATTERN.match(state.src, state.pos)
    rendered = token_html(found["token"], state.env["names"]) if found else ""
    if not found or not rendered:
        return False
    if not silent:
        state.push("slack_token", "", 0).content = rendered
    state.pos = found.end()
    return True


def _draw_task_boxes(state: StateCore) -> None:
    """Show `[ ]` and `[x]` at the start of a list item as boxes."""
    for item, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open" or not inline.children:
            continue
        first = inline.children[0]
        box = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}.get(first.content[:4])
        if box and first.type == "text":
            first.content = box + first.content[4:]


class _SlackRenderer(RendererHTML):
    """Renders Markdown as Slack shows it."""

    def slack_token(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Return the HTML that the token rule rendered."""
        return tokens[index].content

    def text(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Show emoji, and bare URLs as links unless they are inside a link."""
        within_link = sum(token.nesting for token in tokens[:index] if token.tag == "a")
        content = tokens[index].content
        plain = partial(escape, quote=False)
        return plain(content) if within_link else _replace_matches(_PLAIN_PATTERN, content, _plain_mark_html, plain)

    def image(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Show an image as a link, as Slack does: a message never loads an image."""
        address = str(tokens[index].attrs["src"])
        return _link_html(address, tokens[index].content or address)

    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """Open a link that opens in a new tab."""
        tokens[index].attrs |= {"target": "_blank", "rel": "noopener noreferrer nofollow"}
        return self.renderToken(tokens, index, options, env)


def _build_parser() -> MarkdownIt:
    """Return a parser for the `markdown` block; a single newline breaks the line, as in Slack."""
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_SlackRenderer)
    parser.enable(["table", "strikethrough"])
    parser.inline.ruler.before("autolink", "slack_token", _parse_slack_token)
    parser.core.ruler.push("task_list", _draw_task_boxes)
    return parser


_MARKDOWN_PARSER = _build_parser()
_RENDERERS_BY_TYPE = {"markdown": markdown_html, "mrkdwn": text_html}
