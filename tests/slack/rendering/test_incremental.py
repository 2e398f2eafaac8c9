"""Incremental reading: the result equals that of the whole page, and costs only the new end."""

from itertools import accumulate, groupby

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it.token import Token

from bot.slack.rendering import incremental
from bot.slack.rendering.incremental import read_page
from bot.slack.rendering.mrkdwn import convert_markdown, convert_plain_line, parse_markdown
from bot.slack.rendering.render import render
from bot.slack.rendering.sanitize import sanitize_markdown
from tests.slack.rendering.snippets import BLOCKS, SPANS


@given(st.lists(st.sampled_from([*BLOCKS, *SPANS, "\n\n", "a\n", "a", "  "]), max_size=60).map("".join))
@example("- ```\n\na\n\n```\n\nb")
@example("  ```\n\na\n\n  ```\n\nb\n\n~~~\n\nc")
@settings(deadline=None, max_examples=300)
def test_a_page_in_pieces_is_the_page(markdown: str) -> None:
    """A parser that reads the whole page finds the same blocks and the same words."""
    reading = read_page(markdown)
    tokens = parse_markdown(reading.markdown)
    assert reading.text == convert_markdown(reading.markdown, tokens)
    outermost = [token.type for token in tokens if token.level == 0 and token.nesting >= 0]
    runs = groupby(outermost, {"heading_open", "hr", "table_open"}.__contains__)
    assert reading.blocks == sum(len(list(run)) if is_own else 1 for is_own, run in runs)
    assert reading.tables == [token.type for token in tokens].count("table_open")
    assert reading.rows == [token.type for token in tokens].count("tr_open")


LISTS = ["- a", "* b", "1. c", "2. d", "2) e", "3. **f**", "- ", "-", "- - -", "* * *", "| g", "|---|---|"]


@given(
    st.lists(
        st.sampled_from([*LISTS, "h", "> i", "    ", "  ", "   ", "```", "---", "\n", "\n", "\n", "\n\n"]),
        max_size=30,
    ).map("".join)
)
@example("1. a\n 5. b\n2. c")
@example("- a\n * b\n- c")
@example("- a | b\n  |---|---|\n- c")
@example("- a\n- b | c\n  |---|---|\n- d")
@example("- a\n- b\n  |---|\n- d")
@settings(deadline=None, max_examples=300)
def test_a_list_in_pieces_is_the_list(markdown: str) -> None:
    """Items that are read one by one are numbered as in the whole list."""
    test_a_page_in_pieces_is_the_page.hypothesis.inner_test(markdown)  # type: ignore[attr-defined]


@given(st.lists(st.sampled_from([*LISTS, *BLOCKS, *SPANS, "c", "\n", "\n\n"]), max_size=40))
@example(["- a\n", "- b ", "|", " c\n", "  |---|---|"])
@example(["a\n\n", "```\n\n", "b\n\n", "```", "\n\nc"])
@settings(deadline=None, max_examples=300)
def test_a_grown_page_reads_like_a_new_one(parts: list[str]) -> None:
    """Remembered prefixes do not change the result."""
    pages = list(accumulate(parts))
    grown = list(map(read_page, pages))
    for page, reading in zip(pages, grown, strict=True):
        incremental._prefixes.clear()
        assert read_page(page) == reading


@given(
    st.text("aZ9é名.,:;!?'\"()/%$=+- —…\n#>_*`<&@[]|~\\", max_size=30),
    st.sampled_from(["", "- ", "12. ", "0) "]),
)
@example("a\n", "* ")
@settings(deadline=None, max_examples=1000)
def test_plain_lines_convert_as_the_parser_does(words: str, mark: str) -> None:
    markdown = mark + words
    if text := convert_plain_line(markdown):
        assert text == convert_markdown(markdown, parse_markdown(markdown))
        assert [token.type for token in parse_markdown(markdown) if token.type == "inline"] == ["inline"]


def test_plain_lines_take_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incremental, "sanitize_markdown", None)
    page = "Words (and more), a dash - one: two!\n\n1. First item.\n2. Second item."
    assert render(page).text == page


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the texts that reach the parser from now on."""
    given: list[str] = []

    def noted(part: str) -> tuple[str, list[Token]]:
        given.append(part)
        return sanitize_markdown(part)

    monkeypatch.setattr(incremental, "sanitize_markdown", noted)
    return given


def test_a_growing_page_costs_no_more_than_its_end(parsed: list[str]) -> None:
    """Complete paragraphs are read once."""
    page = ""
    for number in range(20):
        page += f"Paragraph {number} with `code` and **more**.\n\n"
        read_page(page + "and so")
    assert parsed == [f"Paragraph {number} with `code` and **more**.\n\n" for number in range(20)]


def test_a_growing_list_costs_no_more_than_its_last_item(parsed: list[str]) -> None:
    page = ""
    for number in range(1, 9):
        page += f"{number}. Item with `code`,\n   and **more**.\n"
        read_page(page + f"{number + 1}. and so")
    assert parsed == [f"{number}. Item with `code`,\n   and **more**.\n" for number in range(1, 9)]
