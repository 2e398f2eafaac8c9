"""Prioritised rate limiters: decide which answer may write next, if many share one limit of the platform.

There is a limiter for each limit that the platform keeps: for edits in a workspace, for posts in a channel, and
so on. A writer does not queue a text but a `WriteRequest`, and awaits its permission; it takes the newest text
when that is granted. With one permission free each second:

    time   queue (urgency, last shown)                     granted
     0.0   A and B wait already, to edit growing pages
           (PARTIAL; A was shown at -3, B at -9);
           one permission comes free                       B: the same urgency, but its screen is older
     0.4   C ends                 (LAST)
     1.0                                                   C: the end of an answer goes first
     2.0                                                   A

How many permissions there are: a `TokenBucket` begins with the rate that the platform guarantees; a `RateProbe`
raises it while nothing is refused, and lowers it after a 429; and `set_share` keeps this process to its part of
it, since other processes write in the same workspace (see `rate_sharing`). A refusal blocks the limiter for the
seconds that the platform named, here and, through `rate_sharing`, in all processes.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import partial

from bot.core.limits.rate_probe import RateProbe
from bot.core.limits.token_bucket import TokenBucket
from bot.core.turns import ThreadKey
from bot.ports import SurfaceLimits
from bot.ports.rate_shares import RateLimitKey, WorkspaceKey

TIMER_SLACK_SECONDS = 0.001
"""Added to each timer, which may fire a little before its time."""


class WriteMethod(StrEnum):
    """How a page is written; each method has a rate limit of its own."""

    POST = "post"
    EDIT = "edit"
    START = "start"  # post a message that grows (a native stream)
    ADD = "add"  # append to such a message
    END = "end"  # append to it for the last time


class Urgency(IntEnum):
    """How urgent a write is; the lowest number goes first."""

    LAST = 0  # it completes an answer
    FIRST = 1  # it is the first message of an answer
    PAGE = 2  # it completes a page
    PARTIAL = 3  # it brings a growing page up to date


@dataclass(eq=False, slots=True)
class WriteRequest:
    """One wait in a limiter's queue; await `granted`."""

    urgency: Urgency
    shown_at: float
    """When the thread last showed all text of this answer; the oldest goes first."""
    granted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class RateLimiter:
    """Grants the writes under one limit of the platform."""

    def __init__(self, bucket: TokenBucket, on_refusal: Callable[[float], None] = lambda _: None) -> None:
        """`bucket` begins with the guaranteed rate. `on_refusal` is called with the seconds of each refusal."""
        self._bucket = bucket
        self._on_refusal = on_refusal
        self._probe = RateProbe(bucket.per_minute)
        self._burst = bucket.burst
        self._share = 1.0
        self._answers = 0
        self._clock = asyncio.get_running_loop().time
        self._queue: list[WriteRequest] = []
        self._timer: asyncio.TimerHandle | None = None

    def enqueue(self, urgency: Urgency, shown_at: float) -> WriteRequest:
        """Queue for a permission to write."""
        request = WriteRequest(urgency, shown_at)
        self._queue.append(request)
        self._grant_writes()
        return request

    def is_free(self) -> bool:
        """Return whether a write of the least urgent kind (`PARTIAL`) would be granted now."""
        return not self._queue and self._bucket.delay(self._clock(), last=False) <= 0

    def try_take(self, *, last: bool) -> bool:
        """Take a permission if one is free now, and return whether; for calls that are left out otherwise."""
        now = self._clock()
        is_free = not self._queue and self._bucket.delay(now, last=last) <= 0
        if is_free:
            self._count_write(now)
        return is_free

    @contextmanager
    def count_answer(self) -> Iterator[None]:
        """Count an answer that is written under this limit, while the context lasts."""
        self._answers += 1
        try:
            yield
        finally:
            self._answers -= 1

    def fair_interval(self) -> float:
        """Return the seconds between two writes of one answer, if all counted answers take turns."""
        return self._bucket.fair_interval(self._answers)

    def raise_urgency(self, request: WriteRequest, urgency: Urgency) -> None:
        """Raise the urgency of a request, if it waits here."""
        if request in self._queue and urgency < request.urgency:
            request.urgency = urgency
            self._grant_writes()

    def withdraw(self, request: WriteRequest) -> None:
        """Leave the queue."""
        if request in self._queue:
            self._queue.remove(request)

    def handle_refusal(self, retry_after: float) -> None:
        """Write nothing for `retry_after` seconds, and report it, because the platform refused this process."""
        self.block(retry_after)
        self._on_refusal(retry_after)

    def block(self, retry_after: float) -> None:
        """Write nothing for `retry_after` seconds, as another process was told; a repetition changes nothing."""
        now = self._clock()
        self._bucket.note_refused(now, retry_after)
        self._probe.note_refused(now, retry_after)
        self._adjust()

    def set_share(self, part: float) -> None:
        """Keep to a part of the rate, from 0 to 1, since other processes write too."""
        self._share = part
        self._adjust()
        self._grant_writes()

    def _adjust(self) -> None:
        rate, burst = self._probe.per_minute * self._share, round(self._burst * self._share)
        self._bucket.adjust(per_minute=rate, burst=max(burst, 1))

    def _grant_writes(self) -> None:
        """Grant as many requests as the bucket allows now, and set a timer for the next one."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            first = min(self._queue, key=lambda request: (request.urgency, request.shown_at))
            now = self._clock()
            delay = self._bucket.delay(now, last=first.urgency is Urgency.LAST)
            if delay > 0:
                self._timer = asyncio.get_running_loop().call_later(delay + TIMER_SLACK_SECONDS, self._grant_writes)
                return
            self._count_write(now)
            self._queue.remove(first)
            first.granted.set_result(None)

    def _count_write(self, now: float) -> None:
        self._bucket.take(now)
        self._probe.note_write(now, share=self._share)
        self._adjust()


LimitersByMethod = Mapping[WriteMethod, RateLimiter]
"""The limiters of one answer: for posts that of its channel, for the others those of its workspace."""


class RateLimiters:
    """The limiters of all channels and workspaces, created when they are needed; one for a process."""

    def __init__(self) -> None:
        self._limiters: dict[RateLimitKey, RateLimiter] = {}
        self._answers: Counter[WorkspaceKey] = Counter()
        self._shares: Mapping[WorkspaceKey, float] = {}
        self._default_share = 1.0
        self._unreported_refusals: dict[RateLimitKey, float] = {}  # of this process, until when, and not yet shared
        self._blocked_until: dict[RateLimitKey, float] = {}  # of any process, until when
        self.changed = asyncio.Event()
        """Set when this process begins to write in a workspace, and when the platform refuses a write."""

    @contextmanager
    def use_for_answer(self, thread: ThreadKey, limits: SurfaceLimits) -> Iterator[LimitersByMethod]:
        """Give the limiters for an answer in a thread, and count the answer while the context lasts."""
        workspace = (thread.platform, thread.workspace)
        if not self._answers[workspace]:
            self.changed.set()
        self._answers[workspace] += 1
        try:
            yield self._get_limiters(thread, limits)
        finally:
            self._answers[workspace] -= 1

    def count_answers(self) -> Mapping[WorkspaceKey, int]:
        """Return how many answers this process writes now, by workspace, without zeros."""
        return dict(+self._answers)

    def set_shares(self, shares: Mapping[WorkspaceKey, float], *, default: float) -> None:
        """Keep to these parts of the rates in each workspace, and to `default` in any other."""
        self._shares, self._default_share = shares, default
        for key, limiter in self._limiters.items():
            limiter.set_share(self._get_share(key))

    def take_refusals(self) -> Mapping[RateLimitKey, float]:
        """Return the refusals since the last call, each with its end by the loop's clock."""
        taken, self._unreported_refusals = self._unreported_refusals, {}
        return taken

    def restore_refusals(self, refused: Mapping[RateLimitKey, float]) -> None:
        """Take back refusals that could not be shared."""
        self._unreported_refusals = {**refused, **self._unreported_refusals}

    def block(self, refused: Mapping[RateLimitKey, float]) -> None:
        """Block limiters for so many seconds from now on, because the platform refused some process."""
        now = asyncio.get_running_loop().time()
        self._blocked_until = {limit: now + seconds for limit, seconds in refused.items()}
        for limit in self._limiters.keys() & refused:
            self._limiters[limit].block(refused[limit])

    def get_limiter(self, limit: RateLimitKey, *, per_minute: float, burst: int) -> RateLimiter:
        """Return the limiter for one limit of the platform; `per_minute` and `burst` are its guarantee."""
        if limit not in self._limiters:
            self._limiters[limit] = self._create_limiter(limit, TokenBucket(per_minute=per_minute, burst=burst))
        return self._limiters[limit]

    def _get_limiters(self, thread: ThreadKey, limits: SurfaceLimits) -> LimitersByMethod:
        rates = {
            WriteMethod.POST: (limits.posts_per_minute, limits.posts_burst),
            WriteMethod.EDIT: (limits.edits_per_minute, limits.edits_burst),
            WriteMethod.START: (limits.starts_per_minute, limits.appends_burst // 2),
            WriteMethod.ADD: (limits.appends_per_minute, limits.appends_burst),
            WriteMethod.END: (limits.starts_per_minute, limits.appends_burst // 2),
        }
        return {method: self._get_write_limiter(thread, method, *rate) for method, rate in rates.items()}

    def _get_write_limiter(self, thread: ThreadKey, method: WriteMethod, per_minute: float, burst: int) -> RateLimiter:
        name = f"{method} {thread.channel}" if method is WriteMethod.POST else method.value
        limit = (thread.platform, thread.workspace, name)
        return self.get_limiter(limit, per_minute=per_minute, burst=burst)

    def _create_limiter(self, limit: RateLimitKey, bucket: TokenBucket) -> RateLimiter:
        limiter = RateLimiter(bucket, partial(self._note_refusal, limit))
        limiter.set_share(self._get_share(limit))
        seconds = self._blocked_until.get(limit, 0.0) - asyncio.get_running_loop().time()
        if seconds > 0:
            limiter.block(seconds)
        return limiter

    def _note_refusal(self, limit: RateLimitKey, seconds: float) -> None:
        self._unreported_refusals[limit] = asyncio.get_running_loop().time() + seconds
        self.changed.set()

    def _get_share(self, limit: RateLimitKey) -> float:
        return self._shares.get(limit[:2], self._default_share)
