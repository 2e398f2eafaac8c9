"""The modal that shows a level's versions, newest first, each with what it changed.

Separate because it is the only view that compares versions with each other. Pure. A version is restored by
saving what it says once more, so restoring can be restored too.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.core.domain import PromptKey, Version
from bot.core.feedback import Score
from bot.core.steering import NOTHING
from bot.slack.admin import kit, wording
from bot.slack.admin.kit import Block, View
from bot.slack.admin.wording import shown

RESTORE = "steer_restore"
"""`action_id`; the value is the number of a version."""
SHOWN = 20
"""Versions in one view."""
LONGEST_CHANGE = 1_500
"""Characters of a difference."""


def history(
    level: PromptKey,
    versions: Sequence[Version],
    mandate: str,
    *,
    scores: Mapping[int, Score] = MappingProxyType({}),
    news: str = "",
) -> View:
    """Return the view; `versions` are newest first, one more than `SHOWN` where there are older ones.

    `scores` tells how the answers were judged that were made with a version, by its id.
    """
    about = (
        f"What was saved for {wording.place(level)}. `-` was before, `+` came instead; "
        "what is too long to be shown, `bot prompt diff` in a shell shows."
    )
    blocks = [*([kit.section(f"*{news}*")] if news else []), kit.context(about)]
    before = [version.steering for version in versions[1:]] + [NOTHING]
    for version, old in zip(versions[:SHOWN], before, strict=False):
        changes = wording.changes(old, version.steering)
        blocks += [kit.divider(), *_entry(version, changes, is_newest=version is versions[0])]
        if score := scores.get(version.id):
            blocks.append(kit.context(f"{shown(score)} on answers made with it"))
    if len(versions) > SHOWN:
        blocks.append(kit.context("Older versions: `bot prompt history` in a shell."))
    if not versions:
        blocks.append(kit.section("Nothing was ever set here."))
    return kit.modal("History", blocks, metadata=mandate)


def _entry(version: Version, changes: str, *, is_newest: bool) -> list[Block]:
    asked = f"What version {version.number} says becomes the newest version. Nothing is lost."
    restore = kit.button("Restore this", RESTORE, str(version.number), confirm=asked)
    return [
        kit.section(wording.signature(version), None if is_newest else restore),
        kit.verbatim(changes, LONGEST_CHANGE),
    ]
