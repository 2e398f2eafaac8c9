"""The types of parameter values: how each is parsed, checked and displayed.

Six types serve all parameters, for example `NumberType(0, 2)` or `ChoiceType(("low", "high"))`. A value is
plain JSON. `expects` completes the sentence "It must be ...". `parse` reads what a person wrote, and it reads
back everything that `render` returns, which is plain `str` unless a type says otherwise.
"""

import json
import re
from dataclasses import dataclass
from types import UnionType
from typing import Protocol, TypeGuard

ParameterValue = str | int | float | list[str] | dict[str, int]
"""The value of a parameter, in the form that JSON holds; so a row, a form and a request agree."""

MAX_INTEGER = 2**31 - 1
BIAS_PATTERN = re.compile(r'["\']?([0-9]{1,9})["\']?\s*+[:=]\s*+([+-]?[0-9]{1,10})')
TOKEN_ID_PATTERN = re.compile("[0-9]{1,9}")
SURROGATE_PATTERN = re.compile("[\ud800-\udfff]")
"""Half a character: JSON can contain one, but no request and no row can hold it."""


class ParameterType(Protocol):
    """A type with its range."""

    @property
    def expects(self) -> str:
        """What a value must be; follows "must be"."""
        ...

    def parse(self, text: str) -> ParameterValue:
        """Return the value that a person wrote. Raises ValueError if it is of another type."""
        ...

    def render(self, value: ParameterValue) -> str:
        """Return a value as a person would write it; `parse` reads it back."""
        return str(value)

    def allows(self, value: object) -> bool:
        """Return whether a value is of this type and within its range."""
        ...


@dataclass(frozen=True, slots=True)
class NumberType(ParameterType):
    """A number between two bounds, both included."""

    low: float
    high: float

    @property
    def expects(self) -> str:
        """What a value must be."""
        return f"a number from {self.low:g} to {self.high:g}"

    def parse(self, text: str) -> ParameterValue:
        """Read a number; the decimal separator may be a comma."""
        return float(text.replace(",", "."))

    def render(self, value: ParameterValue) -> str:
        """Return it without a superfluous `.0`."""
        return str(value).removesuffix(".0")

    def allows(self, value: object) -> bool:
        """Return whether it lies between the bounds; NaN never does."""
        return _is_number(value, int | float) and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class IntegerType(ParameterType):
    """An integer between two bounds, both included."""

    low: int = -MAX_INTEGER
    high: int = MAX_INTEGER

    @property
    def expects(self) -> str:
        """What a value must be."""
        return f"a whole number from {self.low} to {self.high}"

    def parse(self, text: str) -> ParameterValue:
        """Read an integer."""
        return int(text)

    def allows(self, value: object) -> bool:
        """Return whether it lies between the bounds."""
        return _is_number(value, int) and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class ChoiceType(ParameterType):
    """One of a few words."""

    options: tuple[str, ...]

    @property
    def expects(self) -> str:
        """What a value must be."""
        return f"one of {', '.join(self.options[:-1])} and {self.options[-1]}"

    def parse(self, text: str) -> ParameterValue:
        """Read a word, ignoring case."""
        return text.lower()

    def allows(self, value: object) -> bool:
        """Return whether it is one of the words."""
        return isinstance(value, str) and value in self.options


@dataclass(frozen=True, slots=True)
class NameType(ParameterType):
    """A short text that only the server can judge."""

    max_characters: int

    @property
    def expects(self) -> str:
        """What a value must be."""
        return f"one line of 1 to {self.max_characters} characters"

    def parse(self, text: str) -> ParameterValue:
        """Return it unchanged."""
        return text

    def allows(self, value: object) -> bool:
        """Return whether it is one line without surrounding white space."""
        return (
            isinstance(value, str)
            and 0 < len(value) <= self.max_characters
            and value == value.strip()
            and value.isprintable()
        )


@dataclass(frozen=True, slots=True)
class TextListType(ParameterType):
    """A few texts, one to a line.

    A text that would not fit on a line is written in double quotes, with JSON's escapes.
    """

    max_texts: int
    max_characters: int

    @property
    def expects(self) -> str:
        """What a value must be."""
        return f"1 to {self.max_texts} texts of 1 to {self.max_characters} characters, one a line"

    def parse(self, text: str) -> ParameterValue:
        r"""Read one text from each line: `END`, or `"\n\n"` in quotes."""
        lines = (line.strip() for line in text.splitlines())
        return [json.loads(line) if _is_quoted(line) else line for line in lines if line]

    def render(self, value: ParameterValue) -> str:
        """Return one line for each text, in quotes where needed."""
        return "\n".join(_to_line(text) for text in value) if isinstance(value, list) else str(value)

    def allows(self, value: object) -> bool:
        """Return whether their number is in range and none is empty."""
        return (
            isinstance(value, list)
            and 1 <= len(value) <= self.max_texts
            and all(isinstance(text, str) and self._allows_text(text) for text in value)
        )

    def _allows_text(self, text: str) -> bool:
        return 0 < len(text) <= self.max_characters and not SURROGATE_PATTERN.search(text)


@dataclass(frozen=True, slots=True)
class TokenBiasesType(ParameterType):
    """Token ids, each with a bias; written `50256: -100`, separated by commas or line breaks."""

    max_bias: int

    @property
    def expects(self) -> str:
        """What a value must be."""
        bound = self.max_bias
        return f"token ids, each with a bias from -{bound} to {bound}, such as `50256: -{bound}`"

    def parse(self, text: str) -> ParameterValue:
        """Read pairs; a JSON object is accepted too."""
        pieces = [piece.strip() for piece in re.split(r"[,\n]", text.strip().strip("{}")) if piece.strip()]
        pairs = [BIAS_PATTERN.fullmatch(piece) for piece in pieces]
        if not all(pairs):
            raise ValueError(text)
        return {pair[1]: int(pair[2]) for pair in pairs if pair}

    def render(self, value: ParameterValue) -> str:
        """Return one line for each pair."""
        return "\n".join(f"{token}: {bias}" for token, bias in value.items()) if isinstance(value, dict) else ""

    def allows(self, value: object) -> bool:
        """Return whether there are any, the ids are numbers and the biases are in range."""
        bias = IntegerType(-self.max_bias, self.max_bias)
        return (
            isinstance(value, dict)
            and bool(value)
            and all(isinstance(token, str) and TOKEN_ID_PATTERN.fullmatch(token) for token in value)
            and all(bias.allows(number) for number in value.values())
        )


def _is_number(value: object, kind: type | UnionType) -> TypeGuard[float]:
    """Return whether a value is a number of a type; True and False are not."""
    return isinstance(value, kind) and not isinstance(value, bool)


def _is_quoted(line: str) -> bool:
    return len(line) > 1 and line[0] == line[-1] == '"'


def _to_line(text: str) -> str:
    """Return a text as one line: unchanged if `parse` would read it back so, else in quotes."""
    plain = text == text.strip() and len(text.splitlines()) == 1 and not _is_quoted(text)
    return text if plain else json.dumps(text)
