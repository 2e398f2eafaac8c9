"""Slack's two text languages as safe HTML, for the sandbox's page.

Separate from the workspace, which stores and checks, and from the page, which only lays out: whatever
this module returns may be put into the page as it is, and nothing else may.

Rules. A token that Slack would act on (`<!here>`, `<@U..>`) is shown as a mention wherever Slack might
parse it, also in a `markdown` block: the sandbox must show a ping where Slack would ping. Images become
links, as in Slack. Sources: https://docs.slack.dev/messaging/formatting-message-text and
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

Names = Mapping[str, str]
"""User and channel ids -> the names that people see."""

EMOJI: Mapping[str, str] = json.loads((Path(__file__).parent / "page" / "emoji.json").read_text("utf-8"))
"""Shortcode without colons -> the character; the page reads the same file for reactions."""

_LINK_ATTRIBUTES = 'target="_blank" rel="noopener noreferrer nofollow"'

_BRACKETED = r"<(?P<token>[^<>\n]+)>"
_URL = r"(?P<url>https?://[^\s<>\"'`|]*[^\s<>\"'`|.,:;!?)\]}*_~])"
_SHORTCODE = r"(?<![\w:]):(?P<emoji>[a-z0-9_+\-]+):(?!\w)"
_BRACKETS = re.compile(_BRACKETED)
_PLAIN = re.compile(f"{_URL}|{_SHORTCODE}")
_INLINE = re.compile(
    rf"`(?P<code>[^`\n]+)`|{_BRACKETED}|{_URL}|{_SHORTCODE}"
    r"|(?<![\w*])\*(?P<strong>\S(?:[^*\n]*[^\s*])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<em>\S(?:[^_\n]*[^\s_])?)_(?![\w_])"
    r"|(?<![\w~])~(?P<del>\S(?:[^~\n]*[^\s~])?)~(?![\w~])"
)
_FENCE = re.compile(r"\n?```\n?(.*?)\n?```\n?", re.DOTALL)
_QUOTED = re.compile(r"(?:&gt;|>){1,3} ?")


def decorate(blocks: Sequence[Mapping[str, Any]], names: Names) -> list[dict[str, Any]]:
    """Return a copy of Block Kit blocks in which each Slack text has its `html` beside it.

    Slack texts are `markdown` blocks and `mrkdwn` objects, however deep they lie. An `html` that came
    from outside is dropped, so that what the page finds there is always ours.
    """
    return [_decorated(block, names) for block in blocks]


def _decorated(value: Any, names: Names) -> Any:
    """Copy one JSON value, decorated."""
    if isinstance(value, list):
        return [_decorated(item, names) for item in value]
    if not isinstance(value, Mapping):
        return value
    copy = {key: _decorated(item, names) for key, item in value.items() if key != "html"}
    text = copy.get("text")
    if isinstance(text, str) and copy.get("type") in _RENDERED:
        copy["html"] = _RENDERED[copy["type"]](text, names)
    return copy


def file_html(file: Mapping[str, Any]) -> str:
    """Return the link by which a file of a message can be had."""
    name = escape(str(file.get("title") or file.get("name") or "a file"))
    return f'📄 <a href="/file/{escape(str(file.get("id", "")))}" download="{name}">{name}</a>'


def text_html(text: str, names: Names) -> str:
    """Render Slack's mrkdwn, in which & < > arrive as entities and tokens stand in angle brackets."""
    parts = _FENCE.split(text)
    rendered = []
    for index, part in enumerate(parts):
        if index % 2:
            rendered.append(f"<pre><code>{_code(part, names)}</code></pre>")
        elif part:
            rendered.append(_lines(part, names))
    return "".join(rendered)


def markdown_html(text: str, names: Names) -> str:
    """Render the standard Markdown of a `markdown` block; raw HTML in it is shown, not obeyed."""
    return str(_MARKDOWN.render(text, {"names": names}))


def _lines(text: str, names: Names) -> str:
    """Render mrkdwn outside fences: runs of quoted lines become one quote each."""
    rendered = []
    for quoted, run in groupby(text.split("\n"), lambda line: bool(_QUOTED.match(line))):
        lines = [_inline(_QUOTED.sub("", line, count=1) if quoted else line, names) for line in run]
        body = "<br>".join(lines)
        rendered.append(f"<blockquote>{body}</blockquote>" if quoted else body)
    return "".join(rendered)


def _inline(text: str, names: Names) -> str:
    """Render the marks and tokens within one line of mrkdwn."""
    return _replaced(_INLINE, text, partial(_mark, names=names), _unescaped)


def _mark(found: re.Match[str], names: Names) -> str:
    """Render one mark that `_INLINE` found."""
    kind, body = found.lastgroup, found[found.lastgroup or 0]
    match kind:
        case "code":
            return f"<code>{_code(body, names)}</code>"
        case "token":
            return slack_token(body, names) or _unescaped(found[0])
        case "strong" | "em" | "del":
            return f"<{kind}>{_inline(body, names)}</{kind}>"
        case _:
            return _plain_mark(found)


def _plain_mark(found: re.Match[str]) -> str:
    """Render a bare address or an emoji's shortcode, which both languages know."""
    if url := found["url"]:
        return _link(_entities(url), _entities(url))
    name = found["emoji"]
    return f'<span class="emoji" title=":{name}:">{EMOJI[name]}</span>' if name in EMOJI else found[0]


def _code(text: str, names: Names) -> str:
    """Render mrkdwn code, in which Slack parses tokens and nothing else."""
    return _replaced(_BRACKETS, text, partial(_mark, names=names), _unescaped)


def slack_token(token: str, names: Names) -> str:
    """Render what stands in Slack's angle brackets, or return "" if it is none of Slack's tokens."""
    target, _, label = token.partition("|")
    name = names.get(target[1:]) or _entities(label) or target[1:]
    if re.fullmatch(r"@[UW][A-Z0-9]+", target):
        return f'<span class="mention" data-user="{target[1:]}">@{escape(name)}</span>'
    if re.fullmatch(r"#[CG][A-Z0-9]+", target):
        return f'<a class="mention" data-channel="{target[1:]}">#{escape(name)}</a>'
    if target.startswith("!"):
        return _special(target[1:], label)
    if re.match(r"(https?://|mailto:|tel:)\S", target):
        return _link(_entities(target), _entities(label or target.removeprefix("mailto:")))
    return ""


def _special(target: str, label: str) -> str:
    """Render `<!..>`: a broadcast, a user group, or a date, which has its own fallback."""
    if target in {"here", "channel", "everyone"}:
        return f'<span class="mention broadcast">@{target}</span>'
    if target.startswith("subteam^"):
        name = label.removeprefix("@") or target.removeprefix("subteam^")
        return f'<span class="mention broadcast">@{_unescaped(name)}</span>'
    return _unescaped(label or target)


def _link(href: str, label: str) -> str:
    """Return a link that leaves the page; both arguments are plain text."""
    return f'<a href="{escape(href)}" {_LINK_ATTRIBUTES}>{escape(label)}</a>'


def _entities(text: str) -> str:
    """Undo Slack's three escapes, the ampersand last."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _unescaped(text: str) -> str:
    """Return mrkdwn text without marks as HTML: Slack's escapes undone, then ours."""
    return escape(_entities(text), quote=False)


def _replaced(
    pattern: re.Pattern[str],
    text: str,
    mark: Callable[[re.Match[str]], str],
    rest: Callable[[str], str],
) -> str:
    """Render each match of a pattern with `mark` and all between with `rest`."""
    rendered, end = [], 0
    for found in pattern.finditer(text):
        rendered += [rest(text[end : found.start()]), mark(found)]
        end = found.end()
    return "".join([*rendered, rest(text[end:])])


def _token_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 -- markdown-it's signature
    """Read one of Slack's tokens within Markdown."""
    found = _BRACKETS.match(state.src, state.pos)
    shown = slack_token(found["token"], state.env["names"]) if found else ""
    if not found or not shown:
        return False
    if not silent:
        state.push("slack_token", "", 0).content = shown
    state.pos = found.end()
    return True


def _task_rule(state: StateCore) -> None:
    """Show `[ ]` and `[x]` at the start of a list item as boxes."""
    for item, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open" or not inline.children:
            continue
        first = inline.children[0]
        box = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}.get(first.content[:4])
        if box and first.type == "text":
            first.content = box + first.content[4:]


class _SlackRenderer(RendererHTML):
    """HTML of Markdown as Slack shows it."""

    def slack_token(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Pass on what the token rule rendered."""
        return tokens[index].content

    def text(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Show emoji, and bare addresses as links unless they stand in one."""
        within_link = sum(token.nesting for token in tokens[:index] if token.tag == "a")
        content = tokens[index].content
        plain = partial(escape, quote=False)
        return plain(content) if within_link else _replaced(_PLAIN, content, _plain_mark, plain)

    def image(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        """Show an image as a link, as Slack does: nothing is fetched for a message."""
        address = str(tokens[index].attrs["src"])
        return _link(address, tokens[index].content or address)

    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """Open a link that leaves the page."""
        tokens[index].attrs |= {"target": "_blank", "rel": "noopener noreferrer nofollow"}
        return self.renderToken(tokens, index, options, env)


def _parser() -> MarkdownIt:
    """Return a parser for the `markdown` block; a single newline breaks the line, as in Slack."""
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_SlackRenderer)
    parser.enable(["table", "strikethrough"])
    parser.inline.ruler.before("autolink", "slack_token", _token_rule)
    parser.core.ruler.push("task_list", _task_rule)
    return parser


_MARKDOWN = _parser()
_RENDERED = {"markdown": markdown_html, "mrkdwn": text_html}
