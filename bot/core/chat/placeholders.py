"""Placeholders in system prompts: a fixed list, checked at saving and filled in at each question.

Separate because forms, the command line and the settings all check a prompt before it is used. Pure. Rules:
`{{` and `}}` are literal braces, as in Python's format strings, and any other brace belongs to a placeholder
of the list; a value is one short line, since people choose their names and a name must not speak as a prompt.

A prompt's text up to its first placeholder is the same for all questions, so the model service can reuse its
work on it. That is why the documents advise to put `{user}` and `{date}` last; nothing moves them there.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "date": "today's date, as 2026-11-21",
        "channel": "the channel's name",
        "workspace": "the workspace's name",
        "user": "the name of the person who asks",
    }
)
"""What each one stands for, in words for people."""

MAX_VALUE_CHARACTERS = 100
"""Characters; no name that people can read has more."""

_TOKEN = re.compile(r"\{\{|\}\}|\{[^{}\n]*\}|[{}]")
_LITERAL = {"{{": "{", "}}": "}"}


def find_problem(text: str) -> str:
    """Return what is wrong with the placeholders of a prompt, a sentence for people, or an empty string."""
    for token in _TOKEN.finditer(text):
        if token[0] not in _LITERAL and token[0][1:-1] not in PLACEHOLDERS:
            line = text.count("\n", 0, token.start()) + 1
            known = ", ".join(f"`{{{name}}}`" for name in PLACEHOLDERS)
            return (
                f"`{_shorten(token[0])}` in line {line} is not a placeholder; there are {known}. "
                "A brace that is meant as such, for example in code, is written twice: `{{` and `}}`."
            )
    return ""


def find_used(text: str) -> frozenset[str]:
    """Return the names of the placeholders in a prompt."""
    return frozenset(token[0][1:-1] for token in _TOKEN.finditer(text)) & PLACEHOLDERS.keys()


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a prompt with its placeholders replaced; one without a value becomes empty.

    The text should be one in which `problem` finds none; anything else in braces stays as it is.
    """

    def replacement(token: re.Match[str]) -> str:
        name = token[0][1:-1]
        if token[0] in _LITERAL:
            return _LITERAL[token[0]]
        return _shorten(values.get(name, "")) if name in PLACEHOLDERS else token[0]

    return _TOKEN.sub(replacement, text)


def _shorten(value: str) -> str:
    return " ".join(value.split())[:MAX_VALUE_CHARACTERS]
