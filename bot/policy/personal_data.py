"""Exports, erases and expires what is stored of people; for the shell, for Slack, and for `BOT_RETENTION_DAYS`.

Everything goes in small transactions, so that questions are not held up: 100 messages at a time are exported or
erased, and expiry looks at 500 threads, pauses half a second, and goes on. So a run that breaks off has done a
part, and the next one does the rest.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from bot.core.errors import StoreError
from bot.core.history import personal_data as core
from bot.core.history.personal_data import PersonKey
from bot.core.turns import ThreadKey
from bot.ports import PersonalData

MESSAGES_PER_TRANSACTION: Final = 100
THREADS_PER_TRANSACTION: Final = 500
EXPIRY_STEP_DELAY_SECONDS: Final = 0.5
"""Between two transactions of expiry, so that others may use the database."""
EXPIRY_POLL_SECONDS: Final = 300.0
"""How often a process looks for conversations that have expired, after it has found none."""
DAY_SECONDS: Final = 86_400.0

log = structlog.get_logger()


async def export_records(personal: PersonalData, of: PersonKey | ThreadKey) -> AsyncIterator[Mapping[str, Any]]:
    """Yield everything that is stored about a person, or of all people in a thread. Raises `StoreError`."""
    after = 0
    while found := await personal.list_turns(of, after=after, limit=MESSAGES_PER_TRANSACTION):
        for stored in found:
            yield core.turn_to_record(stored)
        after = found[-1].turn.id
    if isinstance(of, PersonKey):
        for record in core.other_data_to_records(await personal.read_other_data(of)):
            yield record


async def erase(personal: PersonalData, of: PersonKey | ThreadKey) -> int:
    """Erase everything that is stored about a person, or of all people in a thread; return how many messages.

    Raises `StoreError`; what was erased before that stays erased.
    """
    total = 0
    while count := await personal.erase(of, limit=MESSAGES_PER_TRANSACTION):
        total += count
    return total


@asynccontextmanager
async def expire_regularly(personal: PersonalData, days: int) -> AsyncIterator[None]:
    """Erase conversations without a message for so many days, while the context lasts; 0 means never."""
    if not days:
        yield
        return
    task = asyncio.create_task(_expire_in_steps(personal, days * DAY_SECONDS), name="expire")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _expire_in_steps(personal: PersonalData, age: float) -> None:
    while True:
        try:
            goes_on = await personal.expire(age, limit=THREADS_PER_TRANSACTION)
        except StoreError as error:
            log.warning("Old conversations could not be erased.", action="expire_failed", error=error.code)
            goes_on = False
        await asyncio.sleep(EXPIRY_STEP_DELAY_SECONDS if goes_on else EXPIRY_POLL_SECONDS)
