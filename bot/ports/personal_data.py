"""The door to what is stored of people, for them to see and to take back."""

from collections.abc import Sequence
from typing import Protocol

from bot.core.history.personal_data import OtherPersonalData, PersonKey, StoredCounts, StoredTurn
from bot.core.turns import ThreadKey


class PersonalData(Protocol):
    """What is stored of people. One method, one transaction; each raises `StoreUnavailable`.

    What is erased is a `FORGOTTEN` turn, as if its message had been deleted: only its key stays, so that no
    delivery brings it back.
    """

    async def count_stored(self, person: PersonKey) -> StoredCounts:
        """Return how much is stored of a person."""
        ...

    async def list_turns(self, of: PersonKey | ThreadKey, *, after: int, limit: int) -> Sequence[StoredTurn]:
        """Return up to `limit` messages of a person, or of all people in a thread, in order of their ids.

        Only those whose id is greater than `after`; forgotten ones are not among them.
        """
        ...

    async def read_other_data(self, person: PersonKey) -> OtherPersonalData:
        """Return what is stored of a person beside their messages."""
        ...

    async def erase(self, of: PersonKey | ThreadKey, *, limit: int) -> int:
        """Erase up to `limit` messages of a person, or of all people in a thread; return how many.

        When nothing is left, returns 0; then their votes no longer name them and say nothing, and figures of
        past months are nobody's. Those of this month stay, since budgets count on them.
        """
        ...

    async def expire(self, age: float, *, limit: int) -> bool:
        """Erase some conversations in which nothing was said for `age` seconds; return whether to go on.

        Looks at up to `limit` conversations. Of several processes one does this at a time, the others are
        told that there is nothing to do; so is who asks again within an hour after the last was looked at.
        """
        ...
