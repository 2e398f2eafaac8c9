"""Tells processes on PostgreSQL apart that live and that have died, by an advisory lock that each one's session holds.

PostgreSQL ends a session when its process dies, and frees its locks. The session is the connection that listens for
notifications, too. Each process asks about all of them four times a second:

    process a    lock 17, workers.session_key = 17
    process b    SELECT ... pg_try_advisory_xact_lock_shared(17)    refused: a lives
    process a    dies
    process b    the lock is given: a's session has ended; after TAKEOVER_DELAY_SECONDS: DELETE a's row, free its turns

The same question tells a process that its own session is open, which `conversation.lease` needs before each write. A
process that lost its session while it lives clears its key. If another process was faster, its row is gone: then its
turns are, too. Each session has a key of its own, so nobody takes the lock of a later session for that of an earlier.

A pooler that gives each transaction another session would hide the death of a process, or report that of a living
one. Notifications do not come through such a pooler. So the session first sends one to itself from another
connection; if that does not come, only the lease counts.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import psycopg
import structlog
from sqlalchemy import Connection, func, select

from bot.core.errors import StoreError
from bot.ports.work_queue import TAKEOVER_DELAY_SECONDS, SessionObserver
from bot.store.conversations import processes
from bot.store.database import Database
from bot.store.postgres import WAIT_TIMEOUT_SECONDS

SESSION_CHANNEL: Final = "threadkeeper_session"
"""The PostgreSQL channel on which a session hears of itself."""

CHECK_INTERVAL_SECONDS: Final = 0.25
"""How often a process asks which sessions are open, and confirms its own."""

ECHO_TIMEOUT_SECONDS: Final = 5.0
"""How long a session waits for its own notification until it counts as hidden behind a pooler."""

KEY_BITS: Final = 63
"""Keys of advisory locks are signed integers of 64 bits."""

TAKE_LOCK: Final = "SELECT pg_advisory_lock(%s)"

SELECT_SESSIONS: Final = """
SELECT id, session_key, CASE WHEN id <> %s THEN pg_try_advisory_xact_lock_shared(session_key) END FROM workers
"""
"""The processes, their keys, and whether the lock is free; a shared lock, so that several may ask at once."""

log = structlog.get_logger()

Session = psycopg.AsyncConnection[tuple[Any, ...]]


class ProcessSession:
    """The session of one process, and what it sees of the others."""

    def __init__(self, database: Database, owner: str, observer: SessionObserver) -> None:
        self._database = database
        self._owner = owner
        self._observer = observer
        self._now = asyncio.get_running_loop().time
        self._key: int | None = None  # of the lock; None: there is none, or it says nothing
        self._free_since: dict[tuple[str, int], float] = {}  # when the lock of a process was first seen free
        self._are_turns_left = False

    async def open(self, session: Session, hears: Callable[[str], Awaitable[bool]]) -> None:
        """Take the lock, and name it in the row of this process; `hears` waits for a notification with a text.

        Raises `StoreError` and `psycopg.Error`.
        """
        key, asked_at = secrets.randbits(KEY_BITS), self._now()
        await session.execute(TAKE_LOCK, [key])
        await self._database.tx(_send_echo, key)
        if not await hears(str(key)):
            log.warning(
                "The pooler of the database hides sessions; when a process dies, others take over after its lease.",
                action="session_hidden",
            )
            return
        self._key = key
        self._observer.confirm_session(asked_at)  # from now on: the row may name the key before we hear of it
        await self._database.tx(processes.set_session, self._owner, key)

    async def check(self, session: Session) -> None:
        """Confirm that the session is open, and free the turns of processes whose session has ended."""
        asked_at = self._now()
        async with asyncio.timeout(WAIT_TIMEOUT_SECONDS):
            rows = await (await session.execute(SELECT_SESSIONS, [self._owner])).fetchall()
        if self._key is not None:
            self._observer.confirm_session(asked_at)
        with suppress(StoreError):  # the next check tries again
            if self._key is not None and (self._owner, None) in {row[:2] for row in rows}:
                await self._database.tx(processes.set_session, self._owner, self._key)  # it had to register anew
            await self._remove_dead({(owner, key) for owner, key, is_free in rows if is_free})

    async def lose(self) -> None:
        """Know that the session has ended, and wait until the database says whose the turns are."""
        self._free_since.clear()
        while self._key is not None:
            self._observer.doubt_session()
            try:
                is_kept = await self._database.tx(processes.end_session, self._owner, self._key)
            except StoreError:
                await asyncio.sleep(CHECK_INTERVAL_SECONDS)
                continue
            self._key = None
            if is_kept:
                self._observer.end_session()
            else:
                log.warning("Another process has taken over the turns of this one.", action="session_taken")
                self._observer.revoke()

    async def _remove_dead(self, free: set[tuple[str, int]]) -> None:
        now = self._now()
        self._free_since = {each: self._free_since.get(each, now) for each in free}
        dead = [each for each, since in self._free_since.items() if now - since >= TAKEOVER_DELAY_SECONDS]
        if dead or self._are_turns_left:
            self._are_turns_left = await self._database.tx(processes.remove_dead_workers, dead)
            for owner, _key in dead:
                log.info(
                    "A process has ended without a word; its turns are free.", action="process_died", process=owner
                )


def _send_echo(connection: Connection, key: int) -> None:
    connection.execute(select(func.pg_notify(SESSION_CHANNEL, str(key))))
