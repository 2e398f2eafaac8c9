"""Claims turns, runs them in thread order, and recovers those of dead processes.

A thread's turns run one after the other; many threads run at once. A process owns the turns that it claimed
for as long as its lease is valid, which each heartbeat renews. On PostgreSQL the end of its session ends that
sooner: see `lease`.

    second   process A                             process B
       0     claims turn 7 (token 1), heartbeat
       5     heartbeat: lease valid until 35
       6     freezes                               (turn 7 is A's)
      34     (its own clock: lease no longer certain, so it would write nothing)
      36                                           sees that A's lease ended, claims turn 7 (token 2)
      40     wakes up: cancels its tasks, and registers anew; the store refuses any write with token 1

Three ways lead to work: `start` runs a turn at once that this process recorded and claimed; a notification of
the database calls `wake`; and a poll each second finds what other processes gave back or died over. The poll
alone would be enough, so that a lost notification costs a second and nothing more.

A turn whose claim is in doubt, because the store failed, is *stranded*: the poll releases it as soon as the
store answers. So every turn that this process owns is settled, released or stranded; and every task is held
in a set and awaited at the end.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, TypeAlias

import structlog

from bot.conversation.lease import HEARTBEATS_PER_LEASE, Lease
from bot.core.errors import BotError, ClaimLost, StoreError
from bot.core.turns import Turn, TurnStatus
from bot.log import describe_error
from bot.ports import WorkQueue

RunInBackground: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]
"""`Worker.run_in_background`: starts a coroutine that nobody awaits."""
POLL_INTERVAL_SECONDS = 1.0
"""How often the worker looks for work without being notified."""
MAX_ATTEMPTS = 5
"""A turn that was claimed more often is given up: it seems to end every process that runs it."""

log = structlog.get_logger()


class TurnRunner(Protocol):
    """Runs one turn to its end: `Answerer`, and `AdmissionCheck` in front of it."""

    async def answer(self, turn: Turn) -> Turn | None:
        """Answer a claimed turn, and return the thread's next one, claimed, or None. Raises `StoreError`."""
        ...

    async def give_up(self, turn: Turn, error: type[BotError]) -> Turn | None:
        """End a turn with the error's sentence, and return the thread's next one, claimed, or None."""
        ...

    def stop(self, turn: int) -> None:
        """Stop a turn where it is, if it runs in this process."""
        ...

    @property
    def finishing(self) -> int:
        """How many turns need the model no more, and only wait until the platform lets their end be shown."""
        ...


class Worker:
    """Runs turns: in order within a thread, and many threads at once."""

    def __init__(self, store: WorkQueue, runner: TurnRunner, *, lease: Lease, max_threads: int) -> None:
        """`max_threads` is how many threads are worked on at the same time.

        A thread whose answer is complete and only waits for the platform's rate limits does not count.
        """
        self._store = store
        self._runner = runner
        self._max_threads = max_threads
        self._lease = lease
        self._tasks: set[asyncio.Task[None]] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._stranded: list[Turn] = []
        self._woken = asyncio.Event()
        self._is_work_waiting = False
        self.is_draining = False

    def has_capacity(self) -> bool:
        """Return whether this process may begin to work on one more thread."""
        return not self.is_draining and self._lease.is_certain() and self._free_threads() > 0

    def _free_threads(self) -> int:
        return self._max_threads - (len(self._tasks) - self._runner.finishing)

    def start(self, turn: Turn) -> None:
        """Run a claimed turn, and then those that follow it in its thread."""
        if self._lease.is_certain():
            task = asyncio.create_task(self._run_thread(turn), name=f"turn-{turn.id}")
            self._track(self._tasks, task)
            task.add_done_callback(self._look_again)
        else:  # it was claimed while `_renew_lease` lets everything go
            self._stranded.append(turn)

    def _look_again(self, _ended: asyncio.Task[None]) -> None:
        """Look for work at once when a thread has ended, if there was some the last time."""
        if self._is_work_waiting:
            self.wake()

    def wake(self) -> None:
        """Look for work now rather than at the next poll."""
        self._woken.set()

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a coroutine that is not a turn; an error in it is logged."""
        self._track(self._background, asyncio.create_task(_log_failure(work), name="background"))

    def _track(self, tasks: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Renew the lease and claim work while the context lasts; give back all turns at its end."""
        background = [
            asyncio.create_task(self._poll(), name="poll"),
            asyncio.create_task(self._store.listen(self.wake, self._lease), name="listen"),
        ]
        try:
            yield
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await self._give_back()

    async def drain(self, grace: float) -> None:
        """Begin nothing more, let running answers end within `grace` seconds, and cancel the rest."""
        self.is_draining = True
        if running := self._tasks | self._background:
            await asyncio.wait(running, timeout=grace)
        await _cancel_all(self._tasks | self._background)

    async def _poll(self) -> None:
        is_healthy = True
        interval = min(POLL_INTERVAL_SECONDS, self._lease.seconds / HEARTBEATS_PER_LEASE)
        while True:
            self._woken.clear()
            try:
                await self._look_for_work()
            except Exception as error:  # noqa: BLE001 - without this loop no turn would ever be claimed again
                if is_healthy:
                    log.error(
                        "The store does not work; the bot keeps trying.",
                        action="store_down",
                        error=describe_error(error),
                    )
                is_healthy = False
            else:
                if not is_healthy:
                    log.info("The store works again.", action="store_up")
                is_healthy = True
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), interval)

    async def _look_for_work(self) -> None:
        if self._lease.is_due():
            await self._renew_lease()
        for turn in tuple(self._stranded):  # more may be stranded while one is released
            await self._release(turn)
            self._stranded.remove(turn)
        if self.has_capacity():
            claimed = await self._store.claim(self._free_threads())
            self._is_work_waiting = bool(claimed)
            for turn in claimed:
                self.start(turn)
        if self._tasks:  # people may have told another process to stop them
            for number in await self._store.list_turns_to_stop():
                self._runner.stop(number)

    async def _renew_lease(self) -> None:
        """Send a heartbeat. If the lease lapsed, first let go of all turns: others may own them by now."""
        is_over = not self._lease.is_certain()
        if is_over:
            await _cancel_all(self._tasks)
            await self._store.unregister()
        sent_at = self._lease.now()
        await self._store.record_heartbeat(self._lease.seconds)
        self._lease.renew(sent_at, anew=is_over)

    async def _release(self, turn: Turn) -> None:
        try:
            await self._store.release(turn)
        except ClaimLost:
            log.info("Another process has taken over a stranded turn.", action="claim_lost", turn=turn.id)

    async def _give_back(self) -> None:
        try:
            await self._store.unregister()
        except StoreError as error:
            log.warning(
                "The turns of this process could not be given back; others claim them when its lease ends.",
                action="leave_failed",
                error=error.code,
            )

    async def _run_thread(self, turn: Turn | None) -> None:
        while turn is not None and not self.is_draining:
            with structlog.contextvars.bound_contextvars(turn=turn.id, attempt=turn.attempt):
                turn = await self._end_turn(turn)

    async def _end_turn(self, turn: Turn) -> Turn | None:
        """End a turn, whatever happens, and return the thread's next one."""
        try:
            if turn.attempt > MAX_ATTEMPTS:
                return await self._runner.give_up(turn, BotError)
            return await self._runner.answer(turn)
        except StoreError as error:  # also a `ClaimLost` that was only feared, since the lease was in doubt
            log.warning("The turn is left to the process that owns it.", action="turn_stranded", error=error.code)
            self._stranded.append(turn)
            return None
        except Exception as error:  # noqa: BLE001 - a bug must end neither the process nor the thread
            log.error("A turn failed in an unforeseen way.", action="turn_broken", error=describe_error(error))
            return await self._give_up(turn)

    async def _give_up(self, turn: Turn) -> Turn | None:
        try:
            return await self._runner.give_up(turn, BotError)
        except Exception as error:  # noqa: BLE001 - the poll tries again, up to MAX_ATTEMPTS
            log.error("A turn could not be given up.", action="turn_stranded", error=describe_error(error))
            return await self._abandon(turn)

    async def _abandon(self, turn: Turn) -> Turn | None:
        """Let the poll release a turn, or end it in the store alone if it was claimed too often."""
        if turn.attempt > MAX_ATTEMPTS:
            with suppress(StoreError):
                return await self._store.settle(turn, TurnStatus.FAILED, error=BotError.code)
        self._stranded.append(turn)
        return None


async def _cancel_all(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in (ending := tuple(tasks)):
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def _log_failure(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - it is the top level of a task that nothing else awaits
        log.error("Work in the background failed.", action="aside_failed", error=describe_error(error))
