"""Everything that is stored about how an answer came about, apart from the conversation itself."""

from dataclasses import dataclass, field

from bot.core.config import ConfigVersion
from bot.core.requests import Provenance, Usage
from bot.core.spending.budgets import Spending
from bot.core.turns import Author, File, ThreadKey, TurnStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is known about one answer.

    Times are in seconds since 1970 by the store's clock, None if not reached.
    """

    thread: ThreadKey
    author: Author
    """The person who asked."""
    status: TurnStatus
    attempt: int
    model: str
    """The name that the server answered under, or empty."""
    finish_reason: str
    error: str
    """Code of the error that ended it (`BotError.code`), or empty."""
    usage: Usage | None
    """None if the server did not count."""
    made_with: Provenance | None
    """None while there is no answer, and for answers from before this was stored."""
    versions: tuple[ConfigVersion, ...]
    """The versions that applied, highest scope first."""
    files: tuple[File, ...]
    """The files of the question."""
    asked_at: float
    begun_at: float | None
    answered_at: float | None
    spent: Spending = field(default_factory=Spending)
    """What all calls of the turn cost together, including those of its other variants."""
