"""Block Kit's words, as far as our views need them.

Separate because a view should read as what it says. Pure. Rules: every text is cut to what Slack takes where
it stands, so that no view is refused for a long name; what people wrote is escaped, or stands verbatim.
Limits: facts/slack.md 5.
"""

from collections.abc import Sequence
from typing import Any

from bot.slack.rendering.mrkdwn import escape

Block = dict[str, Any]
View = dict[str, Any]

VALUE_ACTION_ID = "value"
"""`action_id` of the element in every input block; the block's own id says which field it is."""
MAX_INPUT_CHARACTERS = 3_000
"""Characters that one input holds."""
MAX_OPTIONS_PER_GROUP = 100
"""Options of one select, or of each group in it."""
MAX_OPTIONS = 500
"""Options in groups; a hundred of these could be, but a view has no more than 250 KB."""
MAX_OPTION_VALUE_CHARACTERS = 150
(
    _MAX_SECTION_CHARACTERS,
    _MAX_HINT_CHARACTERS,
    _MAX_PLACEHOLDER_CHARACTERS,
    _MAX_OPTION_CHARACTERS,
    _MAX_HEADER_CHARACTERS,
) = 3_000, 2_000, 150, 75, 150


def clip(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters; one that is cut ends with an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def plain_text(text: str, longest: int = _MAX_OPTION_CHARACTERS) -> Block:
    """Return a text object that is shown as it is; `longest` in characters."""
    return {"type": "plain_text", "text": clip(text, longest)}


def mrkdwn_text(text: str) -> Block:
    """Return a text object in Slack's mrkdwn."""
    return {"type": "mrkdwn", "text": clip(text, _MAX_SECTION_CHARACTERS)}


def header(text: str) -> Block:
    """Return a heading."""
    return {"type": "header", "text": plain_text(text, _MAX_HEADER_CHARACTERS)}


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a paragraph of mrkdwn, with something to operate beside it."""
    return {"type": "section", "text": mrkdwn_text(text)} | ({"accessory": accessory} if accessory else {})


def context(text: str) -> Block:
    """Return a paragraph in small print."""
    return {"type": "context", "elements": [mrkdwn_text(text)]}


def divider() -> Block:
    """Return a line."""
    return {"type": "divider"}


def preformatted(text: str, longest: int = _MAX_SECTION_CHARACTERS) -> Block:
    """Return a text that is shown to the letter, in a frame; nothing in it is markup or a mention."""
    content = {"type": "text", "text": clip(text, longest) or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [content]}]}


def quote(text: str) -> Block:
    """Return a text that is shown to the letter, as what somebody said; nothing in it is markup."""
    content = {"type": "text", "text": clip(text, _MAX_SECTION_CHARACTERS) or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [content]}]}


def button(label: str, action: str, value: str = "", *, style: str = "", confirm: str = "") -> Block:
    """Return a button; with `confirm` the person is asked that first."""
    shown: Block = {"type": "button", "action_id": action, "text": plain_text(label)}
    if value:
        shown["value"] = value
    if style:
        shown["style"] = style
    if confirm:
        asked = {"title": plain_text(f"{label}?"), "text": plain_text(confirm, 300)}
        shown["confirm"] = asked | {"confirm": plain_text(label, 30), "deny": plain_text("Cancel")}
        if style:
            shown["confirm"]["style"] = style
    return shown


def actions(*elements: Block) -> Block:
    """Return a row of things to operate."""
    return {"type": "actions", "elements": list(elements)}


def input_block(block_id: str, label: str, element: Block, *, hint: str = "", optional: bool = True) -> Block:
    """Return an input block, whose id is the field's name."""
    shown = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, _MAX_HINT_CHARACTERS),
        "optional": optional,
    }
    return shown | {"element": element} | ({"hint": plain_text(hint, _MAX_HINT_CHARACTERS)} if hint else {})


def text_input(
    text: str = "", *, placeholder: str = "", lines: bool = False, longest: int = MAX_INPUT_CHARACTERS
) -> Block:
    """Return where a text is typed, in several lines if `lines`; `text` may not be longer than `longest`."""
    element = {"type": "plain_text_input", "action_id": VALUE_ACTION_ID, "multiline": lines, "max_length": longest}
    if text:
        element["initial_value"] = text
    if placeholder:
        element["placeholder"] = plain_text(" ".join(placeholder.split()), _MAX_PLACEHOLDER_CHARACTERS)
    return element


def option(value: str, label: str, description: str = "") -> Block:
    """Return one of several choices."""
    return {"text": plain_text(label), "value": value} | (
        {"description": plain_text(description)} if description else {}
    )


def single_choice(kind: str, options: Sequence[Block], chosen: str) -> Block:
    """Return a `static_select` or `radio_buttons`; `chosen` is the value of one of the options.

    Many options of a `static_select` stand in groups, which are but numbered: Slack finds what one types.
    """
    first = next(each for each in options if each["value"] == chosen)
    shown = {"type": kind, "action_id": VALUE_ACTION_ID, "initial_option": first}
    if len(options) <= MAX_OPTIONS_PER_GROUP:
        return shown | {"options": list(options)}
    groups = [(at, options[at : at + MAX_OPTIONS_PER_GROUP]) for at in range(0, len(options), MAX_OPTIONS_PER_GROUP)]
    return shown | {
        "option_groups": [
            {"label": plain_text(f"{at + 1} to {at + len(group)}"), "options": list(group)} for at, group in groups
        ]
    }


def multi_select(options: Sequence[Block], chosen: frozenset[str], placeholder: str) -> Block:
    """Return a list of which any may be chosen."""
    element: Block = {"type": "multi_static_select", "action_id": VALUE_ACTION_ID, "options": list(options)}
    element["placeholder"] = plain_text(placeholder, _MAX_PLACEHOLDER_CHARACTERS)
    first = [each for each in options if each["value"] in chosen]
    return element | ({"initial_options": first} if first else {})


def channel_select(action: str, placeholder: str) -> Block:
    """Return a list of the channels that the reader knows, without direct messages."""
    return {
        "type": "conversations_select",
        "action_id": action,
        "placeholder": plain_text(placeholder, _MAX_PLACEHOLDER_CHARACTERS),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }


def user_select(chosen: str, placeholder: str) -> Block:
    """Return a list of people of which one may be chosen; `chosen` is an id."""
    shown = {
        "type": "users_select",
        "action_id": VALUE_ACTION_ID,
        "placeholder": plain_text(placeholder, _MAX_PLACEHOLDER_CHARACTERS),
    }
    return shown | ({"initial_user": chosen} if chosen else {})


def multi_user_select(chosen: frozenset[str], placeholder: str) -> Block:
    """Return a list of people of which any may be chosen; `chosen` are ids."""
    shown = {
        "type": "multi_users_select",
        "action_id": VALUE_ACTION_ID,
        "placeholder": plain_text(placeholder, _MAX_PLACEHOLDER_CHARACTERS),
    }
    return shown | ({"initial_users": sorted(chosen)} if chosen else {})


def multi_channel_select(chosen: frozenset[str], placeholder: str) -> Block:
    """Return a list of channels of which any may be chosen; `chosen` are ids."""
    shown = channel_select(VALUE_ACTION_ID, placeholder) | {"type": "multi_conversations_select"}
    return shown | ({"initial_conversations": sorted(chosen)} if chosen else {})


def checkboxes(options: Sequence[Block], chosen: frozenset[str]) -> Block:
    """Return boxes to tick; `chosen` are values of options."""
    first = [each for each in options if each["value"] in chosen]
    shown: Block = {"type": "checkboxes", "action_id": VALUE_ACTION_ID, "options": list(options)}
    return shown | ({"initial_options": first} if first else {})


def modal(title: str, blocks: Sequence[Block], *, submit: str = "", close: str = "Close", metadata: str = "") -> View:
    """Return a modal; with `submit`, one whose submission is ours to take."""
    view = {"type": "modal", "title": plain_text(title, 24), "close": plain_text(close, 24), "blocks": list(blocks)}
    if submit:
        view["submit"] = plain_text(submit, 24)
    return view | {"private_metadata": metadata}


def home_tab(blocks: Sequence[Block]) -> View:
    """Return a Home tab."""
    return {"type": "home", "blocks": list(blocks)}


def excerpt(text: str, longest: int) -> str:
    """Return the beginning of what somebody wrote as one line of mrkdwn."""
    return escape(clip(" ".join(text.split()), longest))


def render_notice(text: str) -> View:
    """Return a modal that only says something."""
    return modal("Threadkeeper", [section(text)])
