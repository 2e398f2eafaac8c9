"""Block Kit's rules, applied: whether blocks, or a view, are what Slack would show.

Separate from the tables in `block_shapes` and from the rules of texts. Rules: pure; the first mistake raises
a `Refusal` with a sentence and its place, as Slack does. Views complain of `invalid_arguments`, messages of
`invalid_blocks`.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any
from uuid import uuid4

from markdown_it import MarkdownIt

from bot.sandbox.block_elements import check_element, check_rich_text, invalid
from bot.sandbox.block_shapes import (
    BLOCKS,
    CONFIRM,
    ELEMENTS,
    FEEDBACK,
    ID,
    MESSAGE_BLOCKS,
    MESSAGE_CHARACTERS,
    OPTION,
    SHAPES,
    TABLE_CHARACTERS,
    TABLE_COLUMNS,
    TEXTS,
    VIEW,
    VIEW_BLOCKS,
    VIEW_BYTES,
    Shape,
    Surface,
)
from bot.sandbox.records import Json
from bot.sandbox.rules import MARKDOWN_TEXT, Refusal

_markdown = MarkdownIt("commonmark").enable("table")


def check_blocks(blocks: Any, surface: Surface) -> None:
    """Refuse blocks that Slack would not show on that surface.

    Raises `invalid_blocks_format`, `invalid_blocks`, and for messages `msg_too_long` (Markdown over 12,000
    characters) and `msg_blocks_too_long`.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refusal("invalid_blocks_format")
    if surface == "message":
        _check_message_size(blocks)
    elif len(blocks) > VIEW_BLOCKS:
        raise invalid(f"no more than {VIEW_BLOCKS} items allowed", "/blocks")
    for index, block in enumerate(blocks):
        _check_block(block, surface, f"/blocks/{index}")
    _check_unique([block["block_id"] for block in blocks if block.get("block_id")], "block_id", "/blocks")
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise invalid("only_one_table_allowed", "/blocks")


def check_view(view: Any, surface: Surface) -> None:
    """Refuse a Home tab or a modal that Slack would not show.

    Raises `invalid_arguments`, with the sentence and the place, or `view_too_large`.
    """
    if not isinstance(view, dict) or view.get("type") != surface:
        raise Refusal("invalid_arguments", f"[ERROR] view must be an object of type {surface}")
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        raise Refusal("view_too_large")
    try:
        _check_shape(view, VIEW, "/view")
        check_blocks(view.get("blocks"), surface)
        if surface == "modal" and not view.get("title"):
            raise invalid("missing required field: title", "/view")
        if (
            any(block["type"] == "input" for block in view["blocks"])
            and surface == "modal"
            and not view.get("submit")
        ):
            raise invalid("missing required field: submit", "/view")
    except Refusal as refusal:
        raise Refusal("invalid_arguments", *refusal.messages) from None


def identified(blocks: Sequence[Json]) -> tuple[Json, ...]:
    """Return blocks in which everything that can be operated has ids, made up where the app gave none."""
    return tuple(_identified_block(block) for block in blocks)


def _identified_block(block: Json) -> Json:
    named: Json = {name: _identified(block[name]) for name in ("element", "accessory") if block.get(name)}
    if block["type"] in ("actions", "context_actions"):
        named["elements"] = [_identified(element) for element in block["elements"]]
    return {**block, "block_id": block.get("block_id") or uuid4().hex[:5], **named} if named else block


def _identified(element: Json) -> Json:
    operable = element["type"] != "image"
    return {"action_id": uuid4().hex[:5], **element} if operable else element


def _check_message_size(blocks: Sequence[Json]) -> None:
    markdown = [str(block.get("text", "")) for block in blocks if block.get("type") == "markdown"]
    if sum(map(len, markdown)) > MARKDOWN_TEXT:
        raise Refusal("msg_too_long")
    if sum(map(len, _texts(blocks))) > MESSAGE_CHARACTERS:
        raise Refusal("msg_blocks_too_long")
    if len(blocks) - len(markdown) + sum(map(expanded, markdown)) > MESSAGE_BLOCKS:
        raise invalid(f"no more than {MESSAGE_BLOCKS} items allowed", "/blocks")
    if sum(_table_characters(text) for text in markdown) > TABLE_CHARACTERS:
        raise invalid(f"no more than {TABLE_CHARACTERS} characters in tables allowed", "/blocks")


def expanded(markdown: str) -> int:
    """Return how many blocks Slack makes of Markdown: each heading, rule and table is one, at least one."""
    kinds = {"heading_open", "hr", "table_open"}
    return max(1, sum(token.type in kinds and token.level == 0 for token in _markdown.parse(markdown)))


def _table_characters(markdown: str) -> int:
    """Count the characters in the cells of the tables of a Markdown text."""
    tokens = _markdown.parse(markdown)
    cells = (after for cell, after in pairwise(tokens) if cell.type in ("td_open", "th_open"))
    return sum(len(cell.content) for cell in cells)


def _texts(value: Any) -> Iterator[str]:
    """Walk through JSON and yield every `text` that is shown."""
    match value:
        case dict():
            for key, inner in value.items():
                if key == "text" and isinstance(inner, str):
                    yield inner
                else:
                    yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)
        case _:
            pass  # numbers and truth values show nothing


def _check_block(block: Json, surface: Surface, place: str) -> None:
    kind = _kind(block)
    if kind not in BLOCKS or surface not in SHAPES[kind].surfaces:
        raise invalid(f"unsupported type: {kind}", f"{place}/type")
    _check_shape(block, SHAPES[kind], place)
    _check_length(block.get("block_id", ""), ID, f"{place}/block_id")
    if kind == "section":
        if not block.get("text") and not block.get("fields"):
            raise invalid("missing required field: text", place)
        for index, text in enumerate(block.get("fields", ())):
            _check_text(text, 2_000, f"{place}/fields/{index}")
    if kind == "rich_text":
        check_rich_text(block["elements"], place)
    if kind == "table":
        _check_table(block["rows"], place)
    if kind in ELEMENTS:
        _check_elements(block, ELEMENTS[kind], place)


def _check_elements(block: Json, allowed: frozenset[str], place: str) -> None:
    single = [block[name] for name in ("element", "accessory") if block.get(name)]
    elements = [*block.get("elements", ()), *single]
    for index, element in enumerate(elements):
        where = f"{place}/elements/{index}"
        kind = _kind(element)
        if kind not in allowed:
            raise invalid(f"unsupported type: {kind}", f"{where}/type")
        if kind in TEXTS:
            _check_text(element, 3_000, where)
        else:
            _check_shape(element, SHAPES[kind], where)
            check_element(element, where)
        for name in ("positive_button", "negative_button"):
            if name in element:
                _check_shape(element[name], FEEDBACK, f"{where}/{name}")
    _check_unique([one["action_id"] for one in elements if one.get("action_id")], "action_id", place)


def _check_shape(item: Any, shape: Shape, place: str) -> None:
    if not isinstance(item, dict):
        raise invalid("must be an object", place)
    for name in shape.required:
        if item.get(name) in (None, "", []):
            raise invalid(f"missing required field: {name}", place)
    for name, limit in shape.plain.items():
        _check_text(item.get(name), limit, f"{place}/{name}", kinds=("plain_text",))
    for name, limit in shape.texts.items():
        _check_text(item.get(name), limit, f"{place}/{name}")
    for name, limit in shape.strings.items():
        _check_length(item.get(name, ""), limit, f"{place}/{name}")
    for name, limit in shape.lists.items():
        _check_list(item.get(name, []), name, limit, f"{place}/{name}")
    if "confirm" in item and shape is not CONFIRM:
        _check_shape(item["confirm"], CONFIRM, f"{place}/confirm")


def _check_list(items: Any, name: str, limit: int, place: str) -> None:
    if not isinstance(items, list) or len(items) > limit:
        raise invalid(f"must be a list of no more than {limit} items", place)
    if name == "options":
        for index, option in enumerate(items):
            _check_shape(option, OPTION, f"{place}/{index}")


def _check_text(text: Any, limit: int, place: str, kinds: Sequence[str] = TEXTS) -> None:
    if text is None:
        return
    if _kind(text) not in kinds or not isinstance(text.get("text"), str):
        raise invalid(f"must be a text object of type {' or '.join(kinds)}", place)
    if not text["text"]:
        raise invalid("must be more than 0 characters", f"{place}/text")
    _check_length(text["text"], limit, f"{place}/text")


def _kind(item: Any) -> str:
    """Return the type of a block, element or text, or an empty text if it has none."""
    kind = item.get("type") if isinstance(item, dict) else ""
    return kind if isinstance(kind, str) else ""


def _check_table(rows: Sequence[Any], place: str) -> None:
    if not all(isinstance(row, list) and 1 <= len(row) <= TABLE_COLUMNS for row in rows):
        raise invalid(f"a row has 1 to {TABLE_COLUMNS} cells", f"{place}/rows")
    if sum(map(len, _texts(rows))) > TABLE_CHARACTERS:
        raise invalid(f"no more than {TABLE_CHARACTERS} characters in tables allowed", f"{place}/rows")


def _check_length(value: Any, limit: int, place: str) -> None:
    if not isinstance(value, str):
        raise invalid("must be a string", place)
    if len(value) > limit:
        raise invalid(f"must be less than {limit + 1} characters", place)


def _check_unique(ids: Sequence[str], name: str, place: str) -> None:
    if len(set(ids)) < len(ids):
        raise invalid(f"`{name}` must be unique", place)
