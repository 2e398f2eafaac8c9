"""How many writes a minute a platform grants, found out by using them.

Separate from `budget`, which keeps to a rate: this finds it. Pure: the caller brings the time. It begins with
what is guaranteed, tries a little more after a long busy time without a refusal, and goes far below at once
when it is refused (additive increase, multiplicative decrease). Rules: whoever does not use what there is
learns nothing; after each refusal the next try comes later, until the refused rate is found to be granted.
"""

from math import inf

STEP_SHARE = 0.05
"""Of what is guaranteed: what one try adds; less where much less is granted."""
BACK_OFF_FACTOR = 0.7
"""What remains of a rate that was refused although it is guaranteed; of any above, what is guaranteed."""
MIN_WRITES_PER_MINUTE = 1.0
"""Writes a minute that are tried whatever happens."""
MIN_USED_SHARE = 0.85
"""Of what was allowed must have been used, or else nothing is learnt."""
FIRST_PROBE_DELAY_SECONDS = 30.0
"""Seconds of busy time before the first try below what is guaranteed; doubled by each refusal."""
MIN_DELAY_ABOVE_GUARANTEED_SECONDS = 1_800.0
"""Seconds before any try above what is guaranteed: at worst one write in so long a time is refused."""
MAX_PROBE_DELAY_SECONDS = 7_200.0
SETTLING_SECONDS = 5.0
"""Seconds in which further refusals are the same: they meet writes that were under way together."""


class RateProbe:
    """The writes a minute of one method in one workspace. Times are in seconds, on any clock that grows."""

    def __init__(self, guaranteed: float) -> None:
        """`guaranteed` is in writes a minute."""
        self.per_minute = guaranteed
        self._guaranteed = guaranteed
        self._probe_delay = FIRST_PROBE_DELAY_SECONDS
        self._refused_at = inf  # the rate
        self._since: float | None = None
        self._taken = 0
        self._settled_at = -inf

    def note_write(self, now: float, *, share: float = 1.0) -> None:
        """Note a write that went out; `share` is what part of the rate was ours to use."""
        if self._since is None:
            self._since = now
        self._taken += 1
        elapsed = now - self._since
        if elapsed < self._delay_before_probe():
            return
        if self._taken >= MIN_USED_SHARE * share * self.per_minute * elapsed / 60:
            if self.per_minute >= self._refused_at:  # and was granted now
                self._probe_delay, self._refused_at = FIRST_PROBE_DELAY_SECONDS, inf
            self.per_minute += self._step()
        self._since, self._taken = now, 0

    def note_refused(self, now: float, retry_after: float) -> None:
        """Note that the platform wanted no write for `retry_after` seconds."""
        if now < self._settled_at:
            return
        self._settled_at = now + retry_after + SETTLING_SECONDS
        self._refused_at = self.per_minute
        is_above = self.per_minute > self._guaranteed
        self.per_minute = (
            self._guaranteed if is_above else max(MIN_WRITES_PER_MINUTE, BACK_OFF_FACTOR * self.per_minute)
        )
        self._probe_delay = min(2 * self._probe_delay, MAX_PROBE_DELAY_SECONDS)
        self._since, self._taken = None, 0

    def _step(self) -> float:
        return STEP_SHARE * min(self._guaranteed, 2 * self.per_minute)

    def _delay_before_probe(self) -> float:
        """Return the busy seconds before the next try."""
        is_above = self.per_minute + self._step() > self._guaranteed
        return max(self._probe_delay, MIN_DELAY_ABOVE_GUARANTEED_SECONDS) if is_above else self._probe_delay
