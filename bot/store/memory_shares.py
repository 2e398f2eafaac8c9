"""Shares in memory, for processes that share a `MemoryData`: the twin of `SqlShares`."""

from collections.abc import Mapping

from bot.ports.shares import Place, Shared
from bot.store.memory_data import MemoryData


class MemoryShares:
    """`Shares` without a database."""

    def __init__(self, owner: str, data: MemoryData) -> None:
        """`owner` is this process's name, as in `MemoryStore`."""
        self._owner = owner
        self._data = data

    async def exchange(self, answers: Mapping[Place, int]) -> Shared:
        """Tell how many answers this process writes now, and return its parts."""
        self._data.loads[self._owner] = dict(answers)
        living = [self._data.loads.get(owner, {}) for owner in self._data.beats]
        totals = {place: sum(load.get(place, 0) for load in living) for place in answers}
        parts = {place: number / max(totals[place], number) for place, number in answers.items()}
        return Shared(parts=parts, processes=max(len(living), 1))
