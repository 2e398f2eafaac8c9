"""Receives notifications of other processes, by PostgreSQL's LISTEN on a connection of its own.

A transaction that leaves work for others calls `pg_notify`. PostgreSQL sends the notification at the commit:

    process a: settle_turn, NOTIFY_IF_WORK, COMMIT
    process b: listen -> callbacks["threadkeeper_work"]() -> Worker.wake -> claim

A notification is only a hint: the worker also polls, and finds the same work a second later. So `listen` never
raises. If the connection is lost it connects again, after 1, 2, 4, ... and at most 30 seconds.
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
"""How long to wait before the next attempt to connect: at first, and at most."""

log = structlog.get_logger()


async def listen(url: URL, callbacks: Mapping[str, Callable[[], None]]) -> None:
    """Call `callbacks[channel]()` at each notification on that channel, until cancelled."""
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
            log.info(
                "The connection for notifications is lost; work is found by polling until it is back.",
                action="listen_lost",
                pause=pause,
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_RETRY_DELAY_SECONDS)
