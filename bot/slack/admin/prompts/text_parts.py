"""A long prompt as parts that fit Slack's inputs, and back without loss.

Separate because an input holds 3,000 characters and a prompt 40,000. Pure. Rules: a part ends where a
paragraph, a line or a word does; the line breaks or the space between two parts belong to neither, so that
nothing is lost should an input be trimmed, and a name (a joint) says what stood there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.slack.views.block_kit import MAX_INPUT_CHARACTERS

SEPARATORS: Mapping[str, str] = MappingProxyType({"paragraph": "\n\n", "line": "\n", "word": " ", "seamless": ""})
"""What stood before a part, best place to cut first."""

DEFAULT_SEPARATOR = "line"
"""How a part that somebody adds by hand goes on from the one before."""

LOOK_BACK_CHARACTERS = 500
"""Characters of an input that may stay empty so that a part ends well."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of a prompt, and the name of the joint before it."""

    text: str
    separator: str = DEFAULT_SEPARATOR


def split_text(text: str) -> Sequence[TextPart]:
    """Return the parts of a text, none of them empty; no parts of an empty one."""
    parts: list[TextPart] = []
    joint = DEFAULT_SEPARATOR
    while len(text) > (room := _input_capacity(text)):
        end, following = _find_cut(text, room)
        parts.append(TextPart(text[:end], joint))
        text, joint = text[end + len(SEPARATORS[following]) :], following
    return [*parts, TextPart(text, joint)] if text else parts


def join_parts(parts: Iterable[TextPart]) -> str:
    """Return the text; a part that somebody emptied leaves nothing behind, not even its joint."""
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
    """Return where the first part of a text that is too long ends, and the joint that follows."""
    for name, between in SEPARATORS.items():
        end = text.rfind(between, room - LOOK_BACK_CHARACTERS, room + len(between))
        if between and end > 0 and end + len(between) < len(text):
            return end, name
    return room, "seamless"
