"""Shares in memory, for processes that share a `MemoryData`: the twin of `SqlShares`."""

from collections.abc import Callable, Mapping

from bot.ports.shares import Limit, Place, Shared
from bot.store.memory_data import MemoryData


class MemoryShares:
    """`Shares` without a database."""

    def __init__(self, owner: str, data: MemoryData) -> None:
        """`owner` is this process's name, as in `MemoryStore`."""
        self._owner = owner
        self._data = data

    async def exchange(self, answers: Mapping[Place, int], refused: Mapping[Limit, float]) -> Shared:
        """Tell how many answers this process writes now, and what was refused; return its parts."""
        self._data.loads[self._owner] = dict(answers)
        living = [self._data.loads.get(owner, {}) for owner in self._data.beats]
        totals = {place: sum(load.get(place, 0) for load in living) for place in answers}
        return Shared(
            parts={place: number / max(totals[place], number) for place, number in answers.items()},
            processes=max(len(living), 1),
            refused=self._refused(refused),
        )

    def hear(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever a process tells of a refusal."""
        self._data.refusal_wakes.append(wake)

    def _refused(self, more: Mapping[Limit, float]) -> Mapping[Limit, float]:
        """Add refusals, tell of them, and return all that are not over."""
        now, until = self._data.clock(), self._data.refusals
        for limit, seconds in more.items():
            until[limit] = max(until.get(limit, now), now + seconds)
        if more:
            for wake in self._data.refusal_wakes:
                wake()
        return {limit: end - now for limit, end in until.items() if end > now}
