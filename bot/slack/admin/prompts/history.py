"""The history of a scope: its versions, newest first, each with its difference from the one before. Pure.

Restoring a version saves its content as a new version, so a restore can be undone the same way.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.core.chat.scoped_config import EMPTY_CONFIG
from bot.core.config import ConfigVersion, Scope
from bot.core.history.feedback import VoteCounts
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View
from bot.slack.views.wording import format_score

RESTORE_ACTION = "steer_restore"
"""`action_id`. The value is the number of a version."""
MAX_VERSIONS_SHOWN = 20
"""Versions in one view."""
MAX_DIFF_CHARACTERS = 1_500
"""Characters of a difference that are shown."""


def render_history(
    scope: Scope,
    versions: Sequence[ConfigVersion],
    form_state: str,
    *,
    scores: Mapping[int, VoteCounts] = MappingProxyType({}),
    news: str = "",
) -> View:
    """Return the view. `versions` are newest first, one more than are shown if there are older ones.

    `scores` maps a version's id to the votes on answers that were made with it.
    """
    intro = (
        f"Versions of {wording.describe_scope(scope)}. `-` was removed, `+` was added. "
        "`bot prompt diff` in a shell shows all of a long difference."
    )
    blocks = [*([block_kit.section(f"*{news}*")] if news else []), block_kit.context(intro)]
    before = [version.config for version in versions[1:]] + [EMPTY_CONFIG]
    for version, old in zip(versions[:MAX_VERSIONS_SHOWN], before, strict=False):
        changes = wording.format_diff(old, version.config)
        blocks += [block_kit.divider(), *_render_version(version, changes, is_newest=version is versions[0])]
        if score := scores.get(version.id):
            blocks.append(block_kit.context(f"{format_score(score)} on answers made with it"))
    if len(versions) > MAX_VERSIONS_SHOWN:
        blocks.append(block_kit.context("Older versions: `bot prompt history` in a shell."))
    if not versions:
        blocks.append(block_kit.section("Nothing was ever set here."))
    return block_kit.modal("History", blocks, metadata=form_state)


def _render_version(version: ConfigVersion, changes: str, *, is_newest: bool) -> list[Block]:
    question = f"Version {version.number} is saved again as the newest one. Nothing is lost."
    restore = block_kit.button("Restore this", RESTORE_ACTION, str(version.number), confirm=question)
    return [
        block_kit.section(wording.describe_version(version), None if is_newest else restore),
        block_kit.preformatted(changes, MAX_DIFF_CHARACTERS),
    ]
