"""Reads `[[...]]` in a question: directives that make the sandbox's model slow, long or broken.

Tests, and people who try the bot, write them in their messages. Only the last paragraph of a message is read:
a client may put an earlier, unanswered question in front of the new one, in the same message. A directive
with an unknown name or an invalid value is ignored. The module is pure.

    [[tokens=500]]            answer with exactly so many tokens
    [[rate=200]]              tokens per second
    [[delay=2]]               seconds before the first token
    [[say=text]]              answer with exactly this text
    [[fault=cut]]             fail in one of the ways that `ModelFault` lists
    [[fault=500 times=1]]     fail only the first time this question is asked, so that asking again works
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

DIRECTIVE_PATTERN = re.compile(r"\[\[(\w+)=(.*?)\]\]", re.DOTALL)
MAX_TOKENS = 1_000_000


class ModelFault(StrEnum):
    """The failures that a question can ask for: before the answer, or in the middle of it."""

    UNAUTHORIZED = "401"
    UNPAID = "402"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    TIMED_OUT = "408"
    CONFLICT = "409"
    BODY_TOO_LARGE = "413"
    INVALID = "422"
    RATE_LIMITED = "429"
    NO_CAPACITY = "498"
    FAILED = "500"
    BAD_GATEWAY = "502"  # the HTML page of a proxy
    OVERLOADED = "503"
    GATEWAY_TIMED_OUT = "504"
    UPSTREAM_OVERLOADED = "529"
    QUOTA = "quota"  # a 429 about money
    TOO_LARGE_FOR_LIMIT = "too_large"  # a 429 that no waiting cures
    TOO_LONG = "too_long"  # the prompt exceeds the context window
    PROMPT_FILTERED = "filtered"  # the question itself is refused
    UNVERIFIED = "unverified"  # refuses to stream, but answers in one piece
    DISCONNECT = "cut"  # the connection closes in the middle of the answer
    STALL = "stall"  # the answer stops, the connection stays open
    MALFORMED = "malformed"  # an event that is not JSON
    ERROR = "error"  # an error object in the middle of the answer, then the end without [DONE]
    EMPTY = "empty"  # a complete answer without text
    LENGTH_BEFORE_TEXT = "thought"  # no text: reasoning reached the length limit
    REFUSAL = "refusal"  # the model declines: its text is in `refusal`, not in `content`
    ANSWER_FILTERED = "filter"  # half an answer, then finish reason content_filter
    LENGTH = "length"  # half an answer, then finish reason length


@dataclass(frozen=True, slots=True, kw_only=True)
class Directives:
    """The directives of one message; None, or no delay, for those that it does not give."""

    tokens: int | None = None
    rate: float | None = None
    delay: float = 0.0
    say: str | None = None
    fault: ModelFault | None = None
    times: int | None = None
    """How often the fault occurs; None for always."""


VALUE_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "tokens": lambda value: min(max(1, int(value)), MAX_TOKENS),
    "rate": lambda value: max(0.1, float(value)),
    "delay": lambda value: max(0.0, float(value)),
    "say": str,
    "fault": ModelFault,
    "times": int,
}


def last_paragraph(text: str) -> str:
    """Return the last paragraph; a blank line inside a directive does not end a paragraph."""
    ends = [match.span() for match in DIRECTIVE_PATTERN.finditer(text)]
    breaks = [
        match.end()
        for match in re.finditer(r"\n\s*\n", text.rstrip())
        if not any(start < match.start() < end for start, end in ends)
    ]
    return text[breaks[-1] :] if breaks else text


def parse_directives(text: str) -> tuple[Directives, str]:
    """Return the directives of a message's last paragraph, and that paragraph without them."""
    paragraph = last_paragraph(text)
    directives = Directives()
    for match in DIRECTIVE_PATTERN.finditer(paragraph):
        for name, value in _split_directive(match[1], match[2]):
            with suppress(KeyError, ValueError):
                directives = replace(directives, **{name: VALUE_PARSERS[name](value)})
    return directives, DIRECTIVE_PATTERN.sub("", paragraph).strip()


def _split_directive(name: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield the directive, and each further `name=value` inside a fault directive."""
    if name == "fault":
        value, *more = value.split() or [""]
        yield from ((key, number) for key, _, number in (part.partition("=") for part in more))
    yield name, value
