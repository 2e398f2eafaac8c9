"""Hears, over a connection of its own, what other processes tell: PostgreSQL's LISTEN.

Separate because it is the one use of the database that is no transaction, and cannot go through a pool. It
is only a hint: whoever polls finds the same later. So it never fails; it goes on trying.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Final

import psycopg
import structlog
from psycopg import sql
from sqlalchemy import URL

from bot.store.postgres import CONNECT_ARGS

FIRST_RETRY_DELAY_SECONDS: Final = 1.0
MAX_RETRY_DELAY_SECONDS: Final = 30.0
"""Seconds until the next attempt to connect: the first time, and at most. Each doubles the one before."""

log = structlog.get_logger()


async def listen(url: URL, callbacks: Mapping[str, Callable[[], None]]) -> None:
    """Make the call of a channel in `heard` at each of its notifications, until cancelled.

    Connects again whenever the connection is lost.
    """
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    pause = FIRST_RETRY_DELAY_SECONDS
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(address, autocommit=True, **CONNECT_ARGS) as session:
                for channel in callbacks:
                    await session.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                pause = FIRST_RETRY_DELAY_SECONDS
                async with aclosing(session.notifies()) as notices:
                    async for notice in notices:
                        callbacks[notice.channel]()
        except (psycopg.Error, OSError):
            log.info("What others tell is found by polling for now.", action="listen_lost", pause=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_RETRY_DELAY_SECONDS)
