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

from bot.core.budget import Budget
from bot.core.domain import ThreadKey
from bot.core.pace import Pace
from bot.ports import SurfaceLimits
from bot.ports.shares import Limit, Place

TICK = 0.001
"""Seconds; a timer may fire a little before the time it was set for."""


class Means(StrEnum):
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
class Ticket:
    """A place in the line; await `granted`."""

    urgency: Urgency
    since: float
    """When this answer's screen was last brought up to date."""
    granted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Desk:
    """Grants the writes of one method in one workspace."""

    def __init__(self, budget: Budget, tell: Callable[[float], None] = lambda _: None) -> None:
        """`budget` begins with what is guaranteed; what is granted is found out.

        `tell` hears of each refusal, with its seconds.
        """
        self._budget = budget
        self._tell = tell
        self._pace = Pace(budget.per_minute)
        self._burst = budget.burst
        self._share = 1.0
        self._answers = 0
        self._clock = asyncio.get_running_loop().time
        self._line: list[Ticket] = []
        self._timer: asyncio.TimerHandle | None = None

    def line_up(self, urgency: Urgency, since: float) -> Ticket:
        """Take a place in the line."""
        ticket = Ticket(urgency, since)
        self._line.append(ticket)
        self._grant()
        return ticket

    def is_free(self) -> bool:
        """Return whether a write that matters little could go now."""
        return not self._line and self._budget.delay(self._clock(), last=False) <= 0

    def take(self, *, last: bool) -> bool:
        """Count a write that goes out now, if there is room, and return whether; nobody waits for it."""
        now = self._clock()
        is_free = not self._line and self._budget.delay(now, last=last) <= 0
        if is_free:
            self._took(now)
        return is_free

    @contextmanager
    def used(self) -> Iterator[None]:
        """Count one more answer that is shown by this desk's means, while it is."""
        self._answers += 1
        try:
            yield
        finally:
            self._answers -= 1

    def fair_interval(self) -> float:
        """Return the seconds between two writes of one answer, if all that are counted go in turn."""
        return self._budget.fair_interval(self._answers)

    def hurry(self, ticket: Ticket, urgency: Urgency) -> None:
        """Let a waiting write matter so much, or more, if it waits here."""
        if ticket in self._line and urgency < ticket.urgency:
            ticket.urgency = urgency
            self._grant()

    def leave(self, ticket: Ticket) -> None:
        """Give up a place in the line."""
        if ticket in self._line:
            self._line.remove(ticket)

    def refused(self, retry_after: float) -> None:
        """Obey the platform: nothing for `retry_after` seconds."""
        self.hold(retry_after)
        self._tell(retry_after)

    def hold(self, retry_after: float) -> None:
        """Obey likewise what the platform told another process; hearing it again changes nothing."""
        now = self._clock()
        self._budget.refused(now, retry_after)
        self._pace.refused(now, retry_after)
        self._adjust()

    def share(self, part: float) -> None:
        """Keep to a part of what is granted, since other processes write too; 1 is all of it."""
        self._share = part
        self._adjust()
        self._grant()

    def _adjust(self) -> None:
        rate, burst = self._pace.per_minute * self._share, round(self._burst * self._share)
        self._budget.adjust(per_minute=rate, burst=max(burst, 1))

    def _grant(self) -> None:
        """Let go whom the budget allows, and come back when it allows the next."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._line:
            first = min(self._line, key=lambda ticket: (ticket.urgency, ticket.since))
            now = self._clock()
            delay = self._budget.delay(now, last=first.urgency is Urgency.LAST)
            if delay > 0:
                self._timer = asyncio.get_running_loop().call_later(delay + TICK, self._grant)
                return
            self._took(now)
            self._line.remove(first)
            first.granted.set_result(None)

    def _took(self, now: float) -> None:
        self._budget.take(now)
        self._pace.took(now, share=self._share)
        self._adjust()


Desks = Mapping[Means, Desk]
"""Where one answer lines up: for posts with the answers of its channel, else with those of its workspace."""


class AllDesks:
    """The desks of every channel and workspace; one of these serves the whole process."""

    def __init__(self) -> None:
        self._desks: dict[Limit, Desk] = {}
        self._answers: Counter[Place] = Counter()
        self._parts: Mapping[Place, float] = {}
        self._otherwise = 1.0
        self._refused: dict[Limit, float] = {}  # us, until when, and nobody was told
        self._held: dict[Limit, float] = {}  # anybody, until when
        self.news = asyncio.Event()
        """Set when a workspace gets the first answer of ours, and when the platform refuses us."""

    @contextmanager
    def writing(self, thread: ThreadKey, limits: SurfaceLimits) -> Iterator[Desks]:
        """Give the desks for an answer in a thread, on a platform with these limits, while it is written."""
        place = (thread.platform, thread.workspace)
        if not self._answers[place]:
            self.news.set()
        self._answers[place] += 1
        try:
            yield self._of(thread, limits)
        finally:
            self._answers[place] -= 1

    def answers(self) -> Mapping[Place, int]:
        """Return how many answers are written in each workspace now, where there are any."""
        return dict(+self._answers)

    def share(self, parts: Mapping[Place, float], *, otherwise: float) -> None:
        """Keep to these parts of what is granted in each workspace; in any other one to `otherwise`."""
        self._parts, self._otherwise = parts, otherwise
        for key, desk in self._desks.items():
            desk.share(self._part(key))

    def take_refusals(self) -> Mapping[Limit, float]:
        """Return what the platform refused since this was asked, and until when by the loop's clock."""
        taken, self._refused = self._refused, {}
        return taken

    def keep_refusals(self, refused: Mapping[Limit, float]) -> None:
        """Take back what could not be told."""
        self._refused = {**refused, **self._refused}

    def hold(self, refused: Mapping[Limit, float]) -> None:
        """Obey what the platform refused any process, for so many seconds from now on."""
        now = asyncio.get_running_loop().time()
        self._held = {limit: now + seconds for limit, seconds in refused.items()}
        for limit in self._desks.keys() & refused:
            self._desks[limit].hold(refused[limit])

    def desk(self, limit: Limit, *, per_minute: float, burst: int) -> Desk:
        """Give the desk for what a platform limits by itself, and what it guarantees there."""
        if limit not in self._desks:
            self._desks[limit] = self._opened(limit, Budget(per_minute=per_minute, burst=burst))
        return self._desks[limit]

    def _of(self, thread: ThreadKey, limits: SurfaceLimits) -> Desks:
        rates = {
            Means.POST: (limits.posts_per_minute, limits.posts_burst),
            Means.EDIT: (limits.edits_per_minute, limits.edits_burst),
            Means.START: (limits.starts_per_minute, limits.appends_burst // 2),
            Means.ADD: (limits.appends_per_minute, limits.appends_burst),
            Means.END: (limits.starts_per_minute, limits.appends_burst // 2),
        }
        return {means: self._desk(thread, means, *rate) for means, rate in rates.items()}

    def _desk(self, thread: ThreadKey, means: Means, per_minute: float, burst: int) -> Desk:
        name = f"{means} {thread.channel}" if means is Means.POST else means.value
        limit = (thread.platform, thread.workspace, name)
        return self.desk(limit, per_minute=per_minute, burst=burst)

    def _opened(self, limit: Limit, budget: Budget) -> Desk:
        desk = Desk(budget, partial(self._was_refused, limit))
        desk.share(self._part(limit))
        seconds = self._held.get(limit, 0.0) - asyncio.get_running_loop().time()
        if seconds > 0:
            desk.hold(seconds)
        return desk

    def _was_refused(self, limit: Limit, seconds: float) -> None:
        self._refused[limit] = asyncio.get_running_loop().time() + seconds
        self.news.set()

    def _part(self, limit: Limit) -> float:
        return self._parts.get(limit[:2], self._otherwise)
