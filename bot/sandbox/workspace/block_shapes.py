"""Block Kit as tables: which blocks and elements exist, what they hold, and how long it may be.

`SHAPES` has one `BlockShape` for each type, `ELEMENTS_BY_BLOCK` says which elements a block may hold. For
example, `SHAPES["button"]` says that a button needs `text`, which is plain text of at most 75 characters.
`block_kit` applies the tables. It refuses a type that they do not list: to use a new one, add its row here,
with its limits. Sources: the reference at https://docs.slack.dev/reference/block-kit and the validators of
slack_sdk.models.blocks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

BlockSurface = Literal["message", "modal", "home"]

MAX_MESSAGE_BLOCKS = 50  # https://docs.slack.dev/reference/block-kit/blocks
MAX_VIEW_BLOCKS = 100  # https://docs.slack.dev/reference/block-kit/blocks
MAX_VIEW_BYTES = 250_000  # https://docs.slack.dev/reference/methods/views.open
MAX_MESSAGE_CHARACTERS = 13_200  # measured: github.com/slackapi/bolt-js/issues/2509, metabase/metabase/pull/79908
MAX_TABLE_ROWS, MAX_TABLE_COLUMNS, MAX_TABLE_CHARACTERS = 100, 20, 10_000  # .../block-kit/blocks/table-block
MAX_INPUT_CHARACTERS = 3_000  # .../block-kit/block-elements/plain-text-input-element
MAX_ID_CHARACTERS = 255
MAX_OPTIONS_PER_GROUP, MAX_GROUP_LABEL_CHARACTERS = (100, 75)  # .../block-kit/composition-objects/option-group-object
BUTTON_STYLES = (None, "primary", "danger")  # of a button; .../block-kit/block-elements/button-element
GROUPABLE_SELECTS = frozenset({"static_select", "multi_static_select"})  # whose options may stand in groups
TEXT_OBJECT_TYPES = ("plain_text", "mrkdwn")
INITIAL_ID_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "initial_users": re.compile("[UW][A-Z0-9]+"),
    "initial_conversations": re.compile("[CGD][A-Z0-9]+"),
}
"""What the ids in an initial selection look like. .../block-kit/block-elements/multi-select-menu-element"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockShape:
    """The fields of a block, an element or an object; each length is a maximum in characters."""

    texts: Mapping[str, int] = field(default_factory=dict)
    """Text objects, `plain_text` or `mrkdwn`."""
    plain_texts: Mapping[str, int] = field(default_factory=dict)
    """Text objects that must be `plain_text`."""
    strings: Mapping[str, int] = field(default_factory=dict)
    lists: Mapping[str, int] = field(default_factory=dict)
    """Lists of elements, options or text objects, and how many they may hold."""
    required: tuple[str, ...] = ()
    surfaces: tuple[BlockSurface, ...] = ("message", "modal", "home")


VIEW_SHAPE = BlockShape(
    plain_texts={"title": 24, "submit": 24, "close": 24},
    strings={"private_metadata": 3_000, "callback_id": MAX_ID_CHARACTERS, "external_id": MAX_ID_CHARACTERS},
    required=("blocks",),
)
CONFIRM_SHAPE = BlockShape(
    texts={"text": 300}, plain_texts={"title": 100, "confirm": 30, "deny": 30}, required=("title", "text")
)
OPTION_SHAPE = BlockShape(texts={"text": 75, "description": 75}, strings={"value": 150}, required=("text", "value"))

FEEDBACK_BUTTON_SHAPE = BlockShape(
    plain_texts={"text": 75}, strings={"value": 2_000, "accessibility_label": 75}, required=("text", "value")
)  # each of the two; https://docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element

_SELECT_SHAPE = BlockShape(
    plain_texts={"placeholder": 150}, strings={"action_id": MAX_ID_CHARACTERS}, lists={"options": 100}
)
_STATIC_SELECT_SHAPE = BlockShape(
    plain_texts={"placeholder": 150},
    strings={"action_id": MAX_ID_CHARACTERS},
    lists={"options": 100, "option_groups": 100},
)
_CHOICE_SHAPE = BlockShape(strings={"action_id": MAX_ID_CHARACTERS}, lists={"options": 10}, required=("options",))

SHAPES: Mapping[str, BlockShape] = {
    # blocks
    "section": BlockShape(texts={"text": 3_000}, lists={"fields": 10}),
    "header": BlockShape(plain_texts={"text": 150}, required=("text",)),
    "divider": BlockShape(),
    "context": BlockShape(lists={"elements": 10}, required=("elements",)),
    "actions": BlockShape(lists={"elements": 25}, required=("elements",)),
    "image": BlockShape(
        plain_texts={"title": 2_000}, strings={"image_url": 3_000, "alt_text": 2_000}, required=("alt_text",)
    ),
    "input": BlockShape(plain_texts={"label": 2_000, "hint": 2_000}, required=("label", "element")),
    "markdown": BlockShape(strings={"text": 12_000}, required=("text",), surfaces=("message",)),
    "rich_text": BlockShape(lists={"elements": 1_000}, required=("elements",)),
    "table": BlockShape(lists={"rows": MAX_TABLE_ROWS}, required=("rows",), surfaces=("message",)),
    "context_actions": BlockShape(lists={"elements": 5}, required=("elements",), surfaces=("message",)),
    # elements
    "button": BlockShape(
        plain_texts={"text": 75},
        strings={"action_id": MAX_ID_CHARACTERS, "value": 2_000, "url": 3_000, "accessibility_label": 75},
        required=("text",),
    ),
    "overflow": BlockShape(strings={"action_id": MAX_ID_CHARACTERS}, lists={"options": 5}, required=("options",)),
    "static_select": _STATIC_SELECT_SHAPE,
    "multi_static_select": _STATIC_SELECT_SHAPE,
    "users_select": _SELECT_SHAPE,
    "multi_users_select": _SELECT_SHAPE,
    "conversations_select": _SELECT_SHAPE,
    "multi_conversations_select": _SELECT_SHAPE,
    "channels_select": _SELECT_SHAPE,
    "multi_channels_select": _SELECT_SHAPE,
    "external_select": _SELECT_SHAPE,
    "checkboxes": _CHOICE_SHAPE,
    "radio_buttons": _CHOICE_SHAPE,
    "datepicker": _SELECT_SHAPE,
    "timepicker": _SELECT_SHAPE,
    "datetimepicker": _SELECT_SHAPE,
    "plain_text_input": BlockShape(
        plain_texts={"placeholder": 150}, strings={"action_id": MAX_ID_CHARACTERS, "initial_value": 3_000}
    ),
    "number_input": BlockShape(
        plain_texts={"placeholder": 150}, strings={"action_id": MAX_ID_CHARACTERS}, required=("is_decimal_allowed",)
    ),
    "email_text_input": BlockShape(plain_texts={"placeholder": 150}, strings={"action_id": MAX_ID_CHARACTERS}),
    "url_text_input": BlockShape(plain_texts={"placeholder": 150}, strings={"action_id": MAX_ID_CHARACTERS}),
    "rich_text_input": BlockShape(plain_texts={"placeholder": 150}, strings={"action_id": MAX_ID_CHARACTERS}),
    "file_input": BlockShape(strings={"action_id": MAX_ID_CHARACTERS}),
    "feedback_buttons": BlockShape(
        strings={"action_id": MAX_ID_CHARACTERS}, required=("positive_button", "negative_button")
    ),
    "icon_button": BlockShape(
        plain_texts={"text": 75}, strings={"action_id": MAX_ID_CHARACTERS}, required=("icon", "text")
    ),
}

BLOCK_TYPES = frozenset(SHAPES) & {
    "section", "header", "divider", "context", "actions", "image", "input", "markdown", "rich_text", "table",
    "context_actions",
}  # fmt: skip  # one line reads better than eleven
ELEMENTS_BY_BLOCK: Mapping[str, frozenset[str]] = {
    "context": frozenset({"image", *TEXT_OBJECT_TYPES}),
    "context_actions": frozenset({"feedback_buttons", "icon_button"}),
    "actions": frozenset(SHAPES) - BLOCK_TYPES - {"plain_text_input", "number_input", "feedback_buttons"},
    "input": frozenset(SHAPES) - BLOCK_TYPES - {"button", "overflow", "feedback_buttons", "icon_button"},
    "section": frozenset(SHAPES) - BLOCK_TYPES - {"plain_text_input", "number_input"} | {"image"},
}
"""Which element types a block may hold."""
