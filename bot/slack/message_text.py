"""Converts the text of Slack's messages to Markdown: tokens in angle brackets become what people read.

    <@U123> see <https://a.example|the docs>   ->   @Ada see [the docs](https://a.example)

People and channels appear as ids; `find_unnamed_ids` lists those to look up. Pure, and total. Source:
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"<([^<>\n]+)>")


def mentions_user(text: str, user: str) -> bool:
    """Return whether a text mentions a person or bot."""
    return _mention_pattern(user).search(text) is not None


def find_unnamed_ids(text: str) -> frozenset[str]:
    """Return the ids of people and channels that stand in a text without a name."""
    tokens = (token.group(1) for token in _TOKEN.finditer(text))
    return frozenset(token[1:].partition("|")[0] for token in tokens if token[0] in "@#" and not _read_label(token))


def remove_mention(text: str, user: str) -> str:
    """Return a text without the mentions of a user, and without the comma or colon after a leading one."""
    if f"<@{user}" not in text:
        return text  # most messages; a thread's history has many, and they are read in one go
    mention = _mention_pattern(user).pattern
    return re.sub(rf"(?<![ \t])[ \t]*+{mention}", "", re.sub(rf"\A\s*{mention}[:,]?\s*", "", text))


def to_markdown(text: str, names: Mapping[str, str]) -> str:
    """Return Slack's text as Markdown; `names` maps the ids of people and channels."""
    text = _TOKEN.sub(lambda token: _render_token(token.group(1), names), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _mention_pattern(user: str) -> re.Pattern[str]:
    return re.compile(rf"<@{re.escape(user)}(?:\|[^<>]*)?>")


def _read_label(token: str) -> str:
    return token.partition("|")[2]


def _render_token(token: str, names: Mapping[str, str]) -> str:
    """Return what people read in place of a token."""
    target, _, label = token.partition("|")
    match target[:1]:
        case "@":
            return f"@{label or names.get(target[1:]) or 'someone'}"
        case "#":
            return f"#{label or names.get(target[1:]) or 'a-channel'}"
        case "!" if target.startswith(("!subteam^", "!date^")):
            return label or "@a-group"
        case "!":
            return f"@{target[1:]}"
        case _:
            return _render_link(target, label)


def _render_link(target: str, label: str) -> str:
    """Return a link as Markdown, or the bare URL if its label is the same."""
    address = target.removeprefix("mailto:").removeprefix("tel:")
    if not label or label in {target, address} or target in {f"http://{label}", f"https://{label}"}:
        return address
    return f"[{label}]({target})"
