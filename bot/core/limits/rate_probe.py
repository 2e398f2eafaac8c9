"""Finds out by trying how many writes a minute a platform allows.

The probe starts with the rate that the platform guarantees. After a long busy time without a refusal it tries
a little more; after a refusal it goes far below at once (additive increase, multiplicative decrease). Time
spent idle proves nothing, so a rate is only raised if most of it was used. After each refusal the next try
comes later, until the refused rate turns out to be allowed after all.

    writes/minute   why
    60              the guaranteed rate
    63              30 busy minutes went by without a refusal
    60              63 was refused: back to the guaranteed rate
    42              60 was refused too: 0.7 of it
    45              2 busy minutes went by without a refusal

`token_bucket` keeps to a rate; this finds it. Pure: the caller passes the time.
"""

from math import inf

STEP_SHARE = 0.05
"""Share of the guaranteed rate that one try adds; less if the current rate is far lower."""
BACK_OFF_FACTOR = 0.7
"""A refused rate is multiplied by this. A refused rate above the guaranteed one falls to the guaranteed one.
"""
MIN_WRITES_PER_MINUTE = 1.0
"""The rate never falls below this."""
MIN_USED_SHARE = 0.85
"""Nothing is learned from a time in which less than this share of the allowed writes was used."""
FIRST_PROBE_DELAY_SECONDS = 30.0
"""Busy time before the first try below the guaranteed rate; each refusal doubles it."""
MIN_DELAY_ABOVE_GUARANTEED_SECONDS = 1_800.0
"""Busy time before each try above the guaranteed rate: at worst one write in this time is refused."""
MAX_PROBE_DELAY_SECONDS = 7_200.0
SETTLING_SECONDS = 5.0
"""Further refusals within this time count as the same one: they meet writes that were already under way."""


class RateProbe:
    """The writes a minute of one method in one workspace.

    Times are in seconds, on any clock that does not go backwards.
    """

    def __init__(self, guaranteed: float) -> None:
        """`guaranteed` is in writes a minute."""
        self.per_minute = guaranteed
        self._guaranteed = guaranteed
        self._probe_delay = FIRST_PROBE_DELAY_SECONDS
        self._refused_rate = inf
        self._since: float | None = None
        self._taken = 0
        self._settled_at = -inf

    def note_write(self, now: float, *, share: float = 1.0) -> None:
        """Note a write that was sent; `share` is the part of the rate that this process may use."""
        if self._since is None:
            self._since = now
        self._taken += 1
        elapsed = now - self._since
        if elapsed < self._delay_before_probe():
            return
        if self._taken >= MIN_USED_SHARE * share * self.per_minute * elapsed / 60:
            if self.per_minute >= self._refused_rate:  # and was granted now
                self._probe_delay, self._refused_rate = FIRST_PROBE_DELAY_SECONDS, inf
            self.per_minute += self._step()
        self._since, self._taken = now, 0

    def note_refused(self, now: float, retry_after: float) -> None:
        """Note that the platform accepts no write for `retry_after` seconds."""
        if now < self._settled_at:
            return
        self._settled_at = now + retry_after + SETTLING_SECONDS
        self._refused_rate = self.per_minute
        is_above = self.per_minute > self._guaranteed
        self.per_minute = (
            self._guaranteed if is_above else max(MIN_WRITES_PER_MINUTE, BACK_OFF_FACTOR * self.per_minute)
        )
        self._probe_delay = min(2 * self._probe_delay, MAX_PROBE_DELAY_SECONDS)
        self._since, self._taken = None, 0

    def _step(self) -> float:
        return STEP_SHARE * min(self._guaranteed, 2 * self.per_minute)

    def _delay_before_probe(self) -> float:
        """Return the busy time, in seconds, before the next try."""
        is_above = self.per_minute + self._step() > self._guaranteed
        return max(self._probe_delay, MIN_DELAY_ABOVE_GUARANTEED_SECONDS) if is_above else self._probe_delay
