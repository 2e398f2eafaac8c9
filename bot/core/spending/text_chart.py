"""Draws column charts and bars in Unicode block characters, which every client and every phone can show.

`draw_columns([1, 4, 2], height=1)` returns `["▂█▄"]`: each column is as high as its share of the largest
value, in eighths of a cell, and rounded up, so that a small value stays visible.
"""

from collections.abc import Sequence
from typing import Final

BLOCK_CHARACTERS: Final = " ▁▂▃▄▅▆▇█"
"""Index n is a cell of which n eighths are filled (Unicode's block elements)."""
EIGHTHS_PER_CELL: Final = len(BLOCK_CHARACTERS) - 1


def draw_columns(values: Sequence[int], height: int) -> list[str]:
    """Return a column of up to `height` cells for each value, as rows from the top down."""
    most = max(values, default=0)
    heights = [-(-value * height * EIGHTHS_PER_CELL // most) if most else 0 for value in values]
    return [
        "".join(BLOCK_CHARACTERS[min(max(filled - row * EIGHTHS_PER_CELL, 0), EIGHTHS_PER_CELL)] for filled in heights)
        for row in reversed(range(height))
    ]


def draw_bar(part: int, whole: int, width: int) -> str:
    """Return a bar that shows which part of the whole is used; it is full only if nothing is left."""
    filled = min(max(part * width // whole, int(part > 0)), width) if part < whole else width
    return "█" * filled + "░" * (width - filled)
