"""Hears, over a connection of its own, that other processes hand work over: PostgreSQL's LISTEN.

Separate because it is the one use of the database that is no transaction, and cannot go through a pool. It
is only a hint: whoever polls finds the same work later. So it never fails; it goes on trying.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

import psycopg
import structlog
from sqlalchemy import URL

from bot.store.postgres import CONNECT_ARGS
from bot.store.statements import WORK

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
"""Seconds until the next attempt to connect: the first time, and at most. Each doubles the one before."""

log = structlog.get_logger()


async def listen(url: URL, wake: Callable[[], None]) -> None:
    """Call `wake` at each notification, until cancelled; connect again whenever the connection is lost."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    pause = FIRST_PAUSE
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                address, autocommit=True, **CONNECT_ARGS
            ) as session:
                await session.execute(f"LISTEN {WORK}")
                pause = FIRST_PAUSE
                async with aclosing(session.notifies()) as notices:
                    async for _notice in notices:
                        wake()
        except (psycopg.Error, OSError):
            log.info("Work handed over is found by polling for now.", action="listen_lost", pause=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
