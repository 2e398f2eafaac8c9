"""Slack's event payloads -> `Incoming`, or None where a message is not for us.

Separate because it is the one place that knows what Slack sends; pure, so that a recorded payload is a
test. Sources of the rules: facts/slack.md 3.1 (which events count) and 6 (escapes and tokens).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.domain import Addressed, Author, Incoming, ThreadKey

PLATFORM = "slack"

COUNTING_SUBTYPES = frozenset({None, "file_share", "thread_broadcast"})
"""Every other subtype is an edit, a join or another notice, not a message that somebody wrote to us."""

_TOKEN = re.compile(r"<([^<>\n]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Who we are in a workspace, as `auth.test` says."""

    user: str
    bot_id: str
    workspace: str


def addressed(event: Mapping[str, Any], bot: Bot, *, follow: bool) -> Addressed | None:
    """Return why an event concerns us; `follow` counts replies in channels that do not mention us."""
    if event.get("type") not in {"message", "app_mention"} or not event.get("user") or not event.get("ts"):
        return None
    if event.get("subtype") not in COUNTING_SUBTYPES or event.get("hidden") or event.get("edited"):
        return None
    if event.get("bot_id") or event.get("app_id") or event["user"] in {bot.user, "USLACKBOT"}:
        return None  # two bots that answer each other never end
    if event.get("channel_type") == "im" or str(event.get("channel", "")).startswith("D"):
        return Addressed.DIRECT
    if event["type"] == "app_mention" or _mention(bot.user).search(event.get("text") or ""):
        return Addressed.MENTION
    return Addressed.REPLY if follow and event.get("thread_ts") else None


def incoming(body: Mapping[str, Any], bot: Bot, names: Mapping[str, str], *, why: Addressed) -> Incoming:
    """Return the message that an Events API body carries; `names` maps ids of people and channels."""
    event = body["event"]
    text = readable(event.get("text") or "", bot.user, names)
    files = [f"[attached file: {file.get('name') or 'unnamed'}]" for file in event.get("files") or ()]
    return Incoming(
        thread=ThreadKey(
            platform=PLATFORM,
            workspace=workspace(body) or bot.workspace,
            channel=event["channel"],
            root=event.get("thread_ts") or event["ts"],
        ),
        message_id=event["ts"],
        author=Author(id=event["user"], name=names.get(event["user"], "")),
        text="\n".join(part for part in (text, *files) if part),
        addressed=why,
    )


def workspace(body: Mapping[str, Any]) -> str:
    """Return the workspace in which we are installed; in shared channels the author's may be another."""
    authorizations = body.get("authorizations") or [{}]
    first = authorizations[0]
    return first.get("team_id") or body.get("team_id") or first.get("enterprise_id") or ""


def ids(event: Mapping[str, Any]) -> frozenset[str]:
    """Return the author's id, and those of people and channels that the text gives without a name."""
    return frozenset({event["user"]}) | mentioned(event.get("text") or "")


def mentioned(text: str) -> frozenset[str]:
    """Return the ids of people and channels that a text gives without a name."""
    tokens = (token.group(1) for token in _TOKEN.finditer(text))
    return frozenset(
        token[1:].partition("|")[0] for token in tokens if token[0] in "@#" and not _label(token)
    )


def readable(text: str, bot_user: str, names: Mapping[str, str]) -> str:
    """Return Slack's text as people read it, in Markdown, without our own mention."""
    mention = _mention(bot_user).pattern
    text = re.sub(rf"\A\s*{mention}[:,]?\s*", "", text)
    text = re.sub(rf"[ \t]*{mention}", "", text)
    text = _TOKEN.sub(lambda token: _spelt(token.group(1), names), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _mention(user: str) -> re.Pattern[str]:
    return re.compile(rf"<@{re.escape(user)}(?:\|[^<>]*)?>")


def _label(token: str) -> str:
    return token.partition("|")[2]


def _spelt(token: str, names: Mapping[str, str]) -> str:
    """Return what a token between angle brackets stands for."""
    target, _, label = token.partition("|")
    match target[0]:
        case "@":
            return f"@{label or names.get(target[1:]) or 'someone'}"
        case "#":
            return f"#{label or names.get(target[1:]) or 'a-channel'}"
        case "!" if target.startswith(("!subteam^", "!date^")):
            return label or "@a-group"
        case "!":
            return f"@{target[1:]}"
        case _:
            return _link(target, label)


def _link(target: str, label: str) -> str:
    """Return a link as Markdown, or bare where its label says no more than its address."""
    address = target.removeprefix("mailto:").removeprefix("tel:")
    if not label or label in {target, address} or target in {f"http://{label}", f"https://{label}"}:
        return address
    return f"[{label}]({target})"
