"""Scopes, versions and configurations in words, for every view. Pure.

The result is mrkdwn in which everything that people wrote is escaped. Times become Slack's date format,
which each reader sees in their own time zone.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from bot.core.access.grants import GrantsVersion
from bot.core.chat import parameters, scoped_config
from bot.core.chat.parameters import PARAMETERS
from bot.core.chat.scoped_config import DEPLOYMENT_SCOPE, PROMPT_FIELD, EffectiveConfig
from bot.core.config import DIRECT_MESSAGES, ConfigVersion, Scope, ScopeConfig
from bot.core.history.feedback import Verdict, VoteCounts, VoteReason
from bot.core.parameter_types import ParameterValue
from bot.slack.messages import is_direct_channel
from bot.slack.rendering.feedback_buttons import VERDICT_EMOJI
from bot.slack.rendering.mrkdwn import escape
from bot.slack.views.block_kit import Block, clip, context, excerpt, preformatted, section

MAX_EXCERPT_CHARACTERS = 140
"""Characters of a prompt in an overview."""
MAX_VALUE_CHARACTERS = 200
MAX_NOTE_CHARACTERS_SHOWN = 300
MAX_PROMPT_CHARACTERS = 3_000
"""Characters of a prompt in a message, and in one block of a view."""
_USER_ID_PATTERN = re.compile("[UW][A-Z0-9]+")


def describe_scope(scope: Scope) -> str:
    """Return a scope's name for use inside a sentence."""
    if scope == DEPLOYMENT_SCOPE:
        return "the deployment's settings"
    if not scope.channel:
        return "the whole workspace"
    if scope.channel == DIRECT_MESSAGES:
        return "all direct messages"
    channel = "one direct message" if is_direct_channel(scope.channel) else f"<#{scope.channel}>"
    return f"one thread in {channel}" if scope.root else channel


def describe_scope_plainly(scope: Scope) -> str:
    """Return a scope's name without a link, for places where Slack shows none."""
    if scope.channel and scope.channel != DIRECT_MESSAGES and not is_direct_channel(scope.channel):
        return "the thread" if scope.root else "the channel"
    return describe_scope(scope)


def field_label(field: str) -> str:
    """Return a field's label in forms."""
    return "System prompt" if field == PROMPT_FIELD else PARAMETERS[field].label


def format_time(at: float) -> str:
    """Return a time for Slack to show in the reader's zone; `at` is in seconds since 1970."""
    spelt = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at)}^{{date_short_pretty}}, {{time}}|{spelt}>"


def format_author(version: ConfigVersion | GrantsVersion) -> str:
    """Return the author of a version: a mention for a user of Slack, a name for a user of the shell."""
    author = version.author
    return f"<@{author.id}>" if _USER_ID_PATTERN.fullmatch(author.id) else escape(author.name or author.id)


def describe_version(version: ConfigVersion | GrantsVersion) -> str:
    """Return a version's number, author, time and note."""
    note = f": {excerpt(version.note, MAX_NOTE_CHARACTERS_SHOWN)}" if version.note else ""
    return f"*Version {version.number}* by {format_author(version)}, {format_time(version.created_at)}{note}"


def format_value(name: str, value: ParameterValue) -> str:
    """Return a parameter's value in one line."""
    return clip(", ".join(parameters.render(name, value).splitlines()), MAX_VALUE_CHARACTERS)


def summarize_config(config: ScopeConfig) -> str:
    """Return what one scope sets, in a few lines."""
    lines = []
    if config.prompt:
        verb = "adds" if config.prompt.appends else "says"
        lines.append(f"The prompt {verb}: _{excerpt(config.prompt.text, MAX_EXCERPT_CHARACTERS)}_")
    if config.parameters:
        lines.append(_format_values(config.parameters))
    if config.locks:
        lines.append(f"Locked below: {', '.join(sorted(map(field_label, config.locks)))}")
    return "\n".join(lines) or "Nothing is set."


def render_effective(
    effective: EffectiveConfig,
    *,
    with_prompt: bool,
    notes: Mapping[str, str] = MappingProxyType({}),
    max_prompt_characters: int = MAX_PROMPT_CHARACTERS,
) -> list[Block]:
    """Return a scope's configuration, with the origin of each value; the prompt only if `with_prompt`.

    `notes` are about parameters of the model, such as `{"seed": "has no effect"}`.
    """
    lines = [
        f"{_format_parameter(name, value)}{_format_origin(effective.origins[name])}{_format_note(name, notes)}"
        for name, value in effective.parameters.items()
    ]
    origins = ", then ".join(describe_scope(scope) for scope, _text in effective.prompts)
    lines.append(f"*System prompt*: from {origins}")
    blocks = [section("\n".join(lines))]
    if with_prompt:
        system = effective.system[:max_prompt_characters]
        blocks += [
            preformatted(system[at : at + MAX_PROMPT_CHARACTERS]) for at in range(0, len(system), MAX_PROMPT_CHARACTERS)
        ]
        if len(effective.system) > max_prompt_characters:
            blocks.append(context("The prompt goes on: `bot prompt show` in a shell shows all of it."))
    return blocks


def format_diff(old: ScopeConfig, new: ScopeConfig) -> str:
    """Return the difference as lines that begin with `-` or `+`."""
    return scoped_config.diff(old, new) or "No difference."


def format_parameters(parameters: Mapping[str, ParameterValue], notes: Mapping[str, str]) -> str:
    """Return parameters one a line, without their origins; `notes` as in `render_effective`."""
    return "\n".join(
        f"{_format_parameter(name, value)}{_format_note(name, notes)}" for name, value in parameters.items()
    )


def _format_parameter(name: str, value: ParameterValue) -> str:
    return f"*{escape(field_label(name))}*: {escape(format_value(name, value))}"


def _format_note(name: str, notes: Mapping[str, str]) -> str:
    return f" :warning: _{escape(notes[name])}_" if name in notes else ""


def _format_origin(scope: Scope) -> str:
    return f" (from {describe_scope(scope)})"


def _format_values(values: Mapping[str, ParameterValue]) -> str:
    formatted = (f"{field_label(name)} *{escape(format_value(name, value))}*" for name, value in values.items())
    return " · ".join(formatted)


REASON_LABELS: Mapping[VoteReason, str] = MappingProxyType(
    {
        VoteReason.WRONG: "Something in it is wrong",
        VoteReason.INCOMPLETE: "Something is missing",
        VoteReason.BESIDE: "It is not what I asked",
        VoteReason.STYLE: "Its length or its tone does not fit",
        VoteReason.HARMFUL: "It is harmful or offensive",
    }
)


def format_score(score: VoteCounts) -> str:
    """Return a score as two thumbs with their counts."""
    return f"{VERDICT_EMOJI[Verdict.GOOD]} {score.good:,}  {VERDICT_EMOJI[Verdict.BAD]} {score.bad:,}"
