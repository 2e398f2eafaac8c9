"""Long prompts in Slack's inputs: nothing is lost, and each part fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.steering import LONGEST_PROMPT
from bot.slack.admin.kit import INPUT
from bot.slack.admin.parts import Part, join, split

pieces = st.text("ab 😀\n", min_size=1, max_size=40)
long_texts = st.builds(lambda piece, times: (piece * times)[:LONGEST_PROMPT], pieces, st.integers(1, 4_000))


@given(long_texts)
def test_what_is_split_can_be_joined(text: str) -> None:
    parts = split(text)
    assert join(parts) == text
    assert all(0 < len(part.text.encode("utf-16-le")) / 2 <= INPUT for part in parts)


@pytest.mark.parametrize("length", [INPUT - 1, INPUT, INPUT + 1, 2 * INPUT, LONGEST_PROMPT])
@pytest.mark.parametrize("end", ["", " ", "\n", "\n\n", "\n\n\n"])
def test_the_ends_of_a_text_are_kept(length: int, end: str) -> None:
    text = "x" * (length - len(end)) + end
    assert join(split(text)) == text


def test_a_part_ends_where_a_paragraph_does_or_a_line_or_a_word() -> None:
    for joint, between in (("paragraph", "\n\n"), ("line", "\n"), ("word", " ")):
        first, second = split("x" * 2_800 + between + "y" * 1_000)
        assert (first.text, second) == ("x" * 2_800, Part("y" * 1_000, joint))


def test_the_longest_prompt_needs_no_more_parts_than_a_view_has_room_for() -> None:
    assert len(split(("x" * 2_499 + "\n") * 16)) <= 16


def test_an_emptied_part_leaves_nothing_behind() -> None:
    assert join([Part("a"), Part("", "paragraph"), Part("b", "line")]) == "a\nb"
    assert join([Part(""), Part("b", "paragraph")]) == "b"
