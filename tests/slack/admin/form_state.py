"""Builds the `state.values` that Slack sends for a form, with or without changes."""

from collections.abc import Mapping
from typing import Any

from bot.slack.views.block_kit import VALUE_ACTION_ID, Block


def state(blocks: list[Block], changes: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Return `state.values` of a view; `changes` are values by the ids of blocks."""
    changes = changes or {}
    return {
        block["block_id"]: {VALUE_ACTION_ID: _entered(block["element"], changes.get(block["block_id"]))}
        for block in blocks
        if block["type"] == "input"
    }


def _entered(element: Block, change: object) -> dict[str, Any]:
    match element["type"]:
        case "plain_text_input":
            value = element.get("initial_value") if change is None else change
            return {"type": "plain_text_input", "value": value or None}
        case "users_select":
            return {"type": "users_select", "selected_user": change or element.get("initial_user")}
        case "conversations_select":
            chosen = change or element.get("initial_conversation")
            return {"type": "conversations_select", "selected_conversation": chosen}
        case "multi_users_select" | "multi_conversations_select" as kind:
            what = kind.removeprefix("multi_").removesuffix("_select")
            return {"type": kind, f"selected_{what}": element.get(f"initial_{what}", []) if change is None else change}
        case "multi_static_select" | "checkboxes" as kind:
            chosen = element.get("initial_options", [])
            if isinstance(change, list):
                chosen = [option for option in element["options"] if option["value"] in change]
            return {"type": kind, "selected_options": chosen}
        case kind:
            wanted = element["initial_option"]["value"] if change is None else change
            groups = element.get("option_groups", [element])
            options = [option for group in groups for option in group["options"]]
            (chosen,) = [option for option in options if option["value"] == wanted]
            return {"type": kind, "selected_option": chosen}
