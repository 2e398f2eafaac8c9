"""Block Kit validation: checks whether Slack would accept blocks, or a view.

`check_blocks` walks through the blocks of a message or a view and looks each one up in the tables of
`block_shapes`: which fields are required, how long a text may be, which elements a block may hold. Rules that
join several fields of one element are in `block_elements`. The first mistake raises an `ApiRefusal` with a
sentence and a JSON pointer, as Slack's API answers it. In a message the error is `invalid_blocks`, in a view
`invalid_arguments`. All functions are pure, except that `add_ids` makes up random ids.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any
from uuid import uuid4

from markdown_it import MarkdownIt

from bot.sandbox.workspace.block_elements import check_element, check_rich_text, invalid_blocks_refusal
from bot.sandbox.workspace.block_shapes import (
    BLOCK_TYPES,
    CONFIRM_SHAPE,
    ELEMENTS_BY_BLOCK,
    FEEDBACK_BUTTON_SHAPE,
    MAX_ID_CHARACTERS,
    MAX_MESSAGE_BLOCKS,
    MAX_MESSAGE_CHARACTERS,
    MAX_TABLE_CHARACTERS,
    MAX_TABLE_COLUMNS,
    MAX_VIEW_BLOCKS,
    MAX_VIEW_BYTES,
    OPTION_SHAPE,
    SHAPES,
    TEXT_OBJECT_TYPES,
    VIEW_SHAPE,
    BlockShape,
    BlockSurface,
)
from bot.sandbox.workspace.message_limits import MAX_MARKDOWN_CHARACTERS, ApiRefusal
from bot.sandbox.workspace.records import Json

_MARKDOWN_PARSER = MarkdownIt("commonmark").enable("table")


def check_blocks(blocks: Any, surface: BlockSurface) -> None:
    """Refuse blocks that Slack would not accept on that surface.

    Raises `invalid_blocks_format`, `invalid_blocks`, and for messages `msg_too_long` (Markdown over 12,000
    characters) and `msg_blocks_too_long`.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ApiRefusal("invalid_blocks_format")
    if surface == "message":
        _check_message_size(blocks)
    elif len(blocks) > MAX_VIEW_BLOCKS:
        raise invalid_blocks_refusal(f"no more than {MAX_VIEW_BLOCKS} items allowed", "/blocks")
    for index, block in enumerate(blocks):
        _check_block(block, surface, f"/blocks/{index}")
    _check_unique([block["block_id"] for block in blocks if block.get("block_id")], "block_id", "/blocks")
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise invalid_blocks_refusal("only_one_table_allowed", "/blocks")


def check_view(view: Any, surface: BlockSurface) -> None:
    """Refuse a Home tab or a modal that Slack would not accept.

    Raises `invalid_arguments`, with a sentence and a JSON pointer, or `view_too_large`.
    """
    if not isinstance(view, dict) or view.get("type") != surface:
        raise ApiRefusal("invalid_arguments", f"[ERROR] view must be an object of type {surface}")
    if len(json.dumps(view, ensure_ascii=False).encode()) > MAX_VIEW_BYTES:
        raise ApiRefusal("view_too_large")
    try:
        _check_shape(view, VIEW_SHAPE, "/view")
        check_blocks(view.get("blocks"), surface)
        if surface == "modal" and not view.get("title"):
            raise invalid_blocks_refusal("missing required field: title", "/view")
        if any(block["type"] == "input" for block in view["blocks"]) and surface == "modal" and not view.get("submit"):
            raise invalid_blocks_refusal("missing required field: submit", "/view")
    except ApiRefusal as refusal:
        raise ApiRefusal("invalid_arguments", *refusal.messages) from None


def add_ids(blocks: Sequence[Json]) -> tuple[Json, ...]:
    """Return the blocks with a `block_id` and `action_id` on every element that people can operate."""
    return tuple(_add_block_ids(block) for block in blocks)


def _add_block_ids(block: Json) -> Json:
    named: Json = {name: _add_action_id(block[name]) for name in ("element", "accessory") if block.get(name)}
    if block["type"] in ("actions", "context_actions"):
        named["elements"] = [_add_action_id(element) for element in block["elements"]]
    return {**block, "block_id": block.get("block_id") or uuid4().hex[:5], **named} if named else block


def _add_action_id(element: Json) -> Json:
    operable = element["type"] != "image"
    return {"action_id": uuid4().hex[:5], **element} if operable else element


def _check_message_size(blocks: Sequence[Json]) -> None:
    markdown = [str(block.get("text", "")) for block in blocks if block.get("type") == "markdown"]
    if sum(map(len, markdown)) > MAX_MARKDOWN_CHARACTERS:
        raise ApiRefusal("msg_too_long")
    if sum(map(len, _iterate_texts(blocks))) > MAX_MESSAGE_CHARACTERS:
        raise ApiRefusal("msg_blocks_too_long")
    if len(blocks) - len(markdown) + sum(map(count_markdown_blocks, markdown)) > MAX_MESSAGE_BLOCKS:
        raise invalid_blocks_refusal(f"no more than {MAX_MESSAGE_BLOCKS} items allowed", "/blocks")
    if sum(_count_table_characters(text) for text in markdown) > MAX_TABLE_CHARACTERS:
        raise invalid_blocks_refusal(f"no more than {MAX_TABLE_CHARACTERS} characters in tables allowed", "/blocks")


def count_markdown_blocks(markdown: str) -> int:
    """Count the blocks that Slack makes of Markdown: one for each heading, rule and table, at least one."""
    kinds = {"heading_open", "hr", "table_open"}
    return max(1, sum(token.type in kinds and token.level == 0 for token in _MARKDOWN_PARSER.parse(markdown)))


def _count_table_characters(markdown: str) -> int:
    """Count the characters in the cells of the tables of a Markdown text."""
    tokens = _MARKDOWN_PARSER.parse(markdown)
    cells = (after for cell, after in pairwise(tokens) if cell.type in ("td_open", "th_open"))
    return sum(len(cell.content) for cell in cells)


def _iterate_texts(value: Any) -> Iterator[str]:
    """Walk through JSON and yield every `text` string."""
    match value:
        case dict():
            for key, inner in value.items():
                if key == "text" and isinstance(inner, str):
                    yield inner
                else:
                    yield from _iterate_texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _iterate_texts(inner)
        case _:
            pass  # numbers and truth values are not text


def _check_block(block: Json, surface: BlockSurface, place: str) -> None:
    kind = _get_type(block)
    if kind not in BLOCK_TYPES or surface not in SHAPES[kind].surfaces:
        raise invalid_blocks_refusal(f"unsupported type: {kind}", f"{place}/type")
    _check_shape(block, SHAPES[kind], place)
    _check_length(block.get("block_id", ""), MAX_ID_CHARACTERS, f"{place}/block_id")
    if kind == "section":
        if not block.get("text") and not block.get("fields"):
            raise invalid_blocks_refusal("missing required field: text", place)
        for index, text in enumerate(block.get("fields", ())):
            _check_text(text, 2_000, f"{place}/fields/{index}")
    if kind == "rich_text":
        check_rich_text(block["elements"], place)
    if kind == "table":
        _check_table(block["rows"], place)
    if kind in ELEMENTS_BY_BLOCK:
        _check_elements(block, ELEMENTS_BY_BLOCK[kind], place)


def _check_elements(block: Json, allowed: frozenset[str], place: str) -> None:
    single = [block[name] for name in ("element", "accessory") if block.get(name)]
    elements = [*block.get("elements", ()), *single]
    for index, element in enumerate(elements):
        where = f"{place}/elements/{index}"
        kind = _get_type(element)
        if kind not in allowed:
            raise invalid_blocks_refusal(f"unsupported type: {kind}", f"{where}/type")
        if kind in TEXT_OBJECT_TYPES:
            _check_text(element, 3_000, where)
        else:
            _check_shape(element, SHAPES[kind], where)
            check_element(element, where)
        for name in ("positive_button", "negative_button"):
            if name in element:
                _check_shape(element[name], FEEDBACK_BUTTON_SHAPE, f"{where}/{name}")
    _check_unique([one["action_id"] for one in elements if one.get("action_id")], "action_id", place)


def _check_shape(item: Any, shape: BlockShape, place: str) -> None:
    if not isinstance(item, dict):
        raise invalid_blocks_refusal("must be an object", place)
    for name in shape.required:
        if item.get(name) in (None, "", []):
            raise invalid_blocks_refusal(f"missing required field: {name}", place)
    for name, limit in shape.plain_texts.items():
        _check_text(item.get(name), limit, f"{place}/{name}", kinds=("plain_text",))
    for name, limit in shape.texts.items():
        _check_text(item.get(name), limit, f"{place}/{name}")
    for name, limit in shape.strings.items():
        _check_length(item.get(name, ""), limit, f"{place}/{name}")
    for name, limit in shape.lists.items():
        _check_list(item.get(name, []), name, limit, f"{place}/{name}")
    if "confirm" in item and shape is not CONFIRM_SHAPE:
        _check_shape(item["confirm"], CONFIRM_SHAPE, f"{place}/confirm")


def _check_list(items: Any, name: str, limit: int, place: str) -> None:
    if not isinstance(items, list) or len(items) > limit:
        raise invalid_blocks_refusal(f"must be a list of no more than {limit} items", place)
    if name == "options":
        for index, option in enumerate(items):
            _check_shape(option, OPTION_SHAPE, f"{place}/{index}")


def _check_text(text: Any, limit: int, place: str, kinds: Sequence[str] = TEXT_OBJECT_TYPES) -> None:
    if text is None:
        return
    if _get_type(text) not in kinds or not isinstance(text.get("text"), str):
        raise invalid_blocks_refusal(f"must be a text object of type {' or '.join(kinds)}", place)
    if not text["text"]:
        raise invalid_blocks_refusal("must be more than 0 characters", f"{place}/text")
    _check_length(text["text"], limit, f"{place}/text")


def _get_type(item: Any) -> str:
    """Return the `type` of a block, element or text object; empty if it has none."""
    kind = item.get("type") if isinstance(item, dict) else ""
    return kind if isinstance(kind, str) else ""


def _check_table(rows: Sequence[Any], place: str) -> None:
    if not all(isinstance(row, list) and 1 <= len(row) <= MAX_TABLE_COLUMNS for row in rows):
        raise invalid_blocks_refusal(f"a row has 1 to {MAX_TABLE_COLUMNS} cells", f"{place}/rows")
    if sum(map(len, _iterate_texts(rows))) > MAX_TABLE_CHARACTERS:
        raise invalid_blocks_refusal(
            f"no more than {MAX_TABLE_CHARACTERS} characters in tables allowed", f"{place}/rows"
        )


def _check_length(value: Any, limit: int, place: str) -> None:
    if not isinstance(value, str):
        raise invalid_blocks_refusal("must be a string", place)
    if len(value) > limit:
        raise invalid_blocks_refusal(f"must be less than {limit + 1} characters", place)


def _check_unique(ids: Sequence[str], name: str, place: str) -> None:
    if len(set(ids)) < len(ids):
        raise invalid_blocks_refusal(f"`{name}` must be unique", place)
