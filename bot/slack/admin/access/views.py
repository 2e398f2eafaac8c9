"""Access rules and stewards in words: Home's section, and the history. Pure.

People and channels are mentions, which Slack shows by name. A difference is shown as preformatted
text, in which Slack shows no mentions; there they are names with ids.
"""

from collections.abc import Callable, Sequence

from bot.core.access.grants import NO_GRANTS, RULE_LISTS, GrantsVersion, diff
from bot.core.access.permission_check import AccessRules, Admission, is_admitted
from bot.core.chat.scoped_config import name_scope
from bot.core.config import Scope
from bot.slack.admin.access.form import ADMISSION_LABELS, CHANNEL_FIELDS
from bot.slack.admin.prompts.editor_views import HISTORY_ACTION as SCOPE_HISTORY_ACTION
from bot.slack.admin.prompts.editor_views import edit_button
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View

EDIT_GRANTS_ACTION, EDIT_CHANNEL_GRANTS_ACTION, GRANTS_HISTORY_ACTION, RESTORE_GRANTS_ACTION = (
    "grant_edit",
    "grant_edit_channel",
    "grant_history",
    "grant_restore",
)
"""`action_id`s. The value is the name of a workspace or channel, or the number of a version."""
MAX_VERSIONS_SHOWN = 20
"""Versions in one view."""
MAX_CHANNELS_SHOWN = 6
"""Channels in one view; each takes one block."""
MAX_NAMES_PER_LINE = 20
"""People or channels named in one line."""


def render_overview(workspace: Scope, versions: Sequence[GrantsVersion], deployment: AccessRules) -> list[Block]:
    """Return Home's section for admins."""
    newest = {version.scope: version for version in versions}
    own = newest.get(workspace)
    grants = own.grants if own else NO_GRANTS
    lines = [f"*Let in*: {_describe_admitted([deployment, grants.rules])}", *_describe_lists(grants.rules)]
    lines += [f"{line} (the deployment's settings)" for line in _describe_lists(deployment)]
    if grants.stewards:
        lines.append(f"*Admins besides Slack's*: {_mention_people(grants.stewards)}")
    buttons = [block_kit.button("Change who may do what", EDIT_GRANTS_ACTION, name_scope(workspace))]
    if own:
        buttons.append(block_kit.button("History", GRANTS_HISTORY_ACTION, name_scope(workspace)))
    signature = [block_kit.context(wording.describe_version(own))] if own else []
    return [
        block_kit.header("Who may do what"),
        block_kit.section("\n".join(lines)),
        *signature,
        block_kit.actions(*buttons),
        *_render_stewards([version for scope, version in newest.items() if scope.channel]),
    ]


def render_channels_of_steward(channels: Sequence[Scope]) -> list[Block]:
    """Return Home's section for a steward: the channels that they may edit."""
    if not channels:
        return []
    blocks = [block_kit.header("Channels that you may edit")]
    for scope in channels[:MAX_CHANNELS_SHOWN]:
        history = block_kit.button("History", SCOPE_HISTORY_ACTION, name_scope(scope))
        blocks += [
            block_kit.section(f"*{wording.describe_scope(scope)}*"),
            block_kit.actions(edit_button("Edit", scope), history),
        ]
    if len(channels) > MAX_CHANNELS_SHOWN:
        blocks.append(block_kit.context("And more: `/threadkeeper prompt` in the channel opens its form."))
    return blocks


def render_history(
    scope: Scope, versions: Sequence[GrantsVersion], form_state: str, name: Callable[[str], str], *, news: str = ""
) -> View:
    """Return the versions, newest first; one more than are shown if there are older ones."""
    subject = f"who may edit {wording.describe_scope(scope)}" if scope.channel else "who may do what"
    blocks = [*([block_kit.section(f"*{news}*")] if news else [])]
    blocks.append(block_kit.context(f"Versions of {subject}. `-` was removed, `+` was added."))
    before = [version.grants for version in versions[1:]] + [NO_GRANTS]
    for version, old in zip(versions[:MAX_VERSIONS_SHOWN], before, strict=False):
        question = f"Version {version.number} is saved again as the newest one. Nothing is lost."
        restore = block_kit.button("Restore this", RESTORE_GRANTS_ACTION, str(version.number), confirm=question)
        accessory = None if version is versions[0] else restore
        changes = diff(old, version.grants, name) or "No difference."
        blocks += [
            block_kit.divider(),
            block_kit.section(wording.describe_version(version), accessory),
            block_kit.preformatted(changes),
        ]
    return block_kit.modal("History", blocks, metadata=form_state)


def _render_stewards(versions: Sequence[GrantsVersion]) -> list[Block]:
    """Return the stewards of each channel, and the list in which an admin chooses another channel."""
    current = [version for version in versions if version.grants.stewards]
    select = block_kit.channel_select(EDIT_CHANNEL_GRANTS_ACTION, "Let somebody edit a channel…")
    blocks = [
        block_kit.section("You can let members edit a single channel and its threads."),
        block_kit.actions(select),
    ]
    for version in current[:MAX_CHANNELS_SHOWN]:
        change = block_kit.button("Change", EDIT_GRANTS_ACTION, name_scope(version.scope))
        text = f"{wording.describe_scope(version.scope)}: {_mention_people(version.grants.stewards)}"
        blocks.append(block_kit.section(text, change))
    if len(current) > MAX_CHANNELS_SHOWN:
        blocks.append(
            block_kit.context(f"And {len(current) - MAX_CHANNELS_SHOWN} more; choose a channel above to see it.")
        )
    return blocks


def _describe_admitted(rules: Sequence[AccessRules]) -> str:
    names = ["members of this workspace"]
    names += [ADMISSION_LABELS[each][0].lower() for each in Admission if is_admitted(each, rules)]
    return ", ".join(names)


def _describe_lists(rules: AccessRules) -> list[str]:
    lines = []
    for name, text in RULE_LISTS.items():
        if chosen := getattr(rules, name):
            mentions = _mention_channels(chosen) if name in CHANNEL_FIELDS else _mention_people(chosen)
            lines.append(f"*{text[0].upper()}{text[1:]}*: {mentions}")
    return lines


def _mention_people(chosen: frozenset[str]) -> str:
    return _join_first([f"<@{each}>" for each in sorted(chosen)])


def _mention_channels(chosen: frozenset[str]) -> str:
    return _join_first([f"<#{each}>" for each in sorted(chosen)])


def _join_first(mentions: Sequence[str]) -> str:
    more = len(mentions) - MAX_NAMES_PER_LINE
    return ", ".join(mentions[:MAX_NAMES_PER_LINE]) + (f" and {more} more" if more > 0 else "")
