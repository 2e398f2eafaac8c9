"""What is known before a question is put to the model: what was said in its thread, and what admins set.

Separate from the nouns that it is made of, because only who asks the model needs all of it at once. Pure.
"""

from dataclasses import dataclass

from bot.core.chat.drafts import Draft
from bot.core.config import ConfigVersion
from bot.core.spending.budgets import Budget
from bot.core.turns import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnContext:
    """What the store returns before a turn is answered: the conversation, and what admins set."""

    history: tuple[Turn, ...]
    """Earlier turns of the thread that have ended, oldest first."""
    config_versions: tuple[ConfigVersion, ...] = ()
    """The newest versions of all scopes that may apply to the thread, or to the scope of its draft."""
    draft: Draft | None = None
    """The draft that is being tried in the thread, if any."""
    budgets: tuple[Budget, ...] = ()
    """The budgets that apply to this person in this channel; see `find_applying_budgets`."""
    read_at: float = 0.0
    """When the thread was last read from the platform, in seconds since 1970; 0 if never."""
