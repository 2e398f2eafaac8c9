"""The modal that tells why an answer is as it is: what it was asked for with, and what came of it.

Separate because it looks at one answer, and not at levels. Pure. Rule: the prompt is for admins; who asked
sees the rest, and nobody else sees anything.
"""

from bot.core import steering
from bot.core.explanation import Explanation
from bot.core.steering import DEPLOYMENT, Effective, effective, thread_level
from bot.editing import Level
from bot.slack.admin import kit, wording
from bot.slack.admin.editor import edit_button
from bot.slack.admin.kit import Block, View
from bot.slack.mrkdwn import escape

UNKNOWN = "That is no answer of mine, or no question to me; or it was deleted."
NOT_YOURS = "Only admins and the person who asked can see that."
ENDS = {
    "stop": "complete",
    "length": "it reached the length limit",
    "content_filter": "the content filter ended it",
}
"""Finish reasons in words; any other is shown as it is."""


def why(explained: Explanation, level: Level, *, for_admin: bool) -> View:
    """Return the view; `level` is the answer's thread as it is now."""
    return kit.modal(
        "Why this answer?",
        [
            kit.section(_facts(explained)),
            kit.divider(),
            *_asked_with(explained, level, for_admin=for_admin),
            *(_edit(level) if for_admin else ()),
        ],
    )


def _facts(explained: Explanation) -> str:
    ended = ENDS.get(explained.finish_reason, escape(explained.finish_reason)) or "not complete"
    facts = {
        "Model": escape(explained.model) or "unknown",
        "Ended": f"{ended}, with the error `{explained.error}`" if explained.error else ended,
        "Tokens": _tokens(explained),
        "Times": _times(explained),
    }
    if explained.attempt > 1:
        facts["Attempts"] = str(explained.attempt)
    lines = (f"*{name}*: {fact}" for name, fact in facts.items())
    return "\n".join([f"Asked by <@{explained.author.id}>, {wording.moment(explained.asked_at)}", *lines])


def _tokens(explained: Explanation) -> str:
    usage = explained.usage
    if usage is None:
        return "not counted by the server"
    cached = f" ({usage.cached_tokens:,} of them cached)" if usage.cached_tokens else ""
    return f"{usage.prompt_tokens:,} read{cached}, {usage.completion_tokens:,} written"


def _times(explained: Explanation) -> str:
    begun, answered = explained.begun_at, explained.answered_at
    if begun is None or answered is None:
        return "not answered"
    return f"waited {begun - explained.asked_at:.1f} s, answered in {answered - begun:.1f} s"


def _asked_with(explained: Explanation, level: Level, *, for_admin: bool) -> list[Block]:
    if explained.made_with is None:
        return [kit.section("It is not known what it was asked for with.")]
    applied = _applied(explained, level)
    from_ = [
        f"• {wording.place(version.key)}: {wording.signature(version)}" for version in explained.versions
    ]
    shown = [kit.section("*Asked for with*"), *wording.applying(applied, with_prompt=for_admin)]
    return [
        *shown,
        kit.context("\n".join(from_) or "No admin had set anything; the deployment's settings applied."),
    ]


def _applied(explained: Explanation, level: Level) -> Effective:
    """Return what applied then; of the deployment, whose settings have no versions, what applies now."""
    settings = {version.key: version.steering for version in explained.versions}
    return effective(
        {DEPLOYMENT: level.settings[DEPLOYMENT], **settings},
        thread_level(explained.thread),
        is_direct=level.is_direct,
    )


def _edit(level: Level) -> list[Block]:
    thread, channel = level.key, steering.levels(level.key)[-2]
    return [
        kit.divider(),
        kit.actions(
            edit_button("Edit for this channel", channel),
            edit_button("Edit for this thread only", thread),
        ),
    ]
