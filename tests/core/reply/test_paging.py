"""Pages of growing Markdown are complete, valid and stable."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.reply.markdown_lines import MarkdownLine, OpenBlock, scan_grown_lines, scan_lines
from bot.core.reply.paging import Pager

UNTIMED = settings(deadline=None)  # the machine may be busy, and time is not what these tests are about
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1eb\U0001f1f7"

WORDS = ["word ", "word. ", "\n", "\n\n", "    ", "\t", "x" * 30, "字。"]
BLOCKS = ["- item\n", "# Head\n\n", "> ", "```py\n", "```\n", "~~~\n", "  ```\n", "> ```\n"]
TABLES = ["| a | b |\n|---|---|\n", "| 1 | 2 |\n", "|"]
INLINE = ["[link](https://x.example/a)", "<!here>", "&amp;", "**bold** ", "`", "<", "["]
CHARACTERS = [FAMILY, FLAG, "e\u0301", "\u0928\u094d\u0926", "\ud83d"]
SNIPPETS = st.sampled_from([*WORDS, *BLOCKS, *TABLES, *INLINE, *CHARACTERS])
MARKDOWN = st.lists(SNIPPETS | st.text(max_size=5), max_size=60).map("".join)
SIZES = st.integers(min_value=20, max_value=200)


def pager(size: int) -> Pager:
    return Pager(fits=lambda page: len(page) <= size, page_size=size)


def pages(text: str, size: int, *, step: int = 10**9) -> list[str]:
    """Return the pages of a complete text, fed in pieces of `step` characters."""
    paging = pager(size)
    for start in range(0, len(text), step):
        paging.feed(text[start : start + step])
    last = paging.current(is_complete=True)
    return [*paging.full, last] if last else [*paging.full]


def ink(text: str) -> str:
    return "".join(text.split())


@UNTIMED
@given(MARKDOWN, SIZES, st.integers(1, 40))
def test_every_page_fits_and_none_is_empty(text: str, size: int, step: int) -> None:
    for page in pages(text, size, step=step):
        assert 0 < len(page) <= size
        assert page.strip()


@UNTIMED
@given(st.lists(MARKDOWN, max_size=8), SIZES)
def test_an_earlier_page_never_changes(parts: list[str], size: int) -> None:
    paging, before = pager(size), list[str]()
    for part in parts:
        paging.feed(part)
        paging.current(is_complete=False)
        assert list(paging.full)[: len(before)] == before
        before = list(paging.full)


@UNTIMED
@given(st.text().filter(lambda text: not set(text) & set("`~|")), SIZES, st.integers(1, 40))
def test_prose_comes_back_character_for_character_but_for_white_space_at_breaks(
    text: str, size: int, step: int
) -> None:
    assert ink("".join(pages(text, size, step=step))) == ink(text)


@UNTIMED
@given(MARKDOWN, SIZES, st.integers(1, 40))
def test_nothing_is_lost_or_reordered_at_page_breaks(text: str, size: int, step: int) -> None:
    """The pages joined are the answer, apart from the lines that open and close fences and tables."""
    shown = iter(ink("".join(pages(text, size, step=step))))
    assert all(character in shown for character in ink(text))


@UNTIMED
@given(
    st.lists(st.sampled_from(["{} ", "{}. ", "{}\n", "{}\n\n", "```py\n{}\n", "{}\n```\n", "| {} | {} |\n"])),
    SIZES,
)
def test_no_word_is_shown_twice(shapes: list[str], size: int) -> None:
    text = "".join(shape.format(f"w{number}a", f"w{number}b") for number, shape in enumerate(shapes))
    words = re.compile(r"w\d+[ab]")
    assert words.findall("".join(pages(text, max(size, 30)))) == words.findall(text)


@UNTIMED
@given(MARKDOWN, SIZES, st.integers(1, 40))
def test_every_page_closes_what_it_opens(text: str, size: int, step: int) -> None:
    for page in pages(text, max(size, 60), step=step)[:-1]:
        assert scan_lines(page, OpenBlock())[-1].after.fence is None


@UNTIMED
@given(MARKDOWN, SIZES)
def test_a_growing_page_fits_too_and_hides_only_a_short_end(text: str, size: int) -> None:
    paging = pager(size)
    for character in text:
        paging.feed(character)
    partial = paging.current(is_complete=False)
    assert len(partial) <= size
    assert len(paging.current(is_complete=True)) - len(partial) <= 330


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        ("one two three\n\nfour five\nsix seven", 30, ["one two three\n\nfour five", "six seven"]),
        ("one two three four\n\nfive six\nseven eight", 36, ["one two three four", "five six\nseven eight"]),
        ("One two three. Four five six seven", 28, ["One two three.", "Four five six seven"]),
        ("one two three four five six", 20, ["one two three four", "five six"]),
        ("x" * 25, 10, ["x" * 10, "x" * 10, "x" * 5]),
        ("Some words here\n\n## Head\n\ntext of it", 28, ["Some words here", "## Head\n\ntext of it"]),
        ("\n\n  \nlate", 20, ["  \nlate"]),
        ("word" + "\n" * 100 + "word", 20, ["word", "word"]),
    ],
    ids=["line", "paragraph", "sentence", "space", "anywhere", "heading", "leading blank", "blank run"],
)
def test_a_page_ends_at_the_best_place_in_its_second_half(text: str, size: int, expected: list[str]) -> None:
    assert pages(text, size) == expected


@pytest.mark.parametrize(
    "whole",
    [
        "[a link](https://x.example/y)",
        "<https://x.example/y/z>",
        "&hearts;",
        FAMILY,
        FLAG,
        "e\u0301\u0302",
        "`a b c d`",
    ],
)
@pytest.mark.parametrize("step", [1, 10**9])
def test_unbreakable_parts_stay_on_one_page(whole: str, step: int) -> None:
    """Wherever the break would fall, a link, token, entity, code span or joined character is on one page."""
    for before in range(60):
        text = "x" * before + whole + "y" * 60
        assert any(whole in page for page in pages(text, 60, step=step)), before


@pytest.mark.parametrize("step", [1, 7, 10**9])
def test_code_goes_on_in_code_of_the_same_language(step: int) -> None:
    code = "\n".join(f"    line {number}" for number in range(30))
    shown = pages(f"Look:\n\n```python\n{code}\n```\n\nThat was it.", 120, step=step)
    assert all(page.count("```") == 2 for page in shown)
    blocks = [found[1] for page in shown for found in re.finditer(r"```python\n(.*?)\n```", page, re.DOTALL)]
    assert "\n".join(blocks) == code
    assert shown[-1].endswith("That was it.")


def test_indented_and_quoted_fences_go_on_as_they_were() -> None:
    lines = "".join(f"   line {number}\n" for number in range(10))
    assert pages(f"1. Do\n   ~~~sh\n{lines}   ~~~", 60)[1].startswith("   ~~~sh\n   line ")
    lines = "".join(f"> line {number}\n" for number in range(10))
    second = pages(f"> ```c\n{lines}> ```", 60)[1]
    assert second.startswith("> ```c\n> line ")
    assert second.endswith("\n> ```")


@pytest.mark.parametrize("step", [1, 7, 10**9])
def test_a_table_that_goes_on_repeats_its_head_and_cuts_no_row(step: int) -> None:
    head = "| n | square |\n|---|:---:|"
    rows = [f"| {number} | {number**2} |" for number in range(40)]
    shown = pages("\n".join(["Squares:\n", head, *rows]), 150, step=step)
    assert len(shown) > 3
    assert all(head in page for page in shown)
    assert [row for page in shown for row in page.split("\n") if row in rows] == rows


@pytest.mark.parametrize(
    ("text", "partial"),
    [
        ("See [the docs](https://x", "See"),
        ("Ping <!chan", "Ping"),
        ("This is **bol", "This is"),
        ("This is **bold**", "This is **bold**"),
        ("Use `ls", "Use"),
        ("Use `ls`", "Use `ls`"),
        ("A &am", "A"),
        ("Intro:\n-", "Intro:"),
        ("Intro:\n\n```py", "Intro:"),
        ("Intro:\n\n```py\nx = 1", "Intro:\n\n```py\nx = 1\n```"),
        ("Intro:\n\n```py\nx = 1\n``", "Intro:\n\n```py\nx = 1\n```"),
        ("Intro:\n\n| a | b |\n|--", "Intro:"),
        ("| a |\n|---|\n| 1", "| a |\n|---|\n| 1"),
        ("2 * 3 < 7", "2 * 3 < 7"),
        ("[" + "x" * 400, "[" + "x" * 400),
    ],
)
def test_half_a_construct_waits_for_its_other_half(text: str, partial: str) -> None:
    paging = pager(1000)
    paging.feed(text)
    assert paging.current(is_complete=False) == partial
    assert ink(text) in ink(paging.current(is_complete=True)) + "```"


def test_closing_ends_open_code_before_a_note() -> None:
    paging = pager(100)
    paging.feed("```py\nx = 1")
    paging.close()
    paging.feed("_note_")
    assert paging.current(is_complete=True) == "```py\nx = 1\n```\n\n_note_"


@UNTIMED
@given(st.lists(MARKDOWN, min_size=1, max_size=8))
def test_lines_of_a_text_that_grew_are_those_of_the_whole(parts: list[str]) -> None:
    """So the cost of scanning a page again depends on the new text only."""
    lines, text = list[MarkdownLine](), ""
    for part in parts:
        text += part
        lines = scan_grown_lines(lines, text, OpenBlock())
        assert lines == scan_lines(text, OpenBlock())
