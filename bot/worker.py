"""Turns in order within a thread, many threads at once: who works on what, and what happens when not.

Separate from `answering`, which knows one turn, because ownership, recovery and shutdown are a subject of
their own. Rules: every task is held and awaited; a turn that this process owns is settled, released or
known to be stranded; the poll is the safety net, the normal start is immediate.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

import structlog

from bot.core.domain import Turn
from bot.core.errors import BotError, ClaimLost, StoreError
from bot.log import where
from bot.ports import Store

BEATS = 6
"""Heartbeats in a lease (facts/durability.md 9: every 5 of 30 seconds)."""
MARGIN = 1.0
"""Seconds before the end of the lease from which on nothing is written any more: clocks differ in speed."""
POLL = 1.0
"""Seconds between looks for work that nobody announced."""
MAX_ATTEMPTS = 5
"""A turn claimed more often than this is given up: something about it ends every process."""

log = structlog.get_logger()


class Craft(Protocol):
    """How a turn is ended; `Answering` is one."""

    async def answer(self, turn: Turn) -> Turn | None:
        """End a turn, and return the thread's next one, claimed, or None."""
        ...

    async def give_up(self, turn: Turn, error: type[BotError]) -> Turn | None:
        """Likewise, without an answer."""
        ...

    def stop(self, turn: int) -> None:
        """Let a turn that is being ended end where it is."""
        ...


class Lease:
    """How long this process counts as alive, by its own clock."""

    def __init__(self, length: float) -> None:
        """Begin a lease: who is silent for `length` seconds counts as dead, and others take over."""
        self.length = length
        self.now = asyncio.get_running_loop().time
        self._renewed = self.now()
        self._due = self._renewed

    def is_due(self) -> bool:
        """Return whether it is time for a heartbeat."""
        return self.now() >= self._due

    def renewed(self, began: float) -> None:
        """Note a heartbeat that succeeded; `began` is when it was sent."""
        self._renewed = began
        self._due = began + self.length / BEATS

    def is_certain(self) -> bool:
        """Return whether what this process holds is still certain to be its own.

        One that was frozen, or cut off from its database, finds out here before it writes.
        """
        return self.now() - self._renewed < self.length - MARGIN


class Worker:
    """Runs turns, each thread's one after the other."""

    def __init__(
        self,
        store: Store,
        craft: Craft,
        *,
        lease: Lease,
        limit: int,
    ) -> None:
        """`limit` is the number of threads that are worked on at the same time."""
        self._store = store
        self._craft = craft
        self._limit = limit
        self._lease = lease
        self._tasks: set[asyncio.Task[None]] = set()
        self._asides: set[asyncio.Task[None]] = set()
        self._stranded: list[Turn] = []
        self._news = asyncio.Event()
        self.is_draining = False

    def has_room(self) -> bool:
        """Return whether a further thread may be worked on now."""
        return not self.is_draining and self._lease.is_certain() and len(self._tasks) < self._limit

    def start(self, turn: Turn) -> None:
        """Work on a claimed turn, and on those that follow it in its thread."""
        if self._lease.is_certain():
            self._hold(self._tasks, asyncio.create_task(self._run(turn), name=f"turn-{turn.id}"))
        else:  # it was claimed while everything is let go: see `_beat`
            self._stranded.append(turn)

    def wake(self) -> None:
        """Look for work that nobody does, now."""
        self._news.set()

    def aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the turns; what goes wrong there is logged."""
        self._hold(self._asides, asyncio.create_task(_logged(work), name="aside"))

    def _hold(self, tasks: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Beat, free what dead processes held, and claim what nobody works on, while the context lasts.

        At its end whatever this process still holds is given back.
        """
        background = [
            asyncio.create_task(self._watch(), name="watch"),
            asyncio.create_task(self._store.listen(self.wake), name="listen"),
        ]
        try:
            yield
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await self._leave()

    async def _watch(self) -> None:
        healthy = True
        while True:
            self._news.clear()
            try:
                if self._lease.is_due():
                    await self._beat()
                await self._take_up()
                await self._heed()
            except Exception as error:  # noqa: BLE001 - without this loop nothing would be taken up again
                if healthy:
                    log.error(
                        "The store does not work; it is tried on.", action="store_down", error=where(error)
                    )
                healthy = False
            else:
                if not healthy:
                    log.info("The store works again.", action="store_up")
                healthy = True
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(POLL, self._lease.length / BEATS))

    async def _beat(self) -> None:
        """Renew the lease; what was claimed under one that lapsed is let go first: it may be another's."""
        if not self._lease.is_certain():
            await _cancelled(self._tasks)
            await self._store.leave()
        began = self._lease.now()
        await self._store.beat(self._lease.length)
        self._lease.renewed(began)

    async def drain(self, grace: float) -> None:
        """Begin nothing more, let running answers end within `grace` seconds, and cut the rest short."""
        self.is_draining = True
        if running := self._tasks | self._asides:
            await asyncio.wait(running, timeout=grace)
        await _cancelled(self._tasks | self._asides)

    async def _leave(self) -> None:
        try:
            await self._store.leave()
        except StoreError as error:
            log.warning(
                "The turns of this process stay until its lease ends.",
                action="leave_failed",
                error=error.code,
            )

    async def _take_up(self) -> None:
        for turn in tuple(self._stranded):  # more may be stranded while one is released
            await self._release(turn)
            self._stranded.remove(turn)
        if self.has_room():
            for turn in await self._store.claim(self._limit - len(self._tasks)):
                self.start(turn)

    async def _heed(self) -> None:
        """Stop what people want stopped: they may have told another process."""
        if self._tasks:
            for turn in await self._store.to_stop():
                self._craft.stop(turn)

    async def _run(self, turn: Turn | None) -> None:
        while turn is not None and not self.is_draining:
            with structlog.contextvars.bound_contextvars(turn=turn.id, attempt=turn.attempt):
                turn = await self._next(turn)

    async def _next(self, turn: Turn) -> Turn | None:
        """End a turn, whatever happens, and return the one to go on with."""
        try:
            if turn.attempt > MAX_ATTEMPTS:
                return await self._craft.give_up(turn, BotError)
            return await self._craft.answer(turn)
        except StoreError as error:  # its loss too, if it was only feared: see `is_ours`
            log.warning("The turn is left; who holds it goes on.", action="turn_stranded", error=error.code)
            self._stranded.append(turn)
        except Exception as error:  # noqa: BLE001 - a bug must neither end the process nor the thread
            log.error("A turn failed in an unforeseen way.", action="turn_broken", error=where(error))
            return await self._surrender(turn)
        return None

    async def _surrender(self, turn: Turn) -> Turn | None:
        try:
            return await self._craft.give_up(turn, BotError)
        except Exception as error:  # noqa: BLE001 - the last resort: the poll tries again, up to MAX_ATTEMPTS
            log.error("A turn could not be given up.", action="turn_stranded", error=where(error))
            self._stranded.append(turn)
            return None

    async def _release(self, turn: Turn) -> None:
        try:
            await self._store.release(turn)
        except ClaimLost:
            log.info("A stranded turn was taken over.", action="claim_lost", turn=turn.id)


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in (ending := tuple(tasks)):
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - nobody waits for it, and it is no turn
        log.error("Something beside the turns failed.", action="aside_failed", error=where(error))
