"""A fact that was learned about a model, as it is stored.

Facts are learned from a server's refusals, for example that `m-1` has a window of 8,192 tokens:

    Fact(server="https://api.openai.com/v1", model="m-1", subject="window", content=8_192)

`llm.adaptation` learns and uses them; the store keeps them for a month.
"""

from dataclasses import dataclass
from typing import Any, Final

FACT_LIFETIME_SECONDS: Final = 30 * 24 * 3600.0
"""Models and servers change, so a fact is forgotten after this time; to learn it again costs one refused
request.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact that was learned about a model of a server."""

    server: str
    """Its address, without a key."""
    model: str
    subject: str
    """What the fact is about; a newer fact with the same subject replaces it."""
    content: Any
    """A JSON value; only the code that learned it knows its meaning."""
