"""Who may write next, where many answers share one rate limit.

Separate from `delivery`, which knows one answer. Rules: the most urgent first, as `Urgency` says, and among
equals whoever's screen is most out of date. Nobody hands in a text: what is granted is the right to write,
and the text is taken then. The rate is that which the platform is found to grant, or the part of it that is
this process's.
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
"""Seconds; a timer may fire a little before the time it was set for."""


class WriteMethod(StrEnum):
    """How something is written; each has a rate limit of its own."""

    POST = "post"
    EDIT = "edit"
    START = "start"  # a message that grows
    ADD = "add"  # to such a message
    END = "end"  # such a message


class Urgency(IntEnum):
    """How much a write matters; the least number goes first."""

    LAST = 0  # it completes an answer
    FIRST = 1  # it is the first that people see of one
    PAGE = 2  # it completes a page
    PARTIAL = 3  # it brings a growing page up to date


@dataclass(eq=False, slots=True)
class WriteRequest:
    """A place in the line; await `granted`."""

    urgency: Urgency
    shown_at: float
    """When this answer's screen was last brought up to date."""
    granted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class RateLimiter:
    """Grants the writes of one method in one workspace."""

    def __init__(self, bucket: TokenBucket, on_refusal: Callable[[float], None] = lambda _: None) -> None:
        """`budget` begins with what is guaranteed; what is granted is found out.

        `tell` hears of each refusal, with its seconds.
        """
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
        """Take a place in the line."""
        ticket = WriteRequest(urgency, shown_at)
        self._queue.append(ticket)
        self._grant_writes()
        return ticket

    def is_free(self) -> bool:
        """Return whether a write that matters little could go now."""
        return not self._queue and self._bucket.delay(self._clock(), last=False) <= 0

    def try_take(self, *, last: bool) -> bool:
        """Count a write that goes out now, if there is room, and return whether; nobody waits for it."""
        now = self._clock()
        is_free = not self._queue and self._bucket.delay(now, last=last) <= 0
        if is_free:
            self._count_write(now)
        return is_free

    @contextmanager
    def count_answer(self) -> Iterator[None]:
        """Count one more answer that is shown by this desk's means, while it is."""
        self._answers += 1
        try:
            yield
        finally:
            self._answers -= 1

    def fair_interval(self) -> float:
        """Return the seconds between two writes of one answer, if all that are counted go in turn."""
        return self._bucket.fair_interval(self._answers)

    def raise_urgency(self, request: WriteRequest, urgency: Urgency) -> None:
        """Let a waiting write matter so much, or more, if it waits here."""
        if request in self._queue and urgency < request.urgency:
            request.urgency = urgency
            self._grant_writes()

    def withdraw(self, request: WriteRequest) -> None:
        """Give up a place in the line."""
        if request in self._queue:
            self._queue.remove(request)

    def handle_refusal(self, retry_after: float) -> None:
        """Obey the platform: nothing for `retry_after` seconds."""
        self.block(retry_after)
        self._on_refusal(retry_after)

    def block(self, retry_after: float) -> None:
        """Obey likewise what the platform told another process; hearing it again changes nothing."""
        now = self._clock()
        self._bucket.note_refused(now, retry_after)
        self._probe.note_refused(now, retry_after)
        self._adjust()

    def set_share(self, part: float) -> None:
        """Keep to a part of what is granted, since other processes write too; 1 is all of it."""
        self._share = part
        self._adjust()
        self._grant_writes()

    def _adjust(self) -> None:
        rate, burst = self._probe.per_minute * self._share, round(self._burst * self._share)
        self._bucket.adjust(per_minute=rate, burst=max(burst, 1))

    def _grant_writes(self) -> None:
        """Let go whom the budget allows, and come back when it allows the next."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            first = min(self._queue, key=lambda ticket: (ticket.urgency, ticket.shown_at))
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
"""Where one answer lines up: for posts with the answers of its channel, else with those of its workspace."""


class RateLimiters:
    """The desks of every channel and workspace; one of these serves the whole process."""

    def __init__(self) -> None:
        self._limiters: dict[RateLimitKey, RateLimiter] = {}
        self._answers: Counter[WorkspaceKey] = Counter()
        self._shares: Mapping[WorkspaceKey, float] = {}
        self._default_share = 1.0
        self._unreported_refusals: dict[RateLimitKey, float] = {}  # us, until when, and nobody was told
        self._blocked_until: dict[RateLimitKey, float] = {}  # anybody, until when
        self.changed = asyncio.Event()
        """Set when a workspace gets the first answer of ours, and when the platform refuses us."""

    @contextmanager
    def use_for_answer(self, thread: ThreadKey, limits: SurfaceLimits) -> Iterator[LimitersByMethod]:
        """Give the desks for an answer in a thread, on a platform with these limits, while it is written."""
        place = (thread.platform, thread.workspace)
        if not self._answers[place]:
            self.changed.set()
        self._answers[place] += 1
        try:
            yield self._limiters_for(thread, limits)
        finally:
            self._answers[place] -= 1

    def count_answers(self) -> Mapping[WorkspaceKey, int]:
        """Return how many answers are written in each workspace now, where there are any."""
        return dict(+self._answers)

    def set_shares(self, shares: Mapping[WorkspaceKey, float], *, default: float) -> None:
        """Keep to these parts of what is granted in each workspace; in any other one to `otherwise`."""
        self._shares, self._default_share = shares, default
        for key, desk in self._limiters.items():
            desk.set_share(self._share_of(key))

    def take_refusals(self) -> Mapping[RateLimitKey, float]:
        """Return what the platform refused since this was asked, and until when by the loop's clock."""
        taken, self._unreported_refusals = self._unreported_refusals, {}
        return taken

    def restore_refusals(self, refused: Mapping[RateLimitKey, float]) -> None:
        """Take back what could not be told."""
        self._unreported_refusals = {**refused, **self._unreported_refusals}

    def block(self, refused: Mapping[RateLimitKey, float]) -> None:
        """Obey what the platform refused any process, for so many seconds from now on."""
        now = asyncio.get_running_loop().time()
        self._blocked_until = {limit: now + seconds for limit, seconds in refused.items()}
        for limit in self._limiters.keys() & refused:
            self._limiters[limit].block(refused[limit])

    def get_limiter(self, limit: RateLimitKey, *, per_minute: float, burst: int) -> RateLimiter:
        """Give the desk for what a platform limits by itself, and what it guarantees there."""
        if limit not in self._limiters:
            self._limiters[limit] = self._create_limiter(limit, TokenBucket(per_minute=per_minute, burst=burst))
        return self._limiters[limit]

    def _limiters_for(self, thread: ThreadKey, limits: SurfaceLimits) -> LimitersByMethod:
        rates = {
            WriteMethod.POST: (limits.posts_per_minute, limits.posts_burst),
            WriteMethod.EDIT: (limits.edits_per_minute, limits.edits_burst),
            WriteMethod.START: (limits.starts_per_minute, limits.appends_burst // 2),
            WriteMethod.ADD: (limits.appends_per_minute, limits.appends_burst),
            WriteMethod.END: (limits.starts_per_minute, limits.appends_burst // 2),
        }
        return {means: self._limiter_for(thread, means, *rate) for means, rate in rates.items()}

    def _limiter_for(self, thread: ThreadKey, method: WriteMethod, per_minute: float, burst: int) -> RateLimiter:
        name = f"{method} {thread.channel}" if method is WriteMethod.POST else method.value
        limit = (thread.platform, thread.workspace, name)
        return self.get_limiter(limit, per_minute=per_minute, burst=burst)

    def _create_limiter(self, limit: RateLimitKey, bucket: TokenBucket) -> RateLimiter:
        desk = RateLimiter(bucket, partial(self._note_refusal, limit))
        desk.set_share(self._share_of(limit))
        seconds = self._blocked_until.get(limit, 0.0) - asyncio.get_running_loop().time()
        if seconds > 0:
            desk.block(seconds)
        return desk

    def _note_refusal(self, limit: RateLimitKey, seconds: float) -> None:
        self._unreported_refusals[limit] = asyncio.get_running_loop().time() + seconds
        self.changed.set()

    def _share_of(self, limit: RateLimitKey) -> float:
        return self._shares.get(limit[:2], self._default_share)
