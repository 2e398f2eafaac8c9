"""Placeholders are those of the list, braces are doubled, and values cannot break out of their line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat.placeholders import MAX_VALUE_CHARACTERS, PLACEHOLDERS, fill, find_problem, find_used

VALUES = {"user": "Ada", "date": "2026-11-21", "channel": "#general", "workspace": "Sandbox"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Be kind.", "Be kind."),
        ("For {user} in {channel} of {workspace}, {date}.", "For Ada in #general of Sandbox, 2026-11-21."),
        ("{{user}}", "{user}"),
        ("{{{user}}}", "{Ada}"),
        ('{{"a": {{}}}}', '{"a": {}}'),
        ("{user}}}", "Ada}"),
    ],
)
def test_a_prompt_is_filled_in(text: str, expected: str) -> None:
    assert find_problem(text) == ""
    assert fill(text, VALUES) == expected


@pytest.mark.parametrize(
    ("text", "named", "line"),
    [
        ("Dear {name}", "{name}", 1),
        ("a\n\n{ user }", "{ user }", 3),
        ("{}", "{}", 1),
        ("if (x) {\n  y\n}", "{", 1),
        ("so }", "}", 1),
        ("{User}", "{User}", 1),
        ("{user", "{", 1),
        ("{{user}", "}", 1),
    ],
)
def test_anything_else_in_braces_is_refused(text: str, named: str, line: int) -> None:
    """The sentence quotes it, lists the placeholders, and says how to write braces."""
    sentence = find_problem(text)
    assert sentence.startswith(f"`{named}` in line {line} is not a placeholder")
    assert "`{user}`" in sentence
    assert "`{{` and `}}`" in sentence


@given(st.text("{}ab\n"))
def test_any_text_can_be_saved_by_doubling_its_braces(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert find_problem(doubled) == ""
    assert fill(doubled, VALUES) == text


@given(st.lists(st.sampled_from([f"{{{name}}}" for name in PLACEHOLDERS] + ["{{", "}}", "x"])))
def test_a_prompt_without_problems_is_filled_in_completely(parts: list[str]) -> None:
    """Each part by itself, in order: no placeholder changes the meaning of its neighbours."""
    text = "".join(parts)
    assert find_problem(text) == ""
    assert fill(text, VALUES) == "".join(fill(part, VALUES) for part in parts)


def test_it_is_known_which_ones_are_used() -> None:
    assert find_used("{{date}} {user} {user} {x} {channel") == {"user"}


@given(st.text())
def test_a_value_is_one_short_line_and_is_not_filled_in_itself(name: str) -> None:
    filled = fill("{user}", {"user": name})
    assert len(filled) <= MAX_VALUE_CHARACTERS
    assert len(filled.splitlines()) <= 1


def test_a_value_is_not_read_as_a_placeholder() -> None:
    assert fill("{user}", {"user": "{date}", "date": "today"}) == "{date}"
    assert fill("{user}", {}) == ""
