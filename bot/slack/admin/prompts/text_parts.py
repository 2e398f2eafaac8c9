"""A long prompt as several parts, one for each of Slack's inputs, and back without loss. Pure.

An input holds 3,000 characters, a prompt 40,000. A part ends at a paragraph, a line or a word. The
separator between two parts is in neither of them, because Slack may trim an input; the second part names
it instead:

    "One. Two."  <->  TextPart("One.", "line"), TextPart("Two.", "word")
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.slack.views.block_kit import MAX_INPUT_CHARACTERS

SEPARATORS: Mapping[str, str] = MappingProxyType({"paragraph": "\n\n", "line": "\n", "word": " ", "seamless": ""})
"""What joins a part to the one before it, the best place to cut first."""

DEFAULT_SEPARATOR = "line"
"""The separator of a part that a person adds by hand."""

LOOK_BACK_CHARACTERS = 500
"""An input may leave this many characters unused so that its part ends at a separator."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """One part of a prompt, and the name of the separator before it."""

    text: str
    separator: str = DEFAULT_SEPARATOR


def split_text(text: str) -> Sequence[TextPart]:
    """Return the parts of a text. No part is empty; an empty text has no parts."""
    parts: list[TextPart] = []
    joint = DEFAULT_SEPARATOR
    while len(text) > (room := _input_capacity(text)):
        end, following = _find_cut(text, room)
        parts.append(TextPart(text[:end], joint))
        text, joint = text[end + len(SEPARATORS[following]) :], following
    return [*parts, TextPart(text, joint)] if text else parts


def join_parts(parts: Iterable[TextPart]) -> str:
    """Return the text. An emptied part disappears together with its separator."""
    text = ""
    for part in parts:
        if part.text:
            text += (SEPARATORS[part.separator] if text else "") + part.text
    return text


def _input_capacity(text: str) -> int:
    """Return how many characters of a text one input holds; Slack may count UTF-16 units."""
    units = text.encode("utf-16-le", "replace")[: 2 * MAX_INPUT_CHARACTERS]
    return len(units.decode("utf-16-le", "ignore"))


def _find_cut(text: str, room: int) -> tuple[int, str]:
    """Return where the first part of a long text ends, and the name of the separator that follows."""
    for name, between in SEPARATORS.items():
        end = text.rfind(between, room - LOOK_BACK_CHARACTERS, room + len(between))
        if between and end > 0 and end + len(between) < len(text):
            return end, name
    return room, "seamless"
