"""Turns in order within a thread, many threads at once: who works on what, and what happens when not.

Separate from `answering`, which knows one turn, because ownership, recovery and shutdown are a subject of
their own. Rules: every task is held and awaited; a turn that this process owns is settled, released or
known to be stranded; the poll is the safety net, the normal start is immediate.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from bot.core.domain import Turn
from bot.core.errors import BotError, ClaimLost, StoreError
from bot.log import where
from bot.ports import Store

LEASE = 30.0
"""Seconds of silence after which a process counts as dead; a beat each five (facts/durability.md 9)."""
BEAT = 5.0
POLL = 1.0
MAX_CLAIMS = 5
"""A turn claimed more often than this is given up: something about it ends every process."""

log = structlog.get_logger()


class Worker:
    """Runs turns, each thread's one after the other."""

    def __init__(
        self,
        store: Store,
        *,
        answer: Callable[[Turn], Awaitable[Turn | None]],
        give_up: Callable[[Turn, type[BotError]], Awaitable[Turn | None]],
        limit: int,
    ) -> None:
        """`answer` and `give_up` end a turn and return the thread's next one, claimed, or None."""
        self._store = store
        self._answer = answer
        self._give_up = give_up
        self._limit = limit
        self._tasks: set[asyncio.Task[None]] = set()
        self._stranded: list[Turn] = []
        self._draining = False

    def has_room(self) -> bool:
        """Return whether a further thread may be worked on now."""
        return not self._draining and len(self._tasks) < self._limit

    def start(self, turn: Turn) -> None:
        """Work on a claimed turn, and on those that follow it in its thread."""
        task = asyncio.create_task(self._run(turn), name=f"turn-{turn.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Beat, free what dead processes held, and claim what nobody works on, while the context lasts.

        At its end whatever this process still holds is given back.
        """
        watch = asyncio.create_task(self._watch(), name="watch")
        try:
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            await self._leave()

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop().time
        last_beat, healthy = -BEAT, True
        while True:
            try:
                if clock() - last_beat >= BEAT:
                    await self._store.beat(LEASE)
                    last_beat = clock()
                await self._take_up()
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
            await asyncio.sleep(POLL)

    async def drain(self, grace: float) -> None:
        """Begin nothing more, let running answers end within `grace` seconds, and cut the rest short."""
        self._draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in (unfinished := set(self._tasks)):
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

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
        while self._stranded:
            await self._release(self._stranded[-1])
            self._stranded.pop()
        if self.has_room():
            for turn in await self._store.claim(self._limit - len(self._tasks)):
                self.start(turn)

    async def _run(self, turn: Turn | None) -> None:
        while turn is not None and not self._draining:
            with structlog.contextvars.bound_contextvars(turn=turn.id, attempt=turn.token):
                turn = await self._next(turn)

    async def _next(self, turn: Turn) -> Turn | None:
        """End a turn, whatever happens, and return the one to go on with."""
        try:
            if turn.token > MAX_CLAIMS:
                return await self._give_up(turn, BotError)
            return await self._answer(turn)
        except ClaimLost:
            log.warning("Another process took this turn over.", action="claim_lost")
        except StoreError as error:
            log.warning(
                "The turn could not be saved; it is tried again.", action="turn_stranded", error=error.code
            )
            self._stranded.append(turn)
        except Exception as error:  # noqa: BLE001 - a bug must neither end the process nor the thread
            log.error("A turn failed in an unforeseen way.", action="turn_broken", error=where(error))
            return await self._surrender(turn)
        return None

    async def _surrender(self, turn: Turn) -> Turn | None:
        try:
            return await self._give_up(turn, BotError)
        except Exception as error:  # noqa: BLE001 - the last resort: the poll tries again, up to MAX_CLAIMS
            log.error("A turn could not be given up.", action="turn_stranded", error=where(error))
            self._stranded.append(turn)
            return None

    async def _release(self, turn: Turn) -> None:
        try:
            await self._store.release(turn)
        except ClaimLost:
            log.info("A stranded turn was taken over.", action="claim_lost", turn=turn.id)
