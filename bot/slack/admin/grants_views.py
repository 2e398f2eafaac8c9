"""What is set of who may ask and who may steer: Home's section of it, and its versions.

Separate from the forms in which it is changed. Pure. Rule: people and channels are shown as Slack's own
mentions where Slack shows these, and by name and id elsewhere.
"""

from collections.abc import Callable, Sequence

from bot.core.access import Admission, Rules, admits
from bot.core.domain import PromptKey
from bot.core.granting import LISTS, NOTHING, GrantsVersion, diff
from bot.core.steering import place
from bot.slack.admin import kit, wording
from bot.slack.admin.editor import HISTORY as LEVEL_HISTORY
from bot.slack.admin.editor import edit_button
from bot.slack.admin.grants_form import CHANNELS, LABELS
from bot.slack.admin.kit import Block, View

EDIT, EDIT_CHANNEL, HISTORY, RESTORE = "grant_edit", "grant_edit_channel", "grant_history", "grant_restore"
"""`action_id`s; the value is the name of a workspace or channel, or the number of a version."""
SHOWN = 20
"""Versions in one view."""
ENTRIES = 6
"""Channels in one view, at a block each."""
LONGEST_LIST = 20
"""People or channels that are named in a line."""


def overview(workspace: PromptKey, versions: Sequence[GrantsVersion], deployment: Rules) -> list[Block]:
    """Return Home's section for admins."""
    newest = {version.key: version for version in versions}
    mine = newest.get(workspace)
    grants = mine.grants if mine else NOTHING
    lines = [f"*Let in*: {_admitted([deployment, grants.rules])}", *_lists(grants.rules)]
    lines += [f"{line} (the deployment's settings)" for line in _lists(deployment)]
    if grants.stewards:
        lines.append(f"*Admins besides Slack's*: {_people(grants.stewards)}")
    buttons = [kit.button("Change who may do what", EDIT, place(workspace))]
    if mine:
        buttons.append(kit.button("History", HISTORY, place(workspace)))
    signature = [kit.context(wording.signature(mine))] if mine else []
    return [
        kit.header("Who may do what"),
        kit.section("\n".join(lines)),
        *signature,
        kit.actions(*buttons),
        *_delegations([version for key, version in newest.items() if key.channel]),
    ]


def delegated(channels: Sequence[PromptKey]) -> list[Block]:
    """Return Home's section for somebody who is no admin, and may edit these channels."""
    if not channels:
        return []
    shown = [kit.header("Channels that you may edit")]
    for key in channels[:ENTRIES]:
        history = kit.button("History", LEVEL_HISTORY, place(key))
        shown += [kit.section(f"*{wording.place(key)}*"), kit.actions(edit_button("Edit", key), history)]
    if len(channels) > ENTRIES:
        shown.append(kit.context("And more: `/threadkeeper prompt` in the channel opens its form."))
    return shown


def history(
    key: PromptKey,
    versions: Sequence[GrantsVersion],
    mandate: str,
    name: Callable[[str], str],
    *,
    news: str = "",
) -> View:
    """Return the versions, newest first; one more than `SHOWN` where there are older ones."""
    what = f"who may edit {wording.place(key)}" if key.channel else "who may do what"
    blocks = [*([kit.section(f"*{news}*")] if news else [])]
    blocks.append(kit.context(f"What was saved of {what}. `-` was before, `+` came instead."))
    before = [version.grants for version in versions[1:]] + [NOTHING]
    for version, old in zip(versions[:SHOWN], before, strict=False):
        asked = f"What version {version.number} says becomes the newest version. Nothing is lost."
        restore = kit.button("Restore this", RESTORE, str(version.number), confirm=asked)
        accessory = None if version is versions[0] else restore
        changes = diff(old, version.grants, name) or "No difference."
        blocks += [kit.divider(), kit.section(wording.signature(version), accessory), kit.verbatim(changes)]
    return kit.modal("History", blocks, metadata=mandate)


def _delegations(versions: Sequence[GrantsVersion]) -> list[Block]:
    """Return who may edit which channel, and the way to change it."""
    current = [version for version in versions if version.grants.stewards]
    select = kit.channel_select(EDIT_CHANNEL, "Let somebody edit a channel…")
    shown = [kit.section("You can let members edit a single channel and its threads."), kit.actions(select)]
    for version in current[:ENTRIES]:
        change = kit.button("Change", EDIT, place(version.key))
        said = f"{wording.place(version.key)}: {_people(version.grants.stewards)}"
        shown.append(kit.section(said, change))
    if len(current) > ENTRIES:
        shown.append(kit.context(f"And {len(current) - ENTRIES} more; choose a channel above to see it."))
    return shown


def _admitted(rules: Sequence[Rules]) -> str:
    names = ["members of this workspace"]
    names += [LABELS[each][0].lower() for each in Admission if admits(each, rules)]
    return ", ".join(names)


def _lists(rules: Rules) -> list[str]:
    lines = []
    for name, text in LISTS.items():
        if chosen := getattr(rules, name):
            shown = _channels(chosen) if name in CHANNELS else _people(chosen)
            lines.append(f"*{text[0].upper()}{text[1:]}*: {shown}")
    return lines


def _people(chosen: frozenset[str]) -> str:
    return _listed([f"<@{each}>" for each in sorted(chosen)])


def _channels(chosen: frozenset[str]) -> str:
    return _listed([f"<#{each}>" for each in sorted(chosen)])


def _listed(shown: Sequence[str]) -> str:
    more = len(shown) - LONGEST_LIST
    return ", ".join(shown[:LONGEST_LIST]) + (f" and {more} more" if more > 0 else "")
