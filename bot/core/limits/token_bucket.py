"""A token bucket: how many writes a rate limit still allows, and when.

The algorithm is GCRA (ITU-T I.371), a leaky bucket that is stored as one number: the time at which the bucket
will be empty again. Each write moves that time forward by one interval. A write may go while
that time lies at most one burst ahead of now. Example, with 60 writes a minute and a burst of 3, at time 0:

    bucket = TokenBucket(per_minute=60, burst=3)
    bucket.delay(0, last=True)     # 0.0: take() it, and two more at once
    bucket.delay(0, last=True)     # 1.0: after three writes the next must wait a second

All answers of one workspace and method share a bucket; `live_reply` paces a single answer. Pure: the caller
passes the time.
"""

from math import inf


class TokenBucket:
    """A rate limit shared by many answers: `per_minute` writes, of which `burst` may come at once.

    In any 60 seconds it allows at most `per_minute + burst` writes. Half of the burst is reserved for last
    writes, so that a complete answer does not queue behind partial ones. Times are in seconds, on any clock
    that does not go backwards.
    """

    def __init__(self, *, per_minute: float, burst: int) -> None:
        self._empty_at = -inf
        self._refused_until = -inf
        self.adjust(per_minute=per_minute, burst=burst)

    def adjust(self, *, per_minute: float, burst: int) -> None:
        """Change the rate from now on; writes already counted stay counted."""
        if per_minute <= 0 or burst < 1:
            raise ValueError("A bucket needs per_minute > 0 and burst >= 1.")
        self.per_minute = per_minute
        self.burst = burst
        self._spacing = 60 / per_minute

    def delay(self, now: float, *, last: bool) -> float:
        """Return the seconds until a write may go, 0 if now; a `last` write completes a page or answer."""
        unused = self.burst if last else self.burst - self.burst // 2
        granted = self._empty_at - (unused - 1) * self._spacing
        return max(0.0, granted - now, self._refused_until - now)

    def take(self, now: float) -> None:
        """Count one write. Call it when the write is sent, whether or not it succeeds."""
        self._empty_at = max(self._empty_at, now) + self._spacing

    def note_refused(self, now: float, retry_after: float) -> None:
        """Stop all writes for `retry_after` seconds; after that allow the steady rate, without a burst."""
        self._refused_until = max(self._refused_until, now + retry_after)
        full = self._refused_until + (self.burst - 1) * self._spacing
        self._empty_at = max(self._empty_at, full)

    def fair_interval(self, answers: int) -> float:
        """Return the seconds between two writes of one answer if `answers` share the bucket evenly."""
        return answers * self._spacing
