"""Checks of one Block Kit element whose parts depend on each other.

`block_kit` walks through blocks and compares lengths with the tables in `block_shapes`. This module checks
what a table of lengths cannot express: `min_length` must not exceed `max_length`, `initial_option` must be
one of `options`, a select has either `options` or `option_groups`. The functions are pure. The first mistake
raises an `ApiRefusal` with a sentence and a JSON pointer to the place. Sources: the page of each element at
https://docs.slack.dev/reference/block-kit/block-elements and the validators of slack_sdk.models.blocks.
"""

from collections.abc import Sequence
from typing import Any

from bot.sandbox.workspace.block_shapes import (
    BUTTON_STYLES,
    GROUPABLE_SELECTS,
    INITIAL_ID_PATTERNS,
    MAX_GROUP_LABEL_CHARACTERS,
    MAX_INPUT_CHARACTERS,
    MAX_OPTIONS_PER_GROUP,
)
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import Json

CONVERSATION_TYPES = frozenset({"im", "mpim", "private", "public"})
RICH_TEXT_ELEMENT_TYPES = frozenset(
    {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
)
MAX_VISIBLE_TO_USERS = 10
"""An icon button names at most this many people who may see it."""


def invalid_blocks_refusal(sentence: str, place: str) -> ApiRefusal:
    """Return Slack's error for a mistake in blocks; `place` is a JSON pointer."""
    return ApiRefusal("invalid_blocks", f"[ERROR] {sentence} [json-pointer:{place}]")


def check_element(element: Json, place: str) -> None:
    """Refuse an element whose parts contradict each other. Raises `invalid_blocks`."""
    if element.get("style") not in BUTTON_STYLES:
        raise invalid_blocks_refusal(f"must be one of {', '.join(filter(None, BUTTON_STYLES))}", f"{place}/style")
    _check_text_lengths(element, place)
    _check_options(element, place)
    for name, known in INITIAL_ID_PATTERNS.items():
        ids = get_list(element, name, place)
        if name in element and not (ids and all(map(known.fullmatch, map(str, ids)))):
            raise invalid_blocks_refusal("must be ids, at least one", f"{place}/{name}")
    most = element.get("max_selected_items", 1)
    if element["type"].startswith("multi_") and not (isinstance(most, int) and most >= 1):
        raise invalid_blocks_refusal("must be at least 1", f"{place}/max_selected_items")
    if "filter" in element and not _is_filter(element["filter"]):
        raise invalid_blocks_refusal("must include im, mpim, private or public", f"{place}/filter")
    if element["type"] == "icon_button" and element.get("icon") != "trash":
        raise invalid_blocks_refusal("must be trash", f"{place}/icon")
    if len(get_list(element, "visible_to_user_ids", place)) > MAX_VISIBLE_TO_USERS:
        raise invalid_blocks_refusal(
            f"no more than {MAX_VISIBLE_TO_USERS} items allowed", f"{place}/visible_to_user_ids"
        )


def get_list(holder: Any, name: str, place: str) -> Sequence[Any]:
    """Return an optional list of an object, empty if absent. Raises `invalid_blocks` if it is not a list."""
    held = holder.get(name) or [] if isinstance(holder, dict) else None
    if not isinstance(held, list):
        raise invalid_blocks_refusal("must be a list", f"{place}/{name}")
    return held


def _is_filter(value: Any) -> bool:
    include = value.get("include", ["im"]) if isinstance(value, dict) else None
    return bool(value and isinstance(include, list) and all(each in CONVERSATION_TYPES for each in include))


def check_rich_text(elements: Sequence[Any], place: str) -> None:
    """Refuse rich text with an unknown element type or an empty text. Raises `invalid_blocks`."""
    for index, part in enumerate(elements):
        where = f"{place}/elements/{index}"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in RICH_TEXT_ELEMENT_TYPES:
            raise invalid_blocks_refusal(f"unsupported type: {kind}", f"{where}/type")
        if kind == "rich_text_list":
            check_rich_text(get_list(part, "elements", where), where)
            continue
        for number, leaf in enumerate(get_list(part, "elements", where)):
            if not isinstance(leaf, dict) or (leaf.get("type") == "text" and not leaf.get("text")):
                raise invalid_blocks_refusal("must be more than 0 characters", f"{where}/elements/{number}/text")


def _check_text_lengths(element: Json, place: str) -> None:
    """Compare the allowed lengths of an input with each other and with its initial text."""
    least, most = element.get("min_length", 0), element.get("max_length", MAX_INPUT_CHARACTERS)
    if not isinstance(most, int) or not 1 <= most <= MAX_INPUT_CHARACTERS:
        raise invalid_blocks_refusal(f"must be between 1 and {MAX_INPUT_CHARACTERS}", f"{place}/max_length")
    if not isinstance(least, int) or not 0 <= least <= most:
        raise invalid_blocks_refusal(f"must be between 0 and {most}", f"{place}/min_length")
    if len(str(element.get("initial_value", ""))) > most:
        raise invalid_blocks_refusal(f"must be less than {most + 1} characters", f"{place}/initial_value")


def _check_options(element: Json, place: str) -> None:
    """Check the options of a select, and that the initial ones are among them."""
    groups, options = get_list(element, "option_groups", place), [*get_list(element, "options", place)]
    if element["type"] in GROUPABLE_SELECTS and bool(groups) == bool(options):
        raise invalid_blocks_refusal("must provide either options or option_groups", place)
    for index, group in enumerate(groups):
        where = f"{place}/option_groups/{index}"
        held, label = get_list(group, "options", where), group.get("label")
        text = label.get("text") if isinstance(label, dict) else None
        if not (
            isinstance(text, str)
            and 0 < len(text) <= MAX_GROUP_LABEL_CHARACTERS
            and 0 < len(held) <= MAX_OPTIONS_PER_GROUP
        ):
            raise invalid_blocks_refusal("must have a label and options", where)
        options += held
    chosen = get_list(element, "initial_options", place)
    if "initial_options" in element and not chosen:
        raise invalid_blocks_refusal("must be at least 1 item", f"{place}/initial_options")
    if "initial_option" in element:
        chosen = [*chosen, element["initial_option"]]
    if options and any(each not in options for each in chosen):
        raise invalid_blocks_refusal("must be one of the options", f"{place}/initial_option")
