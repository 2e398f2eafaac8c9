"""Shares in memory, for processes that share a `MemoryData`: the twin of `SqlShares`."""

from collections.abc import Callable, Mapping

from bot.ports.rate_shares import RateLimitKey, RateShare, WorkspaceKey
from bot.testing.memory_data import MemoryData


class MemoryRateShares:
    """`Shares` without a database."""

    def __init__(self, owner: str, data: MemoryData) -> None:
        """`owner` is this process's name, as in `MemoryStore`."""
        self._owner = owner
        self._data = data

    async def exchange(self, answers: Mapping[WorkspaceKey, int], refused: Mapping[RateLimitKey, float]) -> RateShare:
        """Tell how many answers this process writes now, and what was refused; return its parts."""
        self._data.loads[self._owner] = dict(answers)
        living = [self._data.loads.get(owner, {}) for owner in self._data.heartbeats]
        totals = {place: sum(load.get(place, 0) for load in living) for place in answers}
        return RateShare(
            fractions={place: number / max(totals[place], number) for place, number in answers.items()},
            processes=max(len(living), 1),
            refused=self._merge_refusals(refused),
        )

    def call_on_refusal(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever a process tells of a refusal."""
        self._data.refusal_listeners.append(wake)

    def _merge_refusals(self, more: Mapping[RateLimitKey, float]) -> Mapping[RateLimitKey, float]:
        """Add refusals, tell of them, and return all that are not over."""
        now, until = self._data.clock(), self._data.refusals
        for limit, seconds in more.items():
            until[limit] = max(until.get(limit, now), now + seconds)
        if more:
            for wake in self._data.refusal_listeners:
                wake()
        return {limit: end - now for limit, end in until.items() if end > now}
