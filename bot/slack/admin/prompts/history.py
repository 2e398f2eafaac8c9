"""The modal that shows a level's versions, newest first, each with what it changed.

Separate because it is the only view that compares versions with each other. Pure. A version is restored by
saving what it says once more, so restoring can be restored too.
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
"""`action_id`; the value is the number of a version."""
MAX_VERSIONS_SHOWN = 20
"""Versions in one view."""
MAX_DIFF_CHARACTERS = 1_500
"""Characters of a difference."""


def render_history(
    level: Scope,
    versions: Sequence[ConfigVersion],
    form_state: str,
    *,
    scores: Mapping[int, VoteCounts] = MappingProxyType({}),
    news: str = "",
) -> View:
    """Return the view; `versions` are newest first, one more than `SHOWN` where there are older ones.

    `scores` tells how the answers were judged that were made with a version, by its id.
    """
    about = (
        f"What was saved for {wording.describe_scope(level)}. `-` was before, `+` came instead; "
        "what is too long to be shown, `bot prompt diff` in a shell shows."
    )
    blocks = [*([block_kit.section(f"*{news}*")] if news else []), block_kit.context(about)]
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
    asked = f"What version {version.number} says becomes the newest version. Nothing is lost."
    restore = block_kit.button("Restore this", RESTORE_ACTION, str(version.number), confirm=asked)
    return [
        block_kit.section(wording.describe_version(version), None if is_newest else restore),
        block_kit.preformatted(changes, MAX_DIFF_CHARACTERS),
    ]
