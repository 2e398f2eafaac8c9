"""Long prompts as parts: nothing is lost, and each part fits an input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat.scoped_config import MAX_PROMPT_CHARACTERS
from bot.slack.admin.prompts.text_parts import TextPart, join_parts, split_text
from bot.slack.views.block_kit import MAX_INPUT_CHARACTERS

pieces = st.text("ab 😀\n", min_size=1, max_size=40)
long_texts = st.builds(lambda piece, times: (piece * times)[:MAX_PROMPT_CHARACTERS], pieces, st.integers(1, 4_000))


@given(long_texts)
def test_joined_parts_equal_the_text(text: str) -> None:
    parts = split_text(text)
    assert join_parts(parts) == text
    assert all(0 < len(part.text.encode("utf-16-le")) / 2 <= MAX_INPUT_CHARACTERS for part in parts)


@pytest.mark.parametrize(
    "length",
    [
        MAX_INPUT_CHARACTERS - 1,
        MAX_INPUT_CHARACTERS,
        MAX_INPUT_CHARACTERS + 1,
        2 * MAX_INPUT_CHARACTERS,
        MAX_PROMPT_CHARACTERS,
    ],
)
@pytest.mark.parametrize("end", ["", " ", "\n", "\n\n", "\n\n\n"])
def test_the_ends_of_a_text_are_kept(length: int, end: str) -> None:
    text = "x" * (length - len(end)) + end
    assert join_parts(split_text(text)) == text


def test_a_part_ends_where_a_paragraph_does_or_a_line_or_a_word() -> None:
    for joint, between in (("paragraph", "\n\n"), ("line", "\n"), ("word", " ")):
        first, second = split_text("x" * 2_800 + between + "y" * 1_000)
        assert (first.text, second) == ("x" * 2_800, TextPart("y" * 1_000, joint))


def test_the_longest_prompt_fits_a_view() -> None:
    assert len(split_text(("x" * 2_499 + "\n") * 16)) <= 16


def test_an_emptied_part_disappears_with_its_separator() -> None:
    assert join_parts([TextPart("a"), TextPart("", "paragraph"), TextPart("b", "line")]) == "a\nb"
    assert join_parts([TextPart(""), TextPart("b", "paragraph")]) == "b"
