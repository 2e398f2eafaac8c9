"""Charts in characters: in proportion to their values, and no value above zero is invisible."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.spending.descriptions import BLOCK_CHARACTERS, EIGHTHS_PER_CELL, draw_bar, draw_columns

VALUES = st.lists(st.integers(0, 10**15), max_size=90)


def test_columns_are_drawn_from_the_top_down() -> None:
    assert draw_columns([0, 1, 4, 8, 16], 2) == ["    █", " ▁▄██"]


@given(VALUES, st.integers(1, 8))
def test_each_column_is_as_high_as_its_value(values: list[int], height: int) -> None:
    rows = draw_columns(values, height)
    assert [len(row) for row in rows] == [len(values)] * height
    filled = [sum(BLOCK_CHARACTERS.index(row[column]) for row in rows) for column in range(len(values))]
    for value, eighths in zip(values, filled, strict=True):
        assert bool(value) == bool(eighths), "what is not zero can be seen"
        exact = value * height * EIGHTHS_PER_CELL / max(values) if value else 0
        assert exact - 1e-6 <= eighths < exact + 1 + 1e-6
    for column in range(len(values)):
        cells = [BLOCK_CHARACTERS.index(row[column]) for row in rows]
        assert cells == sorted(cells), "no holes"


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(1, 20))
def test_a_bar_is_full_exactly_from_the_whole_on(part: int, whole: int, width: int) -> None:
    drawn = draw_bar(part, whole, width)
    assert len(drawn) == width
    assert ("█" in drawn) == (part > 0 or whole == 0)
    if width > 1:
        assert ("░" not in drawn) == (part >= whole)
