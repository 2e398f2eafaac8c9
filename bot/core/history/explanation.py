"""How an answer came about: everything that is kept of it but what was said.

Separate because only who asks for it needs it; answering does not. Pure.
"""

from dataclasses import dataclass, field

from bot.core.config import ConfigVersion
from bot.core.requests import Provenance, Usage
from bot.core.spending.budgets import Spending
from bot.core.turns import Author, File, ThreadKey, TurnStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is known of one answer. Times are in seconds since 1970 by the store's clock, None if not yet."""

    thread: ThreadKey
    author: Author
    """Who asked."""
    status: TurnStatus
    attempt: int
    model: str
    """The name under which the server answered, or empty."""
    finish_reason: str
    error: str
    """Code of the error that ended it (`BotError.code`), or empty."""
    usage: Usage | None
    """None where the server did not count."""
    made_with: Provenance | None
    """None while there is no answer, and for one from before this was kept."""
    versions: tuple[ConfigVersion, ...]
    """The versions that applied, highest level first."""
    files: tuple[File, ...]
    """Those of the question."""
    asked_at: float
    begun_at: float | None
    answered_at: float | None
    spent: Spending = field(default_factory=Spending)
    """What all calls of the turn cost together, those of its other variants included."""
