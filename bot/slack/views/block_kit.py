"""Builders for Block Kit: one function for each block or element that our views use; readers of input. Pure.

Each text is cut to the length that Slack allows in its place, so Slack refuses no view for a long name.
Text that people wrote is escaped, or shown in a block without markup. Limits:
https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/views
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack import payload
from bot.slack.rendering.mrkdwn import escape

Block = dict[str, Any]
View = dict[str, Any]

VALUE_ACTION_ID = "value"
"""`action_id` of the element of every input block. The block's id is the name of the field."""
NOTE_FIELD = "note"
"""Block id of the input for a note or comment, the last one of each form. Errors without a field stand there."""
MAX_NOTE_CHARACTERS = 200
"""Characters of the note about a change."""
MAX_INPUT_CHARACTERS = 3_000
"""Characters that one input holds."""
MAX_OPTIONS_PER_GROUP = 100
"""Options of one select, or of one group of options."""
MAX_OPTIONS = 500
"""Options in groups. Slack takes 100 groups, but a view has 250 KB at most."""
MAX_OPTION_VALUE_CHARACTERS = 150
(
    _MAX_SECTION_CHARACTERS,
    _MAX_HINT_CHARACTERS,
    _MAX_PLACEHOLDER_CHARACTERS,
    _MAX_OPTION_CHARACTERS,
    _MAX_HEADER_CHARACTERS,
) = 3_000, 2_000, 150, 75, 150


def clip(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters; a text that is cut ends with an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def plain_text(text: str, longest: int = _MAX_OPTION_CHARACTERS) -> Block:
    """Return a plain text object; `longest` is in characters."""
    return {"type": "plain_text", "text": clip(text, longest)}


def mrkdwn_text(text: str) -> Block:
    """Return a text object in Slack's mrkdwn."""
    return {"type": "mrkdwn", "text": clip(text, _MAX_SECTION_CHARACTERS)}


def header(text: str) -> Block:
    """Return a heading."""
    return {"type": "header", "text": plain_text(text, _MAX_HEADER_CHARACTERS)}


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a paragraph of mrkdwn, with a button or a select beside it."""
    return {"type": "section", "text": mrkdwn_text(text)} | ({"accessory": accessory} if accessory else {})


def context(text: str) -> Block:
    """Return a paragraph in small print."""
    return {"type": "context", "elements": [mrkdwn_text(text)]}


def divider() -> Block:
    """Return a horizontal line."""
    return {"type": "divider"}


def preformatted(text: str, longest: int = _MAX_SECTION_CHARACTERS) -> Block:
    """Return a text in a frame, with no character of it read as markup or as a mention."""
    content = {"type": "text", "text": clip(text, longest) or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [content]}]}


def quote(text: str) -> Block:
    """Return a text as a quotation, with no character of it read as markup."""
    content = {"type": "text", "text": clip(text, _MAX_SECTION_CHARACTERS) or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [content]}]}


def button(label: str, action: str, value: str = "", *, style: str = "", confirm: str = "") -> Block:
    """Return a button; with `confirm`, Slack asks that question first."""
    block: Block = {"type": "button", "action_id": action, "text": plain_text(label)}
    if value:
        block["value"] = value
    if style:
        block["style"] = style
    if confirm:
        dialog = {"title": plain_text(f"{label}?"), "text": plain_text(confirm, 300)}
        block["confirm"] = dialog | {"confirm": plain_text(label, 30), "deny": plain_text("Cancel")}
        if style:
            block["confirm"]["style"] = style
    return block


def actions(*elements: Block) -> Block:
    """Return a row of buttons and selects."""
    return {"type": "actions", "elements": list(elements)}


def input_block(block_id: str, label: str, element: Block, *, hint: str = "", optional: bool = True) -> Block:
    """Return an input block."""
    block = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, _MAX_HINT_CHARACTERS),
        "optional": optional,
    }
    return block | {"element": element} | ({"hint": plain_text(hint, _MAX_HINT_CHARACTERS)} if hint else {})


def text_input(
    text: str = "", *, placeholder: str = "", lines: bool = False, longest: int = MAX_INPUT_CHARACTERS
) -> Block:
    """Return a text input, multiline if `lines`. `text` has at most `longest` characters."""
    element = {"type": "plain_text_input", "action_id": VALUE_ACTION_ID, "multiline": lines, "max_length": longest}
    if text:
        element["initial_value"] = text
    if placeholder:
        element["placeholder"] = plain_text(" ".join(placeholder.split()), _MAX_PLACEHOLDER_CHARACTERS)
    return element


def note_input(note: str = "") -> Block:
    """Return the input block for the reason of a change."""
    hint = "The reason, in a few words. It is stored with the change."
    return input_block(NOTE_FIELD, "Note", text_input(note, longest=MAX_NOTE_CHARACTERS), hint=hint)


def option(value: str, label: str, description: str = "") -> Block:
    """Return one option of a select, of radio buttons or of checkboxes."""
    return {"text": plain_text(label), "value": value} | (
        {"description": plain_text(description)} if description else {}
    )


def single_choice(kind: str, options: Sequence[Block], chosen: str) -> Block:
    """Return a `static_select` or `radio_buttons`; `chosen` is the value of one of the options.

    More options than Slack takes in one list become groups that are only numbered: a reader finds an
    option by typing.
    """
    initial = next(each for each in options if each["value"] == chosen)
    block = {"type": kind, "action_id": VALUE_ACTION_ID, "initial_option": initial}
    if len(options) <= MAX_OPTIONS_PER_GROUP:
        return block | {"options": list(options)}
    groups = [(at, options[at : at + MAX_OPTIONS_PER_GROUP]) for at in range(0, len(options), MAX_OPTIONS_PER_GROUP)]
    return block | {
        "option_groups": [
            {"label": plain_text(f"{at + 1} to {at + len(group)}"), "options": list(group)} for at, group in groups
        ]
    }


def multi_select(options: Sequence[Block], chosen: frozenset[str], placeholder: str) -> Block:
    """Return a list from which several options may be chosen."""
    element: Block = {"type": "multi_static_select", "action_id": VALUE_ACTION_ID, "options": list(options)}
    element["placeholder"] = plain_text(placeholder, _MAX_PLACEHOLDER_CHARACTERS)
    initial = [each for each in options if each["value"] in chosen]
    return element | ({"initial_options": initial} if initial else {})


def channel_select(action: str, placeholder: str) -> Block:
    """Return a list of the channels that the reader is in, without direct messages."""
    return {
        "type": "conversations_select",
        "action_id": action,
        "placeholder": plain_text(placeholder, _MAX_PLACEHOLDER_CHARACTERS),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }


def user_select(chosen: str, placeholder: str) -> Block:
    """Return a list of people of which one may be chosen; `chosen` is an id."""
    block = {
        "type": "users_select",
        "action_id": VALUE_ACTION_ID,
        "placeholder": plain_text(placeholder, _MAX_PLACEHOLDER_CHARACTERS),
    }
    return block | ({"initial_user": chosen} if chosen else {})


def multi_user_select(chosen: frozenset[str], placeholder: str) -> Block:
    """Return a list of people of which several may be chosen; `chosen` are ids."""
    block = {
        "type": "multi_users_select",
        "action_id": VALUE_ACTION_ID,
        "placeholder": plain_text(placeholder, _MAX_PLACEHOLDER_CHARACTERS),
    }
    return block | ({"initial_users": sorted(chosen)} if chosen else {})


def multi_channel_select(chosen: frozenset[str], placeholder: str) -> Block:
    """Return a list of channels of which several may be chosen; `chosen` are ids."""
    block = channel_select(VALUE_ACTION_ID, placeholder) | {"type": "multi_conversations_select"}
    return block | ({"initial_conversations": sorted(chosen)} if chosen else {})


def checkboxes(options: Sequence[Block], chosen: frozenset[str]) -> Block:
    """Return checkboxes; `chosen` are values of options."""
    initial = [each for each in options if each["value"] in chosen]
    block: Block = {"type": "checkboxes", "action_id": VALUE_ACTION_ID, "options": list(options)}
    return block | ({"initial_options": initial} if initial else {})


def read_value(values: Mapping[str, Any], block_id: str) -> str:
    """Return what a person typed or chose in an input, from a view's `state.values`; without outer space."""
    state = payload.mapping(values, block_id, VALUE_ACTION_ID)
    entries = (payload.text(state, key) for key in ("value", "selected_user", "selected_conversation"))
    return (next(filter(None, entries), "") or payload.text(state, "selected_option", "value")).strip()


def read_options(values: Mapping[str, Any], block_id: str) -> list[str]:
    """Return the values of the options that a person chose in an input, from a view's `state.values`."""
    options = payload.items(values, block_id, VALUE_ACTION_ID, "selected_options")
    return [payload.text(option, "value") for option in options]


def modal(title: str, blocks: Sequence[Block], *, submit: str = "", close: str = "Close", metadata: str = "") -> View:
    """Return a modal; with `submit`, one that has a submit button of that label."""
    view = {"type": "modal", "title": plain_text(title, 24), "close": plain_text(close, 24), "blocks": list(blocks)}
    if submit:
        view["submit"] = plain_text(submit, 24)
    return view | {"private_metadata": metadata}


def home_tab(blocks: Sequence[Block]) -> View:
    """Return a Home tab."""
    return {"type": "home", "blocks": list(blocks)}


def excerpt(text: str, longest: int) -> str:
    """Return the beginning of a person's text as one escaped line of mrkdwn."""
    return escape(clip(" ".join(text.split()), longest))


def render_notice(text: str) -> View:
    """Return a modal that holds one sentence and no form."""
    return modal("Threadkeeper", [section(text)])
