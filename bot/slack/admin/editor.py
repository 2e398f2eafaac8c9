"""The modals in which a level is chosen and edited, and in which something is only said.

Separate from `form`, which is about the fields, because a form is shown in more than one modal. Pure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.domain import PromptKey, Steering, Version
from bot.core.drafts import Draft
from bot.core.steering import place
from bot.editing import Level
from bot.slack.admin import form, kit, wording
from bot.slack.admin.form import Models
from bot.slack.admin.kit import Block, View

SUBMITTED = "steering"
"""`callback_id` of the form."""
EDIT, EDIT_CHANNEL, HISTORY = "steer_edit_level", "steer_edit_channel", "steer_history"
"""`action_id`s of what opens another view; the value is the name of a level, or the channel chosen. Since the
ids within a row must differ, that of a button which opens a form ends with the kind of its level."""
TITLE = "Prompt and parameters"
UNSAVED = "Not saved: see above"
"""Title of a form below a difference, which its reader may have to scroll up to."""


def editor(level: Level, mandate: str, models: Models) -> View:
    """Return the form of a level as it is now."""
    newest = wording.signature(level.newest) if level.newest else "Nothing was ever set here."
    intro = f"For *{wording.place(level.key)}*. What is not set here is inherited."
    history = kit.button("History", HISTORY, place(level.key))
    top = [kit.section(f"{intro}\n{newest}", history if level.newest else None)]
    return _form([*top, *form.blocks(level, level.steering, models=models)], mandate, "Save", "Cancel")


def draft(level: Level, tried: Draft, mandate: str, models: Models) -> View:
    """Return the form of a level with a draft in it that was tried; nothing was saved since."""
    top = kit.section(
        f"Your draft for *{wording.place(level.key)}*, not published. What is not set here is inherited."
    )
    fields = form.blocks(level, tried.steering, models=models, note=tried.note)
    return _form([top, *fields], mandate, "Save", "Cancel")


def conflict(level: Level, newest: Version, entered: Steering, fields: Sequence[Block], mandate: str) -> View:
    """Return the form with a draft in its `fields`, below what somebody else has saved meanwhile."""
    top = [
        kit.header(f"{newest.author.name or 'Somebody'} was faster"),
        kit.section(
            f"While you were editing, this was saved for *{wording.place(level.key)}*:\n"
            f"{wording.signature(newest)}\n"
            "Nothing is overwritten yet. `-` is what applies now, `+` is yours:"
        ),
        kit.verbatim(wording.changes(newest.steering, entered)),
        kit.context("Change your version below as you like; then overwrite theirs, or drop yours."),
        kit.divider(),
    ]
    return _form([*top, *fields], mandate, "Overwrite", "Drop my version", title=UNSAVED)


def edit_button(label: str, level: PromptKey) -> Block:
    """Return the button that opens the form of a level."""
    name = place(level)
    return kit.button(label, f"{EDIT}:{name.split()[0]}", name)


def chooser(workspace: PromptKey, direct: PromptKey) -> View:
    """Return the modal that asks what to edit."""
    return kit.modal(
        TITLE,
        [
            kit.section("What do you want to edit? Levels below inherit what they do not set."),
            kit.actions(
                edit_button("The whole workspace", workspace),
                edit_button("All direct messages", direct),
            ),
            kit.section("A channel:", kit.channel_select(EDIT_CHANNEL, "Choose a channel")),
        ],
    )


def with_more_room(view: Mapping[str, Any]) -> View:
    """Return the form that a payload shows, with room for a longer prompt."""
    return _again(view, form.with_more_room(view["blocks"]))


def with_errors(view: Mapping[str, Any], problems: Mapping[str, str]) -> View:
    """Return the form that a payload shows, with what is wrong about its fields."""
    return _again(view, form.with_errors(view["blocks"], problems))


def _again(view: Mapping[str, Any], blocks: list[Block]) -> View:
    """Return a view as a payload shows it, with other blocks; fields that stay keep what is in them."""
    kept = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    return {name: view[name] for name in kept} | {"blocks": blocks}


def _form(blocks: list[Block], mandate: str, submit: str, close: str, *, title: str = TITLE) -> View:
    view = kit.modal(title, blocks, submit=submit, close=close, metadata=mandate)
    return view | {"callback_id": SUBMITTED}
