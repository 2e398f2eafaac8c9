"""The form of access rules and stewards, and the parser of a filled-in form. Pure.

The workspace's form has lists of channels and people, checkboxes, and the stewards; a channel's form has
its stewards only. What the deployment's settings fix (`BOT_ADMIT`) is a line of text and no input. An id
of the wrong kind rejects the whole form, because Slack's lists cannot produce one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.access.grants import NO_GRANTS, Grants, GrantsVersion, diff
from bot.core.access.permission_check import DEFAULT_ADMISSIONS, AccessRules, Admission
from bot.core.access.rule_words import CHANNEL_ID_PATTERN, PERSON_ID_PATTERN
from bot.core.config import Scope
from bot.slack import payload
from bot.slack.admin.prompts.editor_views import NOT_SAVED_TITLE
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import NOTE_FIELD, Block, View

GRANTS_FORM_CALLBACK = "grants"
"""`callback_id` of both forms."""
ADMITS_FIELD, STEWARDS_FIELD = "admits", "stewards"
"""Block ids of the inputs besides the lists of `AccessRules`, whose ids are their field names."""
CHANNEL_FIELDS = {
    "channels": ("Only in these channels", "If you choose none, I answer in every channel that I am in."),
    "denied_channels": ("Never in these channels", "This overrides every other setting."),
}
PEOPLE_FIELDS = {
    "people": ("Only these people", "If you choose nobody, the boxes below decide who may ask."),
    "denied_people": ("Never these people", "This overrides every other setting."),
    "invited": ("Guests and outsiders by name", "They may ask even if the boxes below exclude them."),
}
ADMISSION_LABELS = {
    Admission.DIRECT: ("Direct messages", "People may write to me directly."),
    Admission.SHARED: ("Members in shared channels", "Other organisations can read those channels."),
    Admission.GUESTS: ("Guests of several channels", ""),
    Admission.CHANNEL_GUESTS: ("Guests of a single channel", ""),
    Admission.EXTERNAL: ("People of other organisations", "In channels that are shared with them."),
}
NO_PEOPLE_PLACEHOLDER = "Nobody chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedGrants:
    """A filled-in form."""

    grants: Grants
    note: str


class InvalidSelection(ValueError):
    """A form holds an id or an option that its lists do not offer. It is rejected as a whole."""


def render_form(scope: Scope, newest: GrantsVersion | None, form_state: str, deployment: AccessRules) -> View:
    """Return the form of a workspace or channel, filled in with its newest version."""
    signature = wording.describe_version(newest) if newest else "Nothing was ever set here."
    about = (
        f"Who may edit *{wording.describe_scope(scope)}* besides admins:"
        if scope.channel
        else "Who may ask me, and where."
    )
    top = [block_kit.section(f"{about}\n{signature}")]
    fields = _render_fields(scope, newest.grants if newest else NO_GRANTS, deployment)
    return _render_form(scope, [*top, *fields], form_state, "Save", "Cancel")


def render_conflict(
    newest: GrantsVersion,
    entered: SubmittedGrants,
    form_state: str,
    deployment: AccessRules,
    name: Callable[[str], str],
) -> View:
    """Return the form with the reader's own input, below the version that was saved meanwhile."""
    top = [
        block_kit.header(f"{newest.author.name or 'Somebody'} was faster"),
        block_kit.section(
            f"While you were editing, this was saved:\n{wording.describe_version(newest)}\n"
            "Nothing is overwritten yet. `-` is what applies now, `+` is yours:"
        ),
        block_kit.preformatted(diff(newest.grants, entered.grants, name) or "No difference."),
        block_kit.divider(),
    ]
    fields = _render_fields(newest.scope, entered.grants, deployment, entered.note)
    return _render_form(newest.scope, [*top, *fields], form_state, "Overwrite", "Drop my version") | {
        "title": block_kit.plain_text(NOT_SAVED_TITLE)
    }


def parse_submission(values: Mapping[str, Any], scope: Scope, now: Grants) -> SubmittedGrants:
    """Return what was entered, from a view's `state.values`.

    Lists that the form did not ask for stay as they are. Raises `InvalidSelection`.
    """
    note = block_kit.read_value(values, NOTE_FIELD)
    stewards = _parse_ids(values, STEWARDS_FIELD, "selected_users", PERSON_ID_PATTERN.fullmatch)
    if scope.channel:
        return SubmittedGrants(grants=replace(now, stewards=stewards), note=note)
    lists = {
        name: _parse_ids(values, name, "selected_conversations", CHANNEL_ID_PATTERN.fullmatch)
        for name in CHANNEL_FIELDS
    }
    lists |= {name: _parse_ids(values, name, "selected_users", PERSON_ID_PATTERN.fullmatch) for name in PEOPLE_FIELDS}
    admits = now.rules.admits
    if ADMITS_FIELD in values and (ticked := _parse_admits(values)) != _effective_admits(now.rules):
        admits = ticked
    return SubmittedGrants(grants=Grants(rules=AccessRules(**lists, admits=admits), stewards=stewards), note=note)


def _render_fields(scope: Scope, grants: Grants, deployment: AccessRules, note: str = "") -> list[Block]:
    last = block_kit.note_input(note)
    if scope.channel:
        hint = "Members of this workspace. They may edit this channel and its threads, except what admins lock."
        return [_render_people(STEWARDS_FIELD, "Who may edit it", grants.stewards, hint), last]
    blocks = [
        block_kit.input_block(
            name, label, block_kit.multi_channel_select(getattr(grants.rules, name), "No channel chosen"), hint=hint
        )
        for name, (label, hint) in CHANNEL_FIELDS.items()
    ]
    blocks += [
        _render_people(name, label, getattr(grants.rules, name), hint) for name, (label, hint) in PEOPLE_FIELDS.items()
    ]
    hint = "Members of this workspace. They may do here whatever Slack's admins may do, including this form."
    admins = _render_people(STEWARDS_FIELD, "Admins besides Slack's", grants.stewards, hint)
    return [*blocks, _render_admits(grants.rules, deployment), block_kit.divider(), admins, last]


def _render_admits(rules: AccessRules, deployment: AccessRules) -> Block:
    if deployment.admits is not None:
        fixed = (
            ", ".join(ADMISSION_LABELS[admission][0] for admission in Admission if admission in deployment.admits)
            or "nothing"
        )
        return block_kit.context(f"*Let in:* {fixed}. The deployment's settings decide this (`BOT_ADMIT`).")
    options = [
        block_kit.option(admission, label, description) for admission, (label, description) in ADMISSION_LABELS.items()
    ]
    return block_kit.input_block(
        ADMITS_FIELD, "Let in", block_kit.checkboxes(options, frozenset(_effective_admits(rules)))
    )


def _effective_admits(rules: AccessRules) -> frozenset[Admission]:
    """Return the boxes to tick: those of the rules, or the built-in ones if the rules set none."""
    return DEFAULT_ADMISSIONS if rules.admits is None else rules.admits


def _render_people(name: str, label: str, chosen: frozenset[str], hint: str) -> Block:
    return block_kit.input_block(name, label, block_kit.multi_user_select(chosen, NO_PEOPLE_PLACEHOLDER), hint=hint)


def _parse_ids(
    values: Mapping[str, Any], name: str, selection: str, is_valid: Callable[[str], object]
) -> frozenset[str]:
    found = payload.items(values, name, block_kit.VALUE_ACTION_ID, selection)
    if not all(isinstance(chosen, str) and is_valid(chosen) for chosen in found):
        raise InvalidSelection(name)
    return frozenset(found)


def _parse_admits(values: Mapping[str, Any]) -> frozenset[Admission]:
    try:
        return frozenset(map(Admission, block_kit.read_options(values, ADMITS_FIELD)))
    except ValueError:
        raise InvalidSelection(ADMITS_FIELD) from None


def _render_form(scope: Scope, blocks: Sequence[Block], form_state: str, submit: str, close: str) -> View:
    title = "Who may edit here" if scope.channel else "Who may do what"
    view = block_kit.modal(title, blocks, submit=submit, close=close, metadata=form_state)
    return view | {"callback_id": GRANTS_FORM_CALLBACK}
