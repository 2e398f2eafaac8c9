"""Columns drawn in characters: a picture that a message can hold, and that a phone can show.

Separate because it knows nothing of what it draws. Pure. Rule: what is not zero can be seen.
"""

from collections.abc import Sequence
from typing import Final

BLOCK_CHARACTERS: Final = " ▁▂▃▄▅▆▇█"
"""By how many eighths of a cell are filled; Unicode's block elements."""
EIGHTHS_PER_CELL: Final = len(BLOCK_CHARACTERS) - 1


def draw_columns(values: Sequence[int], height: int) -> list[str]:
    """Return a column of up to `height` cells for each value, as rows from the top down."""
    most = max(values, default=0)
    heights = [-(-value * height * EIGHTHS_PER_CELL // most) if most else 0 for value in values]
    return [
        "".join(
            BLOCK_CHARACTERS[min(max(filled - row * EIGHTHS_PER_CELL, 0), EIGHTHS_PER_CELL)]
            for filled in heights
        )
        for row in reversed(range(height))
    ]


def draw_bar(part: int, whole: int, width: int) -> str:
    """Return how much of something is used up, as a bar; full from the whole on, and not before."""
    filled = min(max(part * width // whole, int(part > 0)), width) if part < whole else width
    return "█" * filled + "░" * (width - filled)
