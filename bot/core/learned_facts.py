"""What a model server has taught us of one of its models.

Separate because those who learn, keep and tell it share nothing else. Pure.
"""

from dataclasses import dataclass
from typing import Any, Final

FACT_LIFETIME_SECONDS: Final = 30 * 24 * 3600.0
"""Seconds for which a lesson is believed: models and servers change, and learning it anew costs a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that was learnt."""

    server: str
    """Its address, without a key."""
    model: str
    subject: str
    """What it is about; a newer lesson of the same subject replaces it."""
    content: Any
    """A value that JSON knows, as whoever learnt it understands it."""
