"""What a model server has taught us of one of its models.

Separate because those who learn, keep and tell it share nothing else. Pure.
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
