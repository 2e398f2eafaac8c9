"""How many writes a rate limit still allows, and for whom.

Separate from `live_reply`, which paces one reply; a budget is shared by all replies of one workspace and
method. Pure: the caller brings the time. The algorithm is GCRA (ITU-T I.371), a leaky bucket kept in one
number: the time at which the bucket will be empty again.
"""

from math import inf


class TokenBucket:
    """A rate limit shared by many replies: `per_minute` writes, of which `burst` may come at once.

    In any 60 seconds it grants at most `per_minute + burst` writes. Half of the burst is kept for last
    writes, so that a complete answer need not stand in line behind partial ones. Times are in seconds, on
    any clock that does not go backwards.
    """

    def __init__(self, *, per_minute: float, burst: int) -> None:
        self._empty_at = -inf
        self._refused_until = -inf
        self.adjust(per_minute=per_minute, burst=burst)

    def adjust(self, *, per_minute: float, burst: int) -> None:
        """Allow another rate from now on; what was taken counts as it did."""
        if per_minute <= 0 or burst < 1:
            raise ValueError("A budget allows something: per_minute > 0 and burst >= 1.")
        self.per_minute = per_minute
        self.burst = burst
        self._spacing = 60 / per_minute

    def delay(self, now: float, *, last: bool) -> float:
        """Return the seconds until a write may go; 0 means now. `last`: it completes a page or answer."""
        unused = self.burst if last else self.burst - self.burst // 2
        granted = self._empty_at - (unused - 1) * self._spacing
        return max(0.0, granted - now, self._refused_until - now)

    def take(self, now: float) -> None:
        """Count one write. Call it when the write goes out, whatever comes of it."""
        self._empty_at = max(self._empty_at, now) + self._spacing

    def note_refused(self, now: float, retry_after: float) -> None:
        """Obey a refusal: nothing for `retry_after` seconds, and then no burst, only the steady rate."""
        self._refused_until = max(self._refused_until, now + retry_after)
        full = self._refused_until + (self.burst - 1) * self._spacing
        self._empty_at = max(self._empty_at, full)

    def fair_interval(self, replies: int) -> float:
        """Return the seconds between two writes of one reply if `replies` share the budget evenly."""
        return replies * self._spacing
