"""Elements whose fields contradict each other are refused, as on Slack; all others are accepted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.workspace.block_kit import check_blocks
from bot.sandbox.workspace.message_limits import ApiRefusal
from bot.sandbox.workspace.records import Json


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str) -> Json:
    return {"text": plain(value), "value": value}


A, B, C = option("a"), option("b"), option("c")
CONTENT = {"type": "text", "text": "x"}


def select(kind: str = "static_select", **parts: Any) -> Json:
    return {"type": kind, "action_id": "s", **parts}


def group(*options: Json, label: str = "Group") -> Json:
    return {"label": plain(label), "options": list(options)}


def typed(**parts: Any) -> Json:
    return {"type": "plain_text_input", "action_id": "t", **parts}


def framed(*parts: Any) -> Json:
    return {"type": "rich_text", "elements": list(parts)}


def button(**parts: Any) -> Json:
    return {"type": "button", "action_id": "b", "text": plain("Go"), **parts}


FITS: list[Json] = [
    select(options=[A, B], initial_option=B),
    select(option_groups=[group(A), group(B, C)], initial_option=C),
    select("multi_static_select", options=[A, B], initial_options=[A, B], max_selected_items=1),
    select("radio_buttons", options=[A], initial_option=A),
    select("checkboxes", options=[A, B], initial_options=[B]),
    select("conversations_select", filter={"include": ["public", "private"], "exclude_bot_users": True}),
    typed(min_length=3, max_length=3, initial_value="abc"),
    typed(min_length=0, max_length=3_000),
]
CONTRADICT: list[Json] = [
    select(),
    select(options=[]),
    select(options=[A], option_groups=[group(B)]),
    select(option_groups=[group()]),
    select(option_groups=[group(A, label="")]),
    select(option_groups=[group(A, label="x" * 76)]),
    select(option_groups=[group(*[A] * 101)]),
    select(option_groups=["x"]),
    select(options=[A, B], initial_option=C),
    select(options=[A], initial_option=A | {"text": plain("another label")}),
    select("multi_static_select", options=[A], initial_options=[]),
    select("multi_static_select", options=[A], initial_options=[B]),
    select("multi_static_select", options=[A], max_selected_items=0),
    select("radio_buttons", options=[A], initial_option=B),
    select("checkboxes", options=[A], initial_options=[B]),
    select("conversations_select", filter={}),
    select("conversations_select", filter={"include": ["dms"]}),
    select("conversations_select", filter="public"),
    typed(max_length=0),
    typed(max_length=3_001),
    typed(min_length=4, max_length=3),
    typed(min_length=-1),
    typed(max_length=2, initial_value="abc"),
]


def asked(element: Json) -> list[Json]:
    return [{"type": "input", "block_id": "i", "label": plain("Field"), "element": element}]


@pytest.mark.parametrize("element", FITS)
def test_what_agrees_is_shown(element: Json) -> None:
    check_blocks(asked(element), "modal")


@pytest.mark.parametrize("element", CONTRADICT)
def test_what_contradicts_itself_is_refused(element: Json) -> None:
    with pytest.raises(ApiRefusal, match="invalid_blocks"):
        check_blocks(asked(element), "modal")


def quote(*leaves: Any) -> Json:
    return {"type": "rich_text_quote", "elements": list(leaves)}


@pytest.mark.parametrize(
    ("block", "fits"),
    [
        (framed(quote(CONTENT), {"type": "rich_text_list", "elements": [quote(CONTENT)]}), True),
        (framed(quote(CONTENT | {"text": ""})), False),
        (framed({"type": "rich_text_list", "elements": [quote(CONTENT | {"text": ""})]}), False),
        (framed({"type": "section", "elements": [CONTENT]}), False),
        (framed("x"), False),
        (framed(quote("x")), False),
        ({"type": "actions", "elements": [button(style="primary")]}, True),
        ({"type": "actions", "elements": [button(style="danger")]}, True),
        ({"type": "actions", "elements": [button(style="default")]}, False),
    ],
)
def test_rich_text_and_buttons(block: Json, *, fits: bool) -> None:
    if fits:
        check_blocks([block], "home")
        return
    with pytest.raises(ApiRefusal, match="invalid_blocks"):
        check_blocks([block], "home")


@pytest.mark.parametrize(("icon", "people", "fits"), [("trash", 10, True), ("trash", 11, False), ("bin", 1, False)])
def test_icons(icon: str, people: int, *, fits: bool) -> None:
    shown = {"type": "icon_button", "action_id": "i", "icon": icon, "text": plain("Away")}
    block = {"type": "context_actions", "elements": [shown | {"visible_to_user_ids": ["U1"] * people}]}
    if fits:
        check_blocks([block], "message")
        return
    with pytest.raises(ApiRefusal, match="invalid_blocks"):
        check_blocks([block], "message")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
PARTS = (
    "options", "option_groups", "initial_option", "initial_options", "filter", "max_selected_items",
    "min_length", "max_length", "initial_value", "style", "visible_to_user_ids", "initial_users",
)  # fmt: skip  # one line reads better than twelve


@given(
    st.sampled_from(["static_select", "multi_static_select", "multi_users_select", "plain_text_input"]),
    st.dictionaries(st.sampled_from(PARTS), json_values, max_size=4),
)
def test_nothing_else_goes_wrong_whatever_an_app_sends(kind: str, parts: dict[str, Any]) -> None:
    try:
        check_blocks(asked({"type": kind, "action_id": "x", **parts}), "modal")
    except ApiRefusal as refused:
        assert refused.error == "invalid_blocks"  # noqa: PT017 - either will do
