"""Who may ask and who may steer as forms, and filled-in forms as what is set.

Separate from `form`, which is about prompts and parameters. Pure. Rules: what the deployment fixes is told
and not asked for; ids that Slack's lists could not have given are refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.access import BUILT_IN, Admission, Rules
from bot.core.domain import PromptKey
from bot.core.granting import NOTHING, Grants, GrantsVersion, diff
from bot.rules_setting import CHANNEL, PERSON
from bot.slack import payload
from bot.slack.admin import kit, wording
from bot.slack.admin.editor import UNSAVED
from bot.slack.admin.form import LONGEST_NOTE, NOTE
from bot.slack.admin.kit import Block, View

SUBMITTED = "grants"
"""`callback_id` of both forms."""
ADMITS, STEWARDS = "admits", "stewards"
"""Fields beside the lists of `Rules`, which have their names."""
CHANNELS = {
    "channels": ("Only in these channels", "If none is chosen, I answer in every channel that I am in."),
    "denied_channels": ("Never in these channels", "Whatever else is set."),
}
PEOPLE = {
    "people": ("Only these people", "If nobody is chosen, everybody may ask whom the boxes below let in."),
    "denied_people": ("Never these people", "Whatever else is set."),
    "invited": ("Guests and outsiders by name", "They may ask although the boxes below do not let them in."),
}
LABELS = {
    Admission.DIRECT: ("Direct messages", "People may write to me alone."),
    Admission.SHARED: ("Members in shared channels", "Other organisations read along there."),
    Admission.GUESTS: ("Guests of several channels", ""),
    Admission.CHANNEL_GUESTS: ("Guests of a single channel", ""),
    Admission.EXTERNAL: ("People of other organisations", "In channels that are shared with them."),
}
EMPTY = "Nobody chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What somebody filled in."""

    grants: Grants
    note: str


class Odd(ValueError):
    """A form holds what our lists do not; nothing of it is used."""


def form(key: PromptKey, newest: GrantsVersion | None, mandate: str, deployment: Rules) -> View:
    """Return the form of a workspace or channel as it is now."""
    signature = wording.signature(newest) if newest else "Nothing was ever set here."
    about = (
        f"Who may edit *{wording.place(key)}* besides admins:"
        if key.channel
        else "Who may ask me, and where."
    )
    top = [kit.section(f"{about}\n{signature}")]
    fields = _fields(key, newest.grants if newest else NOTHING, deployment)
    return _form(key, [*top, *fields], mandate, "Save", "Cancel")


def conflict(
    newest: GrantsVersion,
    entered: Entered,
    mandate: str,
    deployment: Rules,
    name: Callable[[str], str],
) -> View:
    """Return the form with what was entered, below what somebody else has saved meanwhile."""
    top = [
        kit.header(f"{newest.author.name or 'Somebody'} was faster"),
        kit.section(
            f"While you were editing, this was saved:\n{wording.signature(newest)}\n"
            "Nothing is overwritten yet. `-` is what holds now, `+` is yours:"
        ),
        kit.verbatim(diff(newest.grants, entered.grants, name) or "No difference."),
        kit.divider(),
    ]
    fields = _fields(newest.key, entered.grants, deployment, entered.note)
    return _form(newest.key, [*top, *fields], mandate, "Overwrite", "Drop my version") | {
        "title": kit.plain(UNSAVED)
    }


def read(values: Mapping[str, Any], key: PromptKey, now: Grants) -> Entered:
    """Return what was entered, from a view's `state.values`; what was not asked for stays. Raises `Odd`."""
    note = payload.text(values, NOTE, kit.VALUE, "value").strip()
    stewards = _chosen(values, STEWARDS, "selected_users", PERSON.fullmatch)
    if key.channel:
        return Entered(grants=replace(now, stewards=stewards), note=note)
    lists = {name: _chosen(values, name, "selected_conversations", CHANNEL.fullmatch) for name in CHANNELS}
    lists |= {name: _chosen(values, name, "selected_users", PERSON.fullmatch) for name in PEOPLE}
    admits = now.rules.admits
    if ADMITS in values and (ticked := _ticked(values)) != _let_in(now.rules):
        admits = ticked
    return Entered(grants=Grants(rules=Rules(**lists, admits=admits), stewards=stewards), note=note)


def _fields(key: PromptKey, grants: Grants, deployment: Rules, note: str = "") -> list[Block]:
    hint = "Why, in a few words. It is kept with the version."
    last = kit.field(NOTE, "Note", kit.text_input(note, longest=LONGEST_NOTE), hint=hint)
    if key.channel:
        hint = "Members of this workspace. They edit this channel and its threads, below what admins lock."
        return [_people(STEWARDS, "Who may edit it", grants.stewards, hint), last]
    shown = [
        kit.field(
            name, label, kit.channels_select(getattr(grants.rules, name), "No channel chosen"), hint=hint
        )
        for name, (label, hint) in CHANNELS.items()
    ]
    shown += [
        _people(name, label, getattr(grants.rules, name), hint) for name, (label, hint) in PEOPLE.items()
    ]
    hint = "Members of this workspace who may do all that Slack's admins may do here, this form included."
    admins = _people(STEWARDS, "Admins besides Slack's", grants.stewards, hint)
    return [*shown, _admits(grants.rules, deployment), kit.divider(), admins, last]


def _admits(rules: Rules, deployment: Rules) -> Block:
    if deployment.admits is not None:
        fixed = ", ".join(LABELS[each][0] for each in Admission if each in deployment.admits) or "nothing"
        return kit.context(f"*Let in:* {fixed}. The deployment's settings decide this (`BOT_ADMIT`).")
    options = [kit.option(each, label, description) for each, (label, description) in LABELS.items()]
    return kit.field(ADMITS, "Let in", kit.checkboxes(options, frozenset(_let_in(rules))))


def _let_in(rules: Rules) -> frozenset[Admission]:
    """Return the boxes that are ticked for rules, also where these leave it to what is built in."""
    return BUILT_IN if rules.admits is None else rules.admits


def _people(name: str, label: str, chosen: frozenset[str], hint: str) -> Block:
    return kit.field(name, label, kit.people_select(chosen, EMPTY), hint=hint)


def _chosen(
    values: Mapping[str, Any], name: str, what: str, is_one: Callable[[str], object]
) -> frozenset[str]:
    found = payload.items(values, name, kit.VALUE, what)
    if not all(isinstance(each, str) and is_one(each) for each in found):
        raise Odd(name)
    return frozenset(found)


def _ticked(values: Mapping[str, Any]) -> frozenset[Admission]:
    try:
        found = payload.items(values, ADMITS, kit.VALUE, "selected_options")
        return frozenset(Admission(payload.text(each, "value")) for each in found)
    except ValueError:
        raise Odd(ADMITS) from None


def _form(key: PromptKey, blocks: Sequence[Block], mandate: str, submit: str, close: str) -> View:
    title = "Who may edit here" if key.channel else "Who may do what"
    view = kit.modal(title, blocks, submit=submit, close=close, metadata=mandate)
    return view | {"callback_id": SUBMITTED}
