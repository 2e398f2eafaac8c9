"""Sanitizes Markdown from a model: it pings nobody, and every link shows where it leads.

All text on its way to Slack passes through here first. Pure. Three steps:

1. `sanitize_text`: a token that Slack acts on (`<!here>`, `<@U123>`, `<#C123>`) gets a word joiner after its
   bracket, so that it is visible and has no effect. This is the only change inside code.
2. Outside code, also: `@here` and the like, tokens written with escapes or entities, links to anything but
   the web and mail, link definitions, and images, which become links.
3. A parser checks the result of these regular expressions. If it still finds a ping or a link disguised as
   another, the strict form applies: code spans count as text, and no link label and no entity works.

    "<!here> [a](javascript:x)"   ->   "<\u2060!here> [a]\u2060(javascript:x)"

Sources: https://docs.slack.dev/messaging/formatting-message-text; Slack also reads these tokens in
`markdown` blocks: https://github.com/metabase/metabase/pull/80652
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from markdown_it.token import Token

from bot.slack.rendering.mrkdwn import WORD_JOINER, parse_markdown

_SLACK_TOKEN = re.compile(
    r"<(?=(?:!(?i:channel|here|everyone)|!(?i:subteam|date)\^[^<>|]*+|@[UWB][A-Z0-9]+|\#[CGD][A-Z0-9]+)"
    r"(?:\|[^<>]*+)?>)"
)
_WRITTEN_TOKEN = re.compile(
    r"(<|&lt;?|&LT;?|&\#0*60;|&\#[xX]0*3[cC];)"
    r"(?=\\?(?:[!@#]|&(?:excl|commat|num|\#0*(?:33|35|64)|\#[xX]0*(?:2[13]|40));))"
)
_BARE_PING = re.compile(
    r"(?<![^\W_])(?<![./])(@|&commat;|&\#0*64;|&\#[xX]0*40;)(?=(?:channel|here|everyone)(?![^\W_]))",
    re.IGNORECASE,
)
_SLACK_LINK = re.compile(r"<((?:https?://|mailto:)[^|<>\s]+)\|([^<>\n]+)>")
_IMAGE = re.compile(r"!(?=\[[^\]\n]{1,500}+\]\()")
"""Bounded, so that many brackets in a row cost little; the parser finds an image with a longer label."""
_NAMELESS_IMAGE = re.compile(r"!\[\](?=\()")
_SAFE_SCHEME = r"(?:https?://|mailto:)"
_UNSAFE_LINK = re.compile(rf"\](?=\((?!<?{_SAFE_SCHEME}))", re.IGNORECASE)
_LINK_DEFINITION = re.compile(r"^((?:[^\w\n]|\d+[.)])*\[[^\]\n]{1,999}+\])(?=:)", re.MULTILINE)
"""A longer label defines nothing. https://spec.commonmark.org/0.31.2/#link-label"""
_UNSAFE_AUTOLINK = re.compile(rf"<(?=[a-z][a-z0-9+.-]{{1,31}}:)(?!{_SAFE_SCHEME})", re.IGNORECASE)
_CODE_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)[^\n]+?(?<!`)\1(?!`)")
_URL_LIKE = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|(?<![\w-])(?<![\w-]\.)[\w-]++(?:\.[\w-]++)*\.(?:com|org|net|edu|gov|io)(?:/\S*)?"  # from a name's first part
)
_NEEDS_SANITIZING = re.compile(r"[<@&\[]")
"""Text without any of these characters needs no change outside code."""
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def sanitize_text(page: str) -> str:
    """Return text that Slack accepts and in which no token works, neither in code nor outside.

    It has only whole surrogate pairs, no control characters, and Unix newlines.
    """
    whole = page.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    plain = _CONTROL_CHARACTER.sub("\ufffd", whole.replace("\r\n", "\n").replace("\r", "\n"))
    return _SLACK_TOKEN.sub(f"<{WORD_JOINER}", plain)


def sanitize_markdown(text: str) -> tuple[str, list[Token]]:
    """Return Markdown from `sanitize_text` in its safe form, with the tokens of that form."""
    if not _NEEDS_SANITIZING.search(text):
        return text, parse_markdown(text)
    if _sanitize_prose(text) == text:
        safe = text  # the usual case: one run of the parser less
    else:
        safe = "".join(
            part if is_code else _sanitize_prose(part) for part, is_code in _split_code(text, includes_spans=True)
        )
    tokens = parse_markdown(safe)
    if all(map(_is_harmless, tokens)):
        return safe, tokens
    safe = "".join(
        part if is_code else _sanitize_prose_strictly(part) for part, is_code in _split_code(text, includes_spans=False)
    )
    return safe, parse_markdown(safe)


def _sanitize_prose(prose: str) -> str:
    """Apply the rules for text outside code."""
    prose = _WRITTEN_TOKEN.sub(rf"\1{WORD_JOINER}", prose)
    prose = _BARE_PING.sub(rf"\1{WORD_JOINER}", prose)
    prose = _SLACK_LINK.sub(r"[\2](\1)", prose)
    prose = _NAMELESS_IMAGE.sub("[image]", prose)
    prose = _IMAGE.sub("", prose)
    prose = _UNSAFE_LINK.sub(f"]{WORD_JOINER}", prose)
    prose = _LINK_DEFINITION.sub(rf"\1{WORD_JOINER}", prose)
    return _UNSAFE_AUTOLINK.sub(f"<{WORD_JOINER}", prose)


def _sanitize_prose_strictly(prose: str) -> str:
    """Apply the rules and disable all link labels and entities."""
    return _sanitize_prose(prose).replace("](", f"]{WORD_JOINER}(").replace("&", f"&{WORD_JOINER}")


def _split_code(text: str, *, includes_spans: bool) -> Iterator[tuple[str, bool]]:
    """Yield parts of the text, each with whether it is code: blocks, and with `includes_spans` spans, too."""
    code_lines = {
        number
        for token in parse_markdown(text)
        if token.type in {"fence", "code_block"} and token.map
        for number in range(*token.map)
    }
    for number, line in enumerate(re.split(r"(?<=\n)", text)):
        if number in code_lines:
            yield line, True
            continue
        start = 0
        for found in _CODE_SPAN.finditer(line) if includes_spans else ():
            yield line[start : found.start()], False
            yield found[0], True
            start = found.end()
        yield line[start:], False


def _is_harmless(token: Token) -> bool:
    """Return whether no text of a block pings, and no link in it shows another site's address."""
    if token.type != "inline":
        return True
    children = token.children or []
    texts = (child.content for child in children if child.type == "text")
    if any(_BARE_PING.search(text) or _SLACK_TOKEN.search(text) for text in texts):
        return False
    return not any(child.type == "image" or _is_disguised_link(children[at:]) for at, child in enumerate(children))


def _is_disguised_link(spans: Sequence[Token]) -> bool:
    """Return whether spans begin with a link whose label is the address of another site."""
    if spans[0].type != "link_open":
        return False
    label = ""
    for span in spans:
        if span.type == "link_close":
            break
        label += span.content
    label_url = _URL_LIKE.search(label.strip())
    return label_url is not None and _host_of(label_url[0]) != _host_of(str(spans[0].attrs["href"]))


def _host_of(address: str) -> str:
    """Return the host of a URL, with or without a scheme; empty for any other text."""
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    return host.lower().removeprefix("www.")
