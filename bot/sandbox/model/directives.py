"""`[[...]]` in a question -> how the sandbox's model is to behave.

Separate because it is a small language of its own: tests, and curious people, make the model slow, long or
broken by what they write. Pure. Directives count in the last paragraph of a message only, since a client
may join an earlier question that got no answer with the new one.

    [[tokens=500]]            answer with exactly so many tokens
    [[rate=200]]              tokens per second
    [[delay=2]]               seconds before the first token
    [[say=text]]              answer with exactly this text
    [[fault=cut]]             misbehave; see `Fault`
    [[fault=500 times=1]]     only the first time this question comes, so that asking again works
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
    """What may go wrong: a refusal before the answer, or something in the middle of it."""

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
    BAD_GATEWAY = "502"  # a proxy's web page
    OVERLOADED = "503"
    GATEWAY_TIMED_OUT = "504"
    UPSTREAM_OVERLOADED = "529"
    QUOTA = "quota"  # a 429 about money
    TOO_LARGE_FOR_LIMIT = "too_large"  # a 429 that waiting cannot help
    TOO_LONG = "too_long"  # more than the model's window
    FILTERED = "filtered"  # the question itself is refused
    UNVERIFIED = "unverified"  # may not be streamed; answered in one piece
    DISCONNECT = "cut"  # the connection closes in mid-answer
    STALL = "stall"  # nothing more comes, and the connection stays open
    MALFORMED = "malformed"  # an event that is not JSON
    ERROR = "error"  # an error object in mid-answer, then the end without [DONE]
    EMPTY = "empty"  # a complete answer without a word
    LENGTH_BEFORE_TEXT = "thought"  # likewise, since the length limit was reached before the first word
    REFUSAL = "refusal"  # the model declines, in its own words
    FILTER = "filter"  # finish reason content_filter in mid-answer
    LENGTH = "length"  # finish reason length in mid-answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Directives:
    """What one message asks for; None where it says nothing."""

    tokens: int | None = None
    rate: float | None = None
    delay: float = 0.0
    say: str | None = None
    fault: ModelFault | None = None
    times: int | None = None
    """How often the fault strikes; None for always."""


VALUE_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "tokens": lambda value: min(max(1, int(value)), MAX_TOKENS),
    "rate": lambda value: max(0.1, float(value)),
    "delay": lambda value: max(0.0, float(value)),
    "say": str,
    "fault": ModelFault,
    "times": int,
}


def last_paragraph(text: str) -> str:
    """Return the last paragraph; a blank line inside a directive does not end one."""
    ends = [match.span() for match in DIRECTIVE_PATTERN.finditer(text)]
    breaks = [
        match.end()
        for match in re.finditer(r"\n\s*\n", text.rstrip())
        if not any(start < match.start() < end for start, end in ends)
    ]
    return text[breaks[-1] :] if breaks else text


def parse_directives(text: str) -> tuple[Directives, str]:
    """Return the directives of a message's last paragraph, and that paragraph without them.

    A value that makes no sense is passed over, as is a name that is none.
    """
    paragraph = last_paragraph(text)
    directives = Directives()
    for match in DIRECTIVE_PATTERN.finditer(paragraph):
        for name, value in _split_directive(match[1], match[2]):
            with suppress(KeyError, ValueError):
                directives = replace(directives, **{name: VALUE_PARSERS[name](value)})
    return directives, DIRECTIVE_PATTERN.sub("", paragraph).strip()


def _split_directive(name: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield the directive, and the further `name=value` that a fault may carry."""
    if name == "fault":
        value, *more = value.split() or [""]
        yield from ((key, number) for key, _, number in (part.partition("=") for part in more))
    yield name, value
