"""How many writes a minute a platform grants, found out by using them.

Separate from `budget`, which keeps to a rate: this finds it. Pure: the caller brings the time. It begins with
what is guaranteed, tries a little more after a long busy time without a refusal, and goes far below at once
when it is refused (additive increase, multiplicative decrease). Rules: whoever does not use what there is
learns nothing; after each refusal the next try comes later, until the refused rate is found to be granted.
"""

from math import inf

STEP = 0.05
"""Of what is guaranteed: what one try adds; less where much less is granted."""
BACK_OFF = 0.7
"""What remains of a rate that was refused although it is guaranteed; of any above, what is guaranteed."""
LEAST = 1.0
"""Writes a minute that are tried whatever happens."""
BUSY = 0.85
"""Of what was allowed must have been used, or else nothing is learnt."""
FIRST_PATIENCE = 30.0
"""Seconds of busy time before the first try below what is guaranteed; doubled by each refusal."""
PROBE = 1_800.0
"""Seconds before any try above what is guaranteed: at worst one write in so long a time is refused."""
LONGEST_PATIENCE = 7_200.0
SETTLING = 5.0
"""Seconds in which further refusals are the same: they meet writes that were under way together."""


class Pace:
    """The writes a minute of one method in one workspace. Times are in seconds, on any clock that grows."""

    def __init__(self, guaranteed: float) -> None:
        """`guaranteed` is in writes a minute."""
        self.per_minute = guaranteed
        self._guaranteed = guaranteed
        self._patience = FIRST_PATIENCE
        self._refused_at = inf  # the rate
        self._since: float | None = None
        self._taken = 0
        self._settled_at = -inf

    def took(self, now: float, *, share: float = 1.0) -> None:
        """Note a write that went out; `share` is what part of the rate was ours to use."""
        if self._since is None:
            self._since = now
        self._taken += 1
        elapsed = now - self._since
        if elapsed < self._wait():
            return
        if self._taken >= BUSY * share * self.per_minute * elapsed / 60:
            if self.per_minute >= self._refused_at:  # and was granted now
                self._patience, self._refused_at = FIRST_PATIENCE, inf
            self.per_minute += self._step()
        self._since, self._taken = now, 0

    def refused(self, now: float, retry_after: float) -> None:
        """Note that the platform wanted no write for `retry_after` seconds."""
        if now < self._settled_at:
            return
        self._settled_at = now + retry_after + SETTLING
        self._refused_at = self.per_minute
        is_above = self.per_minute > self._guaranteed
        self.per_minute = self._guaranteed if is_above else max(LEAST, BACK_OFF * self.per_minute)
        self._patience = min(2 * self._patience, LONGEST_PATIENCE)
        self._since, self._taken = None, 0

    def _step(self) -> float:
        return STEP * min(self._guaranteed, 2 * self.per_minute)

    def _wait(self) -> float:
        """Return the busy seconds before the next try."""
        is_above = self.per_minute + self._step() > self._guaranteed
        return max(self._patience, PROBE) if is_above else self._patience
