"""One call of a model, as the ledger keeps it.

Separate from `ledger` because an answer carries its call, and the nouns know nothing of budgets. Pure.
"""

from dataclasses import dataclass

from bot.core.periods import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One call of a model; who asked, and where, is known of its turn."""

    model: str
    """The name under which it was answered, else the one that was asked for."""
    prompt_tokens: int
    completion_tokens: int
    """Of all choices together."""
    cached_tokens: int = 0
    is_estimated: bool = False
    """Whether the tokens, or which model's price it is, are our guess."""
    cost: int | None = None
    """In nano-units, at the prices of that time; None if unknown."""
    versions: tuple[int, ...] = ()
    """Ids of the versions of steering that applied."""
    warns: frozenset[Span] = frozenset()
    """Periods for which its answer tells the person that a budget is nearly used up."""

    @property
    def tokens(self) -> int:
        """What a budget of tokens counts."""
        return self.prompt_tokens + self.completion_tokens
