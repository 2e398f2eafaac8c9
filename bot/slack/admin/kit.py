"""Block Kit's words, as far as our views need them.

Separate because a view should read as what it says. Pure. Rules: every text is cut to what Slack takes where
it stands, so that no view is refused for a long name; what people wrote is escaped, or stands verbatim.
Limits: facts/slack.md 5.
"""

from collections.abc import Sequence
from typing import Any

from bot.slack.mrkdwn import escape

Block = dict[str, Any]
View = dict[str, Any]

VALUE = "value"
"""`action_id` of the element in every input block; the block's own id says which field it is."""
INPUT = 3_000
"""Characters that one input holds."""
OPTIONS = 100
"""Options of one select, or of each group in it."""
MOST_OPTIONS = 500
"""Options in groups; a hundred of these could be, but a view has no more than 250 KB."""
OPTION_VALUE = 150
_SECTION, _HINT, _PLACEHOLDER, _OPTION, _HEADER = 3_000, 2_000, 150, 75, 150


def clipped(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters; one that is cut ends with an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def plain(text: str, longest: int = _OPTION) -> Block:
    """Return a text object that is shown as it is; `longest` in characters."""
    return {"type": "plain_text", "text": clipped(text, longest)}


def marked(text: str) -> Block:
    """Return a text object in Slack's mrkdwn."""
    return {"type": "mrkdwn", "text": clipped(text, _SECTION)}


def header(text: str) -> Block:
    """Return a heading."""
    return {"type": "header", "text": plain(text, _HEADER)}


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a paragraph of mrkdwn, with something to operate beside it."""
    return {"type": "section", "text": marked(text)} | ({"accessory": accessory} if accessory else {})


def context(text: str) -> Block:
    """Return a paragraph in small print."""
    return {"type": "context", "elements": [marked(text)]}


def divider() -> Block:
    """Return a line."""
    return {"type": "divider"}


def verbatim(text: str, longest: int = _SECTION) -> Block:
    """Return a text that is shown to the letter, in a frame; nothing in it is markup or a mention."""
    content = {"type": "text", "text": clipped(text, longest) or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [content]}]}


def quote(text: str) -> Block:
    """Return a text that is shown to the letter, as what somebody said; nothing in it is markup."""
    content = {"type": "text", "text": clipped(text, _SECTION) or " "}
    return {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [content]}]}


def button(label: str, action: str, value: str = "", *, style: str = "", confirm: str = "") -> Block:
    """Return a button; with `confirm` the person is asked that first."""
    shown: Block = {"type": "button", "action_id": action, "text": plain(label)}
    if value:
        shown["value"] = value
    if style:
        shown["style"] = style
    if confirm:
        asked = {"title": plain(f"{label}?"), "text": plain(confirm, 300)}
        shown["confirm"] = asked | {"confirm": plain(label, 30), "deny": plain("Cancel")}
        if style:
            shown["confirm"]["style"] = style
    return shown


def actions(*elements: Block) -> Block:
    """Return a row of things to operate."""
    return {"type": "actions", "elements": list(elements)}


def field(name: str, label: str, element: Block, *, hint: str = "", optional: bool = True) -> Block:
    """Return an input block, whose id is the field's name."""
    shown = {"type": "input", "block_id": name, "label": plain(label, _HINT), "optional": optional}
    return shown | {"element": element} | ({"hint": plain(hint, _HINT)} if hint else {})


def text_input(text: str = "", *, placeholder: str = "", lines: bool = False, longest: int = INPUT) -> Block:
    """Return where a text is typed, in several lines if `lines`; `text` may not be longer than `longest`."""
    element = {"type": "plain_text_input", "action_id": VALUE, "multiline": lines, "max_length": longest}
    if text:
        element["initial_value"] = text
    if placeholder:
        element["placeholder"] = plain(" ".join(placeholder.split()), _PLACEHOLDER)
    return element


def option(value: str, label: str, description: str = "") -> Block:
    """Return one of several choices."""
    return {"text": plain(label), "value": value} | (
        {"description": plain(description)} if description else {}
    )


def choice(kind: str, options: Sequence[Block], chosen: str) -> Block:
    """Return a `static_select` or `radio_buttons`; `chosen` is the value of one of the options.

    Many options of a `static_select` stand in groups, which are but numbered: Slack finds what one types.
    """
    first = next(each for each in options if each["value"] == chosen)
    shown = {"type": kind, "action_id": VALUE, "initial_option": first}
    if len(options) <= OPTIONS:
        return shown | {"options": list(options)}
    groups = [(at, options[at : at + OPTIONS]) for at in range(0, len(options), OPTIONS)]
    return shown | {
        "option_groups": [
            {"label": plain(f"{at + 1} to {at + len(group)}"), "options": list(group)} for at, group in groups
        ]
    }


def choices(options: Sequence[Block], chosen: frozenset[str], placeholder: str) -> Block:
    """Return a list of which any may be chosen."""
    element: Block = {"type": "multi_static_select", "action_id": VALUE, "options": list(options)}
    element["placeholder"] = plain(placeholder, _PLACEHOLDER)
    first = [each for each in options if each["value"] in chosen]
    return element | ({"initial_options": first} if first else {})


def channel_select(action: str, placeholder: str) -> Block:
    """Return a list of the channels that the reader knows, without direct messages."""
    return {
        "type": "conversations_select",
        "action_id": action,
        "placeholder": plain(placeholder, _PLACEHOLDER),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }


def person_select(chosen: str, placeholder: str) -> Block:
    """Return a list of people of which one may be chosen; `chosen` is an id."""
    shown = {"type": "users_select", "action_id": VALUE, "placeholder": plain(placeholder, _PLACEHOLDER)}
    return shown | ({"initial_user": chosen} if chosen else {})


def people_select(chosen: frozenset[str], placeholder: str) -> Block:
    """Return a list of people of which any may be chosen; `chosen` are ids."""
    shown = {
        "type": "multi_users_select",
        "action_id": VALUE,
        "placeholder": plain(placeholder, _PLACEHOLDER),
    }
    return shown | ({"initial_users": sorted(chosen)} if chosen else {})


def channels_select(chosen: frozenset[str], placeholder: str) -> Block:
    """Return a list of channels of which any may be chosen; `chosen` are ids."""
    shown = channel_select(VALUE, placeholder) | {"type": "multi_conversations_select"}
    return shown | ({"initial_conversations": sorted(chosen)} if chosen else {})


def checkboxes(options: Sequence[Block], chosen: frozenset[str]) -> Block:
    """Return boxes to tick; `chosen` are values of options."""
    first = [each for each in options if each["value"] in chosen]
    shown: Block = {"type": "checkboxes", "action_id": VALUE, "options": list(options)}
    return shown | ({"initial_options": first} if first else {})


def modal(
    title: str, blocks: Sequence[Block], *, submit: str = "", close: str = "Close", metadata: str = ""
) -> View:
    """Return a modal; with `submit`, one whose submission is ours to take."""
    view = {"type": "modal", "title": plain(title, 24), "close": plain(close, 24), "blocks": list(blocks)}
    if submit:
        view["submit"] = plain(submit, 24)
    return view | {"private_metadata": metadata}


def home(blocks: Sequence[Block]) -> View:
    """Return a Home tab."""
    return {"type": "home", "blocks": list(blocks)}


def quoted(text: str, longest: int) -> str:
    """Return the beginning of what somebody wrote as one line of mrkdwn."""
    return escape(clipped(" ".join(text.split()), longest))


def notice(text: str) -> View:
    """Return a modal that only says something."""
    return modal("Threadkeeper", [section(text)])
