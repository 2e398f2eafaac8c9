"""Block Kit's grammar as tables: the blocks and elements there are, and how long their parts may be.

Separate from the checks in `block_kit` so that a limit is found by its name. Rules: data only. A type that
the tables do not know is refused: a bot that uses one should have it added here, with its limits. Sources:
the reference at https://docs.slack.dev/reference/block-kit and the validators of slack_sdk.models.blocks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Surface = Literal["message", "modal", "home"]

MESSAGE_BLOCKS = 50  # https://docs.slack.dev/reference/block-kit/blocks
VIEW_BLOCKS = 100  # likewise
VIEW_BYTES = 250_000  # https://docs.slack.dev/reference/methods/views.open
MESSAGE_CHARACTERS = 13_200  # measured: github.com/slackapi/bolt-js/issues/2509, metabase/metabase/pull/79908
TABLE_ROWS, TABLE_COLUMNS, TABLE_CHARACTERS = 100, 20, 10_000  # .../block-kit/blocks/table-block
INPUT_CHARACTERS = 3_000  # .../block-kit/block-elements/plain-text-input-element
ID = 255
OPTIONS, GROUP_LABEL = 100, 75  # .../block-kit/composition-objects/option-group-object
STYLES = (None, "primary", "danger")  # of a button; .../block-kit/block-elements/button-element
GROUPED = frozenset({"static_select", "multi_static_select"})  # whose options may stand in groups
TEXTS = ("plain_text", "mrkdwn")
INITIAL: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {"initial_users": re.compile("[UW][A-Z0-9]+"), "initial_conversations": re.compile("[CGD][A-Z0-9]+")}
)
"""Ids that lists begin with. .../block-kit/block-elements/multi-select-menu-element"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a block, an element or an object may hold; lengths are maxima in characters."""

    texts: Mapping[str, int] = field(default_factory=dict)
    """Text objects, `plain_text` or `mrkdwn`."""
    plain: Mapping[str, int] = field(default_factory=dict)
    """Text objects that must be `plain_text`."""
    strings: Mapping[str, int] = field(default_factory=dict)
    lists: Mapping[str, int] = field(default_factory=dict)
    """Lists of elements, options or text objects, and how many they may hold."""
    required: tuple[str, ...] = ()
    surfaces: tuple[Surface, ...] = ("message", "modal", "home")


VIEW = Shape(
    plain={"title": 24, "submit": 24, "close": 24},
    strings={"private_metadata": 3_000, "callback_id": ID, "external_id": ID},
    required=("blocks",),
)
CONFIRM = Shape(
    texts={"text": 300}, plain={"title": 100, "confirm": 30, "deny": 30}, required=("title", "text")
)
OPTION = Shape(texts={"text": 75, "description": 75}, strings={"value": 150}, required=("text", "value"))

FEEDBACK = Shape(
    plain={"text": 75}, strings={"value": 2_000, "accessibility_label": 75}, required=("text", "value")
)  # each of the two; https://docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element

_select = Shape(plain={"placeholder": 150}, strings={"action_id": ID}, lists={"options": 100})
_static = Shape(
    plain={"placeholder": 150},
    strings={"action_id": ID},
    lists={"options": 100, "option_groups": 100},
)
_choice = Shape(strings={"action_id": ID}, lists={"options": 10}, required=("options",))

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        # blocks
        "section": Shape(texts={"text": 3_000}, lists={"fields": 10}),
        "header": Shape(plain={"text": 150}, required=("text",)),
        "divider": Shape(),
        "context": Shape(lists={"elements": 10}, required=("elements",)),
        "actions": Shape(lists={"elements": 25}, required=("elements",)),
        "image": Shape(
            plain={"title": 2_000},
            strings={"image_url": 3_000, "alt_text": 2_000},
            required=("alt_text",),
        ),
        "input": Shape(plain={"label": 2_000, "hint": 2_000}, required=("label", "element")),
        "markdown": Shape(strings={"text": 12_000}, required=("text",), surfaces=("message",)),
        "rich_text": Shape(lists={"elements": 1_000}, required=("elements",)),
        "table": Shape(lists={"rows": TABLE_ROWS}, required=("rows",), surfaces=("message",)),
        "context_actions": Shape(lists={"elements": 5}, required=("elements",), surfaces=("message",)),
        # elements
        "button": Shape(
            plain={"text": 75},
            strings={"action_id": ID, "value": 2_000, "url": 3_000, "accessibility_label": 75},
            required=("text",),
        ),
        "overflow": Shape(strings={"action_id": ID}, lists={"options": 5}, required=("options",)),
        "static_select": _static,
        "multi_static_select": _static,
        "users_select": _select,
        "multi_users_select": _select,
        "conversations_select": _select,
        "multi_conversations_select": _select,
        "channels_select": _select,
        "multi_channels_select": _select,
        "external_select": _select,
        "checkboxes": _choice,
        "radio_buttons": _choice,
        "datepicker": _select,
        "timepicker": _select,
        "datetimepicker": _select,
        "plain_text_input": Shape(
            plain={"placeholder": 150}, strings={"action_id": ID, "initial_value": 3_000}
        ),
        "number_input": Shape(
            plain={"placeholder": 150}, strings={"action_id": ID}, required=("is_decimal_allowed",)
        ),
        "email_text_input": Shape(plain={"placeholder": 150}, strings={"action_id": ID}),
        "url_text_input": Shape(plain={"placeholder": 150}, strings={"action_id": ID}),
        "rich_text_input": Shape(plain={"placeholder": 150}, strings={"action_id": ID}),
        "file_input": Shape(strings={"action_id": ID}),
        "feedback_buttons": Shape(strings={"action_id": ID}, required=("positive_button", "negative_button")),
        "icon_button": Shape(plain={"text": 75}, strings={"action_id": ID}, required=("icon", "text")),
    }
)

BLOCKS = frozenset(SHAPES) & {
    "section", "header", "divider", "context", "actions", "image", "input", "markdown", "rich_text", "table",
    "context_actions",
}  # fmt: skip  # one line reads better than eleven
ELEMENTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "context": frozenset({"image", *TEXTS}),
        "context_actions": frozenset({"feedback_buttons", "icon_button"}),
        "actions": frozenset(SHAPES) - BLOCKS - {"plain_text_input", "number_input", "feedback_buttons"},
        "input": frozenset(SHAPES) - BLOCKS - {"button", "overflow", "feedback_buttons", "icon_button"},
        "section": frozenset(SHAPES) - BLOCKS - {"plain_text_input", "number_input"} | {"image"},
    }
)
"""Which elements may stand in a block."""
