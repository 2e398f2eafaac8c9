"""The modal that explains an answer: model, context, cost, times and configuration. Pure.

Only admins see the prompt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.chat import scoped_config
from bot.core.chat.scoped_config import (
    DEPLOYMENT_SCOPE,
    MAX_PROMPT_CHARACTERS,
    EffectiveConfig,
    resolve_config,
    thread_scope,
)
from bot.core.history.explanation import Explanation
from bot.core.reply.stopping import STOPPED_FINISH_REASON
from bot.core.spending.budgets import Spending
from bot.core.spending.descriptions import format_cost
from bot.core.turns import File
from bot.policy.config_editor import EditableScope
from bot.slack import permalinks
from bot.slack.admin.prompts.editor_views import edit_button
from bot.slack.admin.spending import descriptions
from bot.slack.rendering.mrkdwn import escape
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View

ANSWER_UNKNOWN = (
    "I can't explain this message: it is not an answer of mine or a question to me, "
    "its answer is not complete yet, or it was deleted."
)
NOT_YOUR_ANSWER = "Only admins and the person who asked can see that."
MAX_FILE_NAME_CHARACTERS, MAX_FILES_SHOWN = 80, 10
FINISH_REASONS = {
    "stop": "complete",
    "length": "it reached the length limit",
    "content_filter": "the content filter ended it",
    STOPPED_FINISH_REASON: "somebody stopped it",
}
"""Finish reasons in words; any other reason is shown as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationContext:
    """What the view needs besides the answer itself."""

    editable: EditableScope
    """The scope of the answer's thread, as it is now."""
    parameter_notes: Mapping[str, str] = field(default_factory=dict)
    """Notes about parameters of the answer's model, such as `{"seed": "has no effect"}`."""
    workspace: str = ""
    """The workspace's address, or empty."""
    currency: str = "USD"
    """Currency of prices."""


def render_explanation(explained: Explanation, context: ExplanationContext, *, for_admin: bool) -> View:
    """Return the view."""
    return block_kit.modal(
        "Why this answer?",
        [
            block_kit.section(_describe_facts(explained, context)),
            block_kit.divider(),
            *_render_config(explained, context, for_admin=for_admin),
            *(_render_edit_buttons(context.editable) if for_admin else ()),
        ],
    )


def _describe_facts(explained: Explanation, context: ExplanationContext) -> str:
    ended = FINISH_REASONS.get(explained.finish_reason, escape(explained.finish_reason)) or "not complete"
    facts = {
        "Model": escape(explained.model) or "unknown",
        "Ended": f"{ended}, with the error `{explained.error}`" if explained.error else ended,
        "It knew": _describe_coverage(explained, context),
        "Files": _describe_files(explained.files),
        "Tokens": _describe_tokens(explained),
        "Cost": _describe_cost(explained.spent, context.currency),
        "Times": _describe_times(explained),
        "Attempts": str(explained.attempt) if explained.attempt > 1 else "",
    }
    lines = (f"*{name}*: {fact}" for name, fact in facts.items() if fact)
    return "\n".join([f"Asked by <@{explained.author.id}>, {wording.format_time(explained.asked_at)}", *lines])


def _describe_files(files: Sequence[File]) -> str:
    names = [block_kit.excerpt(file.name or "unnamed", MAX_FILE_NAME_CHARACTERS) for file in files]
    return ", ".join([*names[:MAX_FILES_SHOWN], *(["…"] if names[MAX_FILES_SHOWN:] else [])])


def _describe_coverage(explained: Explanation, context: ExplanationContext) -> str:
    """Return which earlier turns the model was given; an empty text if that was not recorded."""
    coverage = explained.made_with.seen if explained.made_with else None
    if coverage is None:
        return ""
    if not coverage.turns and not coverage.left_out:
        return "only the question; nothing was said in the thread before"
    ends = (
        permalinks.mrkdwn_link(permalinks.message_url(context.workspace, explained.thread, ts), label)
        for ts, label in ((coverage.first, "the first"), (coverage.last, "the last"))
    )
    text = "the turn before" if coverage.turns == 1 else f"{coverage.turns:,} turns of this thread"
    if not coverage.turns:
        text = "none of what was said before"
    if coverage.turns > 1:
        text += f", from {' to '.join(ends)}"
    if not coverage.left_out:
        return text
    count = f"{coverage.left_out:,}" if coverage.is_all_counted else f"at least {coverage.left_out:,}"
    instead = "a summary stood in their place" if coverage.is_summarised else "they did not fit"
    return f"{text}; {count} older left out, {instead}"


def _describe_tokens(explained: Explanation) -> str:
    usage = explained.usage
    if usage is None:
        return "not counted by the server"
    cached = f" ({usage.cached_tokens:,} of them cached)" if usage.cached_tokens else ""
    return f"{usage.prompt_tokens:,} read{cached}, {usage.completion_tokens:,} written"


def _describe_cost(spent: Spending, currency: str) -> str:
    """Return the cost of a turn; an empty text if no call was recorded."""
    if not spent.calls:
        return ""
    price = f"{descriptions.estimate_prefix(spent)}{format_cost(spent, currency)}"
    return f"{price}, for {spent.calls:,} calls of the model" if spent.calls > 1 else price


def _describe_times(explained: Explanation) -> str:
    begun, answered = explained.begun_at, explained.answered_at
    if begun is None or answered is None:
        return "not answered"
    return f"waited {begun - explained.asked_at:.1f} s, answered in {answered - begun:.1f} s"


def _render_config(explained: Explanation, context: ExplanationContext, *, for_admin: bool) -> list[Block]:
    made_with = explained.made_with
    if made_with is None:
        return [block_kit.section("It was not recorded how it was made.")]
    lines = [
        f"• {wording.describe_scope(version.scope)}: {wording.describe_version(version)}"
        for version in explained.versions
    ]
    origins_block = block_kit.context(
        "\n".join(lines) or "No admin had set anything; the deployment's settings applied."
    )
    if made_with.draft:
        draft = scoped_config.parse_scope(made_with.draft, explained.thread.platform)
        scope = wording.describe_scope(draft)
        title = f"*Made with a draft for {scope}*, which is stored only while it is tried"
        return [
            block_kit.section(title),
            block_kit.section(wording.format_parameters(made_with.parameters, context.parameter_notes)),
            origins_block,
        ]
    applied = _effective_then(explained, context.editable)
    blocks = wording.render_effective(
        applied, with_prompt=for_admin, notes=context.parameter_notes, max_prompt_characters=MAX_PROMPT_CHARACTERS
    )
    return [block_kit.section("*Made with*"), *blocks, origins_block]


def _effective_then(explained: Explanation, editable: EditableScope) -> EffectiveConfig:
    """Return the configuration at that time.

    The deployment's settings have no versions, so today's stand in for them.
    """
    settings = {version.scope: version.config for version in explained.versions}
    return resolve_config(
        {DEPLOYMENT_SCOPE: editable.configs[DEPLOYMENT_SCOPE], **settings},
        thread_scope(explained.thread),
        is_direct=editable.is_direct,
    )


def _render_edit_buttons(editable: EditableScope) -> list[Block]:
    thread, channel = editable.scope, scoped_config.list_scopes(editable.scope)[-2]
    return [
        block_kit.divider(),
        block_kit.actions(
            edit_button("Edit for this channel", channel), edit_button("Edit for this thread only", thread)
        ),
    ]
