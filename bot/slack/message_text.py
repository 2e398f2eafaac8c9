"""Slack's text, with its tokens between angle brackets -> the Markdown that people read.

Separate from `parse`, which knows payloads; this knows one notation. Pure and total. Source: facts/slack.md 6
and https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"<([^<>\n]+)>")


def mentions_user(text: str, user: str) -> bool:
    """Return whether a text mentions a user."""
    return _mention_pattern(user).search(text) is not None


def find_unnamed_ids(text: str) -> frozenset[str]:
    """Return the ids of people and channels that a text gives without a name."""
    tokens = (token.group(1) for token in _TOKEN.finditer(text))
    return frozenset(token[1:].partition("|")[0] for token in tokens if token[0] in "@#" and not _read_label(token))


def remove_mention(text: str, user: str) -> str:
    """Return a text without the mentions of a user, and without the punctuation that one leaves in front."""
    mention = _mention_pattern(user).pattern
    return re.sub(rf"[ \t]*{mention}", "", re.sub(rf"\A\s*{mention}[:,]?\s*", "", text))


def to_markdown(text: str, names: Mapping[str, str]) -> str:
    """Return Slack's text as people read it, in Markdown; `names` maps ids of people and channels."""
    text = _TOKEN.sub(lambda token: _render_token(token.group(1), names), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _mention_pattern(user: str) -> re.Pattern[str]:
    return re.compile(rf"<@{re.escape(user)}(?:\|[^<>]*)?>")


def _read_label(token: str) -> str:
    return token.partition("|")[2]


def _render_token(token: str, names: Mapping[str, str]) -> str:
    """Return what a token between angle brackets stands for."""
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
    """Return a link as Markdown, or bare where its label says no more than its address."""
    address = target.removeprefix("mailto:").removeprefix("tel:")
    if not label or label in {target, address} or target in {f"http://{label}", f"https://{label}"}:
        return address
    return f"[{label}]({target})"
