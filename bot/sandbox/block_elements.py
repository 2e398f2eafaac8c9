"""What must agree within one element of Block Kit, beyond how long its parts are.

Separate from `block_kit`, which walks through blocks, and from the tables. Rules: pure; the first mistake
raises a `Refusal` with a sentence and its place. Sources: the reference of each element at
https://docs.slack.dev/reference/block-kit/block-elements and the validators of slack_sdk.models.blocks.
"""

from collections.abc import Sequence
from typing import Any

from bot.sandbox.block_shapes import GROUP_LABEL, GROUPED, INITIAL, INPUT_CHARACTERS, OPTIONS, STYLES
from bot.sandbox.records import Json
from bot.sandbox.rules import Refusal

CONVERSATIONS = frozenset({"im", "mpim", "private", "public"})
RICH_TEXT = frozenset({"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"})
VISIBLE_TO = 10
"""People to whom an icon button may be shown."""


def invalid(sentence: str, place: str) -> Refusal:
    """Return Slack's error about a mistake in blocks."""
    return Refusal("invalid_blocks", f"[ERROR] {sentence} [json-pointer:{place}]")


def check_element(element: Json, place: str) -> None:
    """Refuse an element whose parts contradict each other. Raises `invalid_blocks`."""
    if element.get("style") not in STYLES:
        raise invalid(f"must be one of {', '.join(filter(None, STYLES))}", f"{place}/style")
    _check_typed(element, place)
    _check_choice(element, place)
    for name, known in INITIAL.items():
        ids = items(element, name, place)
        if name in element and not (ids and all(map(known.fullmatch, map(str, ids)))):
            raise invalid("must be ids, at least one", f"{place}/{name}")
    most = element.get("max_selected_items", 1)
    if element["type"].startswith("multi_") and not (isinstance(most, int) and most >= 1):
        raise invalid("must be at least 1", f"{place}/max_selected_items")
    if "filter" in element and not _is_filter(element["filter"]):
        raise invalid("must include im, mpim, private or public", f"{place}/filter")
    if element["type"] == "icon_button" and element.get("icon") != "trash":
        raise invalid("must be trash", f"{place}/icon")
    if len(items(element, "visible_to_user_ids", place)) > VISIBLE_TO:
        raise invalid(f"no more than {VISIBLE_TO} items allowed", f"{place}/visible_to_user_ids")


def items(holder: Any, name: str, place: str) -> Sequence[Any]:
    """Return a list that something may hold, an empty one where it does not. Raises `invalid_blocks`."""
    held = holder.get(name) or [] if isinstance(holder, dict) else None
    if not isinstance(held, list):
        raise invalid("must be a list", f"{place}/{name}")
    return held


def _is_filter(value: Any) -> bool:
    include = value.get("include", ["im"]) if isinstance(value, dict) else None
    return bool(value and isinstance(include, list) and all(each in CONVERSATIONS for each in include))


def check_rich_text(elements: Sequence[Any], place: str) -> None:
    """Refuse rich text of other kinds than Slack's, or that holds nothing. Raises `invalid_blocks`."""
    for index, part in enumerate(elements):
        where = f"{place}/elements/{index}"
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in RICH_TEXT:
            raise invalid(f"unsupported type: {kind}", f"{where}/type")
        if kind == "rich_text_list":
            check_rich_text(items(part, "elements", where), where)
            continue
        for number, leaf in enumerate(items(part, "elements", where)):
            if not isinstance(leaf, dict) or (leaf.get("type") == "text" and not leaf.get("text")):
                raise invalid("must be more than 0 characters", f"{where}/elements/{number}/text")


def _check_typed(element: Json, place: str) -> None:
    """Hold what a person may type, and what stands there already, against each other."""
    least, most = element.get("min_length", 0), element.get("max_length", INPUT_CHARACTERS)
    if not isinstance(most, int) or not 1 <= most <= INPUT_CHARACTERS:
        raise invalid(f"must be between 1 and {INPUT_CHARACTERS}", f"{place}/max_length")
    if not isinstance(least, int) or not 0 <= least <= most:
        raise invalid(f"must be between 0 and {most}", f"{place}/min_length")
    if len(str(element.get("initial_value", ""))) > most:
        raise invalid(f"must be less than {most + 1} characters", f"{place}/initial_value")


def _check_choice(element: Json, place: str) -> None:
    """Hold what can be chosen, and what is chosen already, against each other."""
    groups, options = items(element, "option_groups", place), [*items(element, "options", place)]
    if element["type"] in GROUPED and bool(groups) == bool(options):
        raise invalid("must provide either options or option_groups", place)
    for index, group in enumerate(groups):
        where = f"{place}/option_groups/{index}"
        held, label = items(group, "options", where), group.get("label")
        text = label.get("text") if isinstance(label, dict) else None
        if not (isinstance(text, str) and 0 < len(text) <= GROUP_LABEL and 0 < len(held) <= OPTIONS):
            raise invalid("must have a label and options", where)
        options += held
    chosen = items(element, "initial_options", place)
    if "initial_options" in element and not chosen:
        raise invalid("must be at least 1 item", f"{place}/initial_options")
    if "initial_option" in element:
        chosen = [*chosen, element["initial_option"]]
    if options and any(each not in options for each in chosen):
        raise invalid("must be one of the options", f"{place}/initial_option")
