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

from bot.core.errors import BotError, ClaimLost, StoreError
from bot.core.turns import Turn
from bot.log import describe_error
from bot.ports import WorkQueue

HEARTBEATS_PER_LEASE = 6
"""Heartbeats in a lease (facts/durability.md 9: every 5 of 30 seconds)."""
LEASE_MARGIN_SECONDS = 1.0
"""Seconds before the end of the lease from which on nothing is written any more: clocks differ in speed."""
POLL_INTERVAL_SECONDS = 1.0
"""Seconds between looks for work that nobody announced."""
MAX_ATTEMPTS = 5
"""A turn claimed more often than this is given up: something about it ends every process."""

log = structlog.get_logger()


class TurnRunner(Protocol):
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

    def __init__(self, seconds: float) -> None:
        """Begin a lease: who is silent for `length` seconds counts as dead, and others take over."""
        self.seconds = seconds
        self.now = asyncio.get_running_loop().time
        self._renewed_at = self.now()
        self._due_at = self._renewed_at

    def is_due(self) -> bool:
        """Return whether it is time for a heartbeat."""
        return self.now() >= self._due_at

    def renew(self, sent_at: float) -> None:
        """Note a heartbeat that succeeded; `began` is when it was sent."""
        self._renewed_at = sent_at
        self._due_at = sent_at + self.seconds / HEARTBEATS_PER_LEASE

    def is_certain(self) -> bool:
        """Return whether what this process holds is still certain to be its own.

        One that was frozen, or cut off from its database, finds out here before it writes.
        """
        return self.now() - self._renewed_at < self.seconds - LEASE_MARGIN_SECONDS


class Worker:
    """Runs turns, each thread's one after the other."""

    def __init__(self, store: WorkQueue, runner: TurnRunner, *, lease: Lease, max_threads: int) -> None:
        """`limit` is the number of threads that are worked on at the same time."""
        self._store = store
        self._runner = runner
        self._max_threads = max_threads
        self._lease = lease
        self._tasks: set[asyncio.Task[None]] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._stranded: list[Turn] = []
        self._woken = asyncio.Event()
        self.is_draining = False

    def has_capacity(self) -> bool:
        """Return whether a further thread may be worked on now."""
        return not self.is_draining and self._lease.is_certain() and len(self._tasks) < self._max_threads

    def start(self, turn: Turn) -> None:
        """Work on a claimed turn, and on those that follow it in its thread."""
        if self._lease.is_certain():
            self._track(self._tasks, asyncio.create_task(self._run_thread(turn), name=f"turn-{turn.id}"))
        else:  # it was claimed while everything is let go: see `_beat`
            self._stranded.append(turn)

    def wake(self) -> None:
        """Look for work that nobody does, now."""
        self._woken.set()

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the turns; what goes wrong there is logged."""
        self._track(self._background, asyncio.create_task(_log_failure(work), name="aside"))

    def _track(self, tasks: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Beat, free what dead processes held, and claim what nobody works on, while the context lasts.

        At its end whatever this process still holds is given back.
        """
        background = [
            asyncio.create_task(self._poll(), name="watch"),
            asyncio.create_task(self._store.listen(self.wake), name="listen"),
        ]
        try:
            yield
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await self._give_back()

    async def _poll(self) -> None:
        healthy = True
        while True:
            self._woken.clear()
            try:
                if self._lease.is_due():
                    await self._renew_lease()
                await self._claim_work()
                await self._apply_stops()
            except Exception as error:  # noqa: BLE001 - without this loop nothing would be taken up again
                if healthy:
                    log.error(
                        "The store does not work; it is tried on.", action="store_down", error=describe_error(error)
                    )
                healthy = False
            else:
                if not healthy:
                    log.info("The store works again.", action="store_up")
                healthy = True
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    self._woken.wait(), min(POLL_INTERVAL_SECONDS, self._lease.seconds / HEARTBEATS_PER_LEASE)
                )

    async def _renew_lease(self) -> None:
        """Renew the lease; what was claimed under one that lapsed is let go first: it may be another's."""
        if not self._lease.is_certain():
            await _cancel_all(self._tasks)
            await self._store.unregister()
        began = self._lease.now()
        await self._store.record_heartbeat(self._lease.seconds)
        self._lease.renew(began)

    async def drain(self, grace: float) -> None:
        """Begin nothing more, let running answers end within `grace` seconds, and cut the rest short."""
        self.is_draining = True
        if running := self._tasks | self._background:
            await asyncio.wait(running, timeout=grace)
        await _cancel_all(self._tasks | self._background)

    async def _give_back(self) -> None:
        try:
            await self._store.unregister()
        except StoreError as error:
            log.warning("The turns of this process stay until its lease ends.", action="leave_failed", error=error.code)

    async def _claim_work(self) -> None:
        for turn in tuple(self._stranded):  # more may be stranded while one is released
            await self._release(turn)
            self._stranded.remove(turn)
        if self.has_capacity():
            for turn in await self._store.claim(self._max_threads - len(self._tasks)):
                self.start(turn)

    async def _apply_stops(self) -> None:
        """Stop what people want stopped: they may have told another process."""
        if self._tasks:
            for turn in await self._store.list_turns_to_stop():
                self._runner.stop(turn)

    async def _run_thread(self, turn: Turn | None) -> None:
        while turn is not None and not self.is_draining:
            with structlog.contextvars.bound_contextvars(turn=turn.id, attempt=turn.attempt):
                turn = await self._end_turn(turn)

    async def _end_turn(self, turn: Turn) -> Turn | None:
        """End a turn, whatever happens, and return the one to go on with."""
        try:
            if turn.attempt > MAX_ATTEMPTS:
                return await self._runner.give_up(turn, BotError)
            return await self._runner.answer(turn)
        except StoreError as error:  # its loss too, if it was only feared: see `is_ours`
            log.warning("The turn is left; who holds it goes on.", action="turn_stranded", error=error.code)
            self._stranded.append(turn)
        except Exception as error:  # noqa: BLE001 - a bug must neither end the process nor the thread
            log.error("A turn failed in an unforeseen way.", action="turn_broken", error=describe_error(error))
            return await self._give_up(turn)
        return None

    async def _give_up(self, turn: Turn) -> Turn | None:
        try:
            return await self._runner.give_up(turn, BotError)
        except Exception as error:  # noqa: BLE001 - the last resort: the poll tries again, up to MAX_ATTEMPTS
            log.error("A turn could not be given up.", action="turn_stranded", error=describe_error(error))
            self._stranded.append(turn)
            return None

    async def _release(self, turn: Turn) -> None:
        try:
            await self._store.release(turn)
        except ClaimLost:
            log.info("A stranded turn was taken over.", action="claim_lost", turn=turn.id)


async def _cancel_all(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in (ending := tuple(tasks)):
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def _log_failure(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - nobody waits for it, and it is no turn
        log.error("Something beside the turns failed.", action="aside_failed", error=describe_error(error))
