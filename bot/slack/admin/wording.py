"""Levels, versions and what applies, in words for people in Slack.

Separate because Home, forms, history and answers to commands all say the same. Pure. Rules: mrkdwn, with
everything that people wrote escaped; times are shown by Slack in the reader's own zone.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from bot.core import parameters, steering
from bot.core.domain import DIRECT, PromptKey, Steering, Version
from bot.core.feedback import Reason, Score, Verdict
from bot.core.granting import GrantsVersion
from bot.core.kinds import Value
from bot.core.parameters import PARAMETERS
from bot.core.steering import DEPLOYMENT, PROMPT, Effective
from bot.slack.admin.kit import Block, clipped, context, quoted, section, verbatim
from bot.slack.mrkdwn import escape
from bot.slack.parse import is_direct
from bot.slack.thumbs import SIGNS

EXCERPT = 140
"""Characters of a prompt in an overview."""
LONGEST_VALUE = 200
LONGEST_NOTE = 300
LONGEST_SHOWN = 3_000
"""Characters of a prompt in a message, and in one block of a view."""
_USER = re.compile("[UW][A-Z0-9]+")


def place(level: PromptKey) -> str:
    """Return a level's name, to stand in a sentence."""
    if level == DEPLOYMENT:
        return "the deployment's settings"
    if not level.channel:
        return "the whole workspace"
    if level.channel == DIRECT:
        return "all direct messages"
    channel = "one direct message" if is_direct(level.channel) else f"<#{level.channel}>"
    return f"one thread in {channel}" if level.root else channel


def plain_place(level: PromptKey) -> str:
    """Return a level's name where Slack shows no links."""
    if level.channel and level.channel != DIRECT and not is_direct(level.channel):
        return "the thread" if level.root else "the channel"
    return place(level)


def label(field: str) -> str:
    """Return a field's name as forms have it."""
    return "System prompt" if field == PROMPT else PARAMETERS[field].label


def moment(at: float) -> str:
    """Return a time, in seconds since 1970."""
    spelt = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at)}^{{date_short_pretty}}, {{time}}|{spelt}>"


def by(version: Version | GrantsVersion) -> str:
    """Return who made a version; not everybody is a user of Slack, there is a shell too."""
    author = version.author
    return f"<@{author.id}>" if _USER.fullmatch(author.id) else escape(author.name or author.id)


def signature(version: Version | GrantsVersion) -> str:
    """Return which version it is, whose, from when and why."""
    why = f": {quoted(version.note, LONGEST_NOTE)}" if version.note else ""
    return f"*Version {version.number}* by {by(version)}, {moment(version.created_at)}{why}"


def value(name: str, of: Value) -> str:
    """Return a parameter's value in one line."""
    return clipped(", ".join(parameters.show(name, of).splitlines()), LONGEST_VALUE)


def summary(what: Steering) -> str:
    """Return what one level sets, in a few lines."""
    lines = []
    if what.prompt:
        verb = "adds" if what.prompt.appends else "says"
        lines.append(f"The prompt {verb}: _{quoted(what.prompt.text, EXCERPT)}_")
    if what.parameters:
        lines.append(_values(what.parameters))
    if what.locks:
        lines.append(f"Locked below: {', '.join(sorted(map(label, what.locks)))}")
    return "\n".join(lines) or "Nothing is set."


def applying(
    effective: Effective,
    *,
    with_prompt: bool,
    told: Mapping[str, str] = MappingProxyType({}),
    longest: int = LONGEST_SHOWN,
) -> list[Block]:
    """Return what applies somewhere, and where each part comes from; the prompt only `with_prompt`.

    `told` is what is done about which parameter of the model, `longest` the characters of a prompt at most.
    """
    lines = [
        f"{_spelt(name, of)}{_origin(effective.origins[name])}{_fate(name, told)}"
        for name, of in effective.parameters.items()
    ]
    origins = ", then ".join(place(level) for level, _text in effective.prompts)
    lines.append(f"*System prompt*: from {origins}")
    shown = [section("\n".join(lines))]
    if with_prompt:
        system = effective.system[:longest]
        shown += [verbatim(system[at : at + LONGEST_SHOWN]) for at in range(0, len(system), LONGEST_SHOWN)]
        if len(effective.system) > longest:
            shown.append(context("The prompt goes on: `bot prompt show` in a shell shows all of it."))
    return shown


def changes(old: Steering, new: Steering) -> str:
    """Return the difference as lines of `-` and `+`."""
    return steering.diff(old, new) or "No difference."


def values(parameters: Mapping[str, Value], told: Mapping[str, str]) -> str:
    """Return parameters line by line, wherever they come from; `told` as in `applying`."""
    return "\n".join(f"{_spelt(name, of)}{_fate(name, told)}" for name, of in parameters.items())


def _spelt(name: str, of: Value) -> str:
    return f"*{escape(label(name))}*: {escape(value(name, of))}"


def _fate(name: str, told: Mapping[str, str]) -> str:
    return f" :warning: _{escape(told[name])}_" if name in told else ""


def _origin(level: PromptKey) -> str:
    return f" (from {place(level)})"


def _values(values: Mapping[str, Value]) -> str:
    shown = (f"{label(name)} *{escape(value(name, of))}*" for name, of in values.items())
    return " · ".join(shown)


LABELS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.WRONG: "Something in it is wrong",
        Reason.INCOMPLETE: "Something is missing",
        Reason.BESIDE: "It is not what I asked",
        Reason.STYLE: "Its length or its tone does not fit",
        Reason.HARMFUL: "It is harmful or offensive",
    }
)


def shown(score: Score) -> str:
    """Return a score in signs."""
    return f"{SIGNS[Verdict.GOOD]} {score.good:,}  {SIGNS[Verdict.BAD]} {score.bad:,}"
