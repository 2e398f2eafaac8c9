"""The port to personal data: what is stored about a person, for them to read and to erase.

An erased message is a `FORGOTTEN` turn, as if it had been deleted on the platform. Only its key stays, so that
another delivery of the same message is recognised and not recorded again.
"""

from collections.abc import Sequence
from typing import Protocol

from bot.core.history.personal_data import OtherPersonalData, PersonKey, StoredCounts, StoredTurn
from bot.core.turns import ThreadKey


class PersonalData(Protocol):
    """What is stored about people. One method, one transaction; each raises `StoreUnavailable`."""

    async def count_stored(self, person: PersonKey) -> StoredCounts:
        """Return how many messages and votes of a person are stored, and since when."""
        ...

    async def list_turns(self, of: PersonKey | ThreadKey, *, after: int, limit: int) -> Sequence[StoredTurn]:
        """Return up to `limit` messages of a person, or of everybody in a thread, ordered by id.

        Only messages whose id is greater than `after`. Forgotten ones are left out.
        """
        ...

    async def read_other_data(self, person: PersonKey) -> OtherPersonalData:
        """Return what is stored about a person besides their messages: votes, saved versions, and spending."""
        ...

    async def erase(self, of: PersonKey | ThreadKey, *, limit: int) -> int:
        """Erase up to `limit` messages of a person, or of everybody in a thread; return how many.

        The call that finds no message left returns 0 and anonymises the rest: the person's votes lose name and
        note, and figures of past months lose the name. Figures of this month keep it, because budgets need them.
        """
        ...

    async def expire(self, age: float, *, limit: int) -> bool:
        """Erase some conversations that were silent for `age` seconds; return whether to call again at once.

        One call looks at up to `limit` conversations. Returns False while another process does the same. Returns
        False, too, within an hour of a complete pass.
        """
        ...
