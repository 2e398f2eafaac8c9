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

DIRECTIVE = re.compile(r"\[\[(\w+)=(.*?)\]\]", re.DOTALL)
MOST_TOKENS = 1_000_000


class Fault(StrEnum):
    """What may go wrong: a status before the answer, or something in the middle of it."""

    UNAUTHORIZED = "401"
    NOT_FOUND = "404"
    RATE_LIMITED = "429"
    FAILED = "500"
    OVERLOADED = "503"
    CUT = "cut"  # the connection closes in mid-answer
    STALL = "stall"  # nothing more comes, and the connection stays open
    MALFORMED = "malformed"  # an event that is not JSON
    ERROR = "error"  # an error object in mid-answer, then the end without [DONE]
    EMPTY = "empty"  # a complete answer without a word
    FILTER = "filter"  # finish reason content_filter in mid-answer
    LENGTH = "length"  # finish reason length in mid-answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Directives:
    """What one message asks for; None where it says nothing."""

    tokens: int | None = None
    rate: float | None = None
    delay: float = 0.0
    say: str | None = None
    fault: Fault | None = None
    times: int | None = None
    """How often the fault strikes; None for always."""


VALUES: Mapping[str, Callable[[str], Any]] = {
    "tokens": lambda value: min(max(1, int(value)), MOST_TOKENS),
    "rate": lambda value: max(0.1, float(value)),
    "delay": lambda value: max(0.0, float(value)),
    "say": str,
    "fault": Fault,
    "times": int,
}


def last_paragraph(text: str) -> str:
    """Return the last paragraph; a blank line inside a directive does not end one."""
    ends = [match.span() for match in DIRECTIVE.finditer(text)]
    breaks = [
        match.end()
        for match in re.finditer(r"\n\s*\n", text.rstrip())
        if not any(start < match.start() < end for start, end in ends)
    ]
    return text[breaks[-1] :] if breaks else text


def read(text: str) -> tuple[Directives, str]:
    """Return the directives of a message's last paragraph, and that paragraph without them.

    A value that makes no sense is passed over, as is a name that is none.
    """
    paragraph = last_paragraph(text)
    directives = Directives()
    for match in DIRECTIVE.finditer(paragraph):
        for name, value in _parts(match[1], match[2]):
            with suppress(KeyError, ValueError):
                directives = replace(directives, **{name: VALUES[name](value)})
    return directives, DIRECTIVE.sub("", paragraph).strip()


def _parts(name: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield the directive, and the further `name=value` that a fault may carry."""
    if name == "fault":
        value, *more = value.split() or [""]
        yield from ((key, number) for key, _, number in (part.partition("=") for part in more))
    yield name, value
