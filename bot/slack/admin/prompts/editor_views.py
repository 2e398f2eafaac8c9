"""The modals of the prompt editor: choose a scope, edit it, resolve a conflict. Pure.

`form` makes the inputs; here they get a title, an introduction and the buttons. A form carries its signed
state in `private_metadata`, so that a submission names its scope and the version that it changes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.chat.drafts import Draft
from bot.core.chat.scoped_config import name_scope
from bot.core.config import ConfigVersion, Scope, ScopeConfig
from bot.policy.config_editor import EditableScope
from bot.slack.admin.prompts import form
from bot.slack.admin.prompts.form import ModelChoices
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View

CONFIG_FORM_CALLBACK = "steering"
"""`callback_id` of the form."""
EDIT_ACTION, EDIT_CHANNEL_ACTION, HISTORY_ACTION = "steer_edit_level", "steer_edit_channel", "steer_history"
"""`action_id`s of the elements that open another view.

Their value is a scope's name, or the channel that was chosen. Ids must differ within a row, so a button that
opens an editor adds the kind of its scope: `steer_edit_level:channel`."""
EDITOR_TITLE = "Prompt and parameters"
NOT_SAVED_TITLE = "Not saved: see above"
"""Title of a form that is shown below a difference. Its reader may have to scroll up to see that."""


def render_editor(editable: EditableScope, form_state: str, models: ModelChoices) -> View:
    """Return the form of a scope, filled in with what is set there now."""
    newest = (
        wording.describe_version(editable.newest_version) if editable.newest_version else "Nothing was ever set here."
    )
    intro = f"For *{wording.describe_scope(editable.scope)}*. Empty fields are inherited from the level above."
    history = block_kit.button("History", HISTORY_ACTION, name_scope(editable.scope))
    top = [block_kit.section(f"{intro}\n{newest}", history if editable.newest_version else None)]
    return _render_form(
        [*top, *form.render_fields(editable, editable.config, models=models)], form_state, "Save", "Cancel"
    )


def render_draft_editor(editable: EditableScope, draft: Draft, form_state: str, models: ModelChoices) -> View:
    """Return the form of a scope, filled in with a draft that was tried."""
    top = block_kit.section(
        f"Your draft for *{wording.describe_scope(editable.scope)}*, not published. "
        "Empty fields are inherited from the level above."
    )
    fields = form.render_fields(editable, draft.config, models=models, note=draft.note)
    return _render_form([top, *fields], form_state, "Save", "Cancel")


def render_conflict(
    editable: EditableScope, newest: ConfigVersion, config: ScopeConfig, fields: Sequence[Block], form_state: str
) -> View:
    """Return the form with the reader's own input in `fields`, below the version that was saved meanwhile."""
    top = [
        block_kit.header(f"{newest.author.name or 'Somebody'} was faster"),
        block_kit.section(
            f"While you were editing, this was saved for *{wording.describe_scope(editable.scope)}*:\n"
            f"{wording.describe_version(newest)}\n"
            "Nothing is overwritten yet. `-` is what applies now, `+` is yours:"
        ),
        block_kit.preformatted(wording.format_diff(newest.config, config)),
        block_kit.context("Change your version below as you like; then overwrite theirs, or drop yours."),
        block_kit.divider(),
    ]
    return _render_form([*top, *fields], form_state, "Overwrite", "Drop my version", title=NOT_SAVED_TITLE)


def edit_button(label: str, scope: Scope) -> Block:
    """Return the button that opens the form of a scope."""
    name = name_scope(scope)
    return block_kit.button(label, f"{EDIT_ACTION}:{name.split()[0]}", name)


def render_scope_chooser(workspace: Scope, direct: Scope) -> View:
    """Return the modal that asks which scope to edit."""
    return block_kit.modal(
        EDITOR_TITLE,
        [
            block_kit.section("Which level do you want to edit? A level inherits what it does not set."),
            block_kit.actions(
                edit_button("The whole workspace", workspace), edit_button("All direct messages", direct)
            ),
            block_kit.section("A channel:", block_kit.channel_select(EDIT_CHANNEL_ACTION, "Choose a channel")),
        ],
    )


def add_prompt_part(view: Mapping[str, Any]) -> View:
    """Return the form of a payload with one more input for the prompt."""
    return _copy_view(view, form.add_prompt_part(view["blocks"]))


def add_errors(view: Mapping[str, Any], problems: Mapping[str, str]) -> View:
    """Return the form of a payload with a sentence below each wrong field."""
    return _copy_view(view, form.mark_errors(view["blocks"], problems))


def _copy_view(view: Mapping[str, Any], blocks: list[Block]) -> View:
    """Return the view of a payload with other blocks. Slack keeps the input of fields that stay."""
    copied = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    return {name: view[name] for name in copied} | {"blocks": blocks}


def _render_form(blocks: list[Block], form_state: str, submit: str, close: str, *, title: str = EDITOR_TITLE) -> View:
    view = block_kit.modal(title, blocks, submit=submit, close=close, metadata=form_state)
    return view | {"callback_id": CONFIG_FORM_CALLBACK}
