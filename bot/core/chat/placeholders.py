"""Placeholders in system prompts: `{user}`, `{date}`, `{channel}` and `{workspace}`.

A prompt is checked when it is saved (`find_problem`) and filled in for each question (`fill`):

    fill("Hello {user}, braces: {{}}", {"user": "Ada"})    "Hello Ada, braces: {}"

`{{` and `}}` are literal braces, as in Python's format strings; any other brace must belong to a placeholder
of the list. A value becomes one short line, since people choose their own names, and a name must not act as a
prompt.

The text before the first placeholder is the same for all questions, so a model service can reuse its work on
it. The documentation therefore advises to put `{user}` and `{date}` last; the bot does not move them.
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
"""No readable name is longer."""

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
                "Write a literal brace, for example in code, twice: `{{` and `}}`."
            )
    return ""


def find_used(text: str) -> frozenset[str]:
    """Return the names of the placeholders in a prompt."""
    return frozenset(token[0][1:-1] for token in _TOKEN.finditer(text)) & PLACEHOLDERS.keys()


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a prompt with its placeholders replaced; one without a value becomes empty.

    If `find_problem` would find an unknown placeholder, it stays in the text.
    """

    def replacement(token: re.Match[str]) -> str:
        name = token[0][1:-1]
        if token[0] in _LITERAL:
            return _LITERAL[token[0]]
        return _shorten(values.get(name, "")) if name in PLACEHOLDERS else token[0]

    return _TOKEN.sub(replacement, text)


def _shorten(value: str) -> str:
    return " ".join(value.split())[:MAX_VALUE_CHARACTERS]
