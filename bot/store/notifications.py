"""Receives notifications of other processes, by PostgreSQL's LISTEN on a connection of its own.

A transaction that leaves work for others calls `pg_notify`. PostgreSQL sends the notification at the commit:

    process a: settle_turn, NOTIFY_IF_WORK, COMMIT
    process b: listen -> callbacks["threadkeeper_work"]() -> Worker.wake -> claim

A notification is only a hint: the worker also polls, and finds the same work a second later. So `listen` never
raises. If the connection is lost it connects again, after 1, 2, 4, ... and at most 30 seconds.

The connection is also the session that says that this process lives: see `conversations.process_session`.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Final

import psycopg
import structlog
from psycopg import sql
from sqlalchemy import URL

from bot.core.errors import StoreError
from bot.log import describe_error
from bot.store.conversations.process_session import (
    CHECK_INTERVAL_SECONDS,
    ECHO_TIMEOUT_SECONDS,
    SESSION_CHANNEL,
    ProcessSession,
    Session,
)
from bot.store.postgres import CONNECT_ARGS

FIRST_RETRY_DELAY_SECONDS: Final = 1.0
MAX_RETRY_DELAY_SECONDS: Final = 30.0
"""How long to wait before the next attempt to connect: at first, and at most."""

log = structlog.get_logger()


async def listen(url: URL, callbacks: Mapping[str, Callable[[], None]], process: ProcessSession) -> None:
    """Call `callbacks[channel]()` at each notification on that channel, and keep the session, until cancelled."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    pause = FIRST_RETRY_DELAY_SECONDS
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(address, autocommit=True, **CONNECT_ARGS) as session:
                for channel in (*callbacks, SESSION_CHANNEL):
                    await session.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                await process.open(session, partial(_receive, session, callbacks, ECHO_TIMEOUT_SECONDS))
                pause = FIRST_RETRY_DELAY_SECONDS
                while True:
                    await process.check(session)
                    await _receive(session, callbacks, CHECK_INTERVAL_SECONDS)
        except (psycopg.Error, OSError, StoreError):
            log.info(
                "The connection for notifications is lost; work is found by polling until it is back.",
                action="listen_lost",
                pause=pause,
            )
        except Exception as error:  # noqa: BLE001 - without this loop every write would wait for its session for ever
            log.error(
                "Notifications failed in an unforeseen way; the connection is made anew.",
                action="listen_broken",
                error=describe_error(error),
            )
        await process.lose()
        await asyncio.sleep(pause)
        pause = min(2 * pause, MAX_RETRY_DELAY_SECONDS)


async def _receive(
    session: Session, callbacks: Mapping[str, Callable[[], None]], seconds: float, echo: str = ""
) -> bool:
    """Pass notifications on for so long; return at once, and True, when this session hears `echo`."""
    async with aclosing(session.notifies(timeout=seconds)) as notices:
        async for notice in notices:
            if notice.channel in callbacks:
                callbacks[notice.channel]()
            elif notice.payload == echo:
                return True
    return False
