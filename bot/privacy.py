"""What people can have done with what is stored of them: written out, erased, or forgotten in time.

Separate because the shell and Slack do the same, and neither may be able to do more. Rules: a little at a
time, so that nobody who asks a question waits for it; what was begun and broke off can be begun again.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from bot.core import personal as core
from bot.core.domain import ThreadKey
from bot.core.errors import StoreError
from bot.core.personal import Person
from bot.ports import PersonalData

BATCH: Final = 100
"""Messages that are read or erased in one transaction."""
STEP: Final = 500
"""Conversations that are looked at in one transaction."""
PAUSE: Final = 0.5
"""Seconds between two steps, in which others may use the database."""
POLL: Final = 300.0
"""Seconds until a process asks again whether there is something to do."""
DAY: Final = 86_400.0

log = structlog.get_logger()


async def records(personal: PersonalData, of: Person | ThreadKey) -> AsyncIterator[Mapping[str, Any]]:
    """Yield everything that is stored of a person, or of all people in a thread. Raises `StoreError`."""
    after = 0
    while found := await personal.turns(of, after=after, limit=BATCH):
        for stored in found:
            yield core.of_turn(stored)
        after = found[-1].turn.id
    if isinstance(of, Person):
        for record in core.of_beside(await personal.beside(of)):
            yield record


async def erase(personal: PersonalData, of: Person | ThreadKey) -> int:
    """Erase everything that is stored of a person, or of all people in a thread; return how many messages.

    Raises `StoreError`; what was erased until then is.
    """
    total = 0
    while count := await personal.erase(of, limit=BATCH):
        total += count
    return total


@asynccontextmanager
async def expiring(personal: PersonalData, days: int) -> AsyncIterator[None]:
    """Erase conversations in which nothing was said for so many days, while the context lasts; 0 is never."""
    if not days:
        yield
        return
    task = asyncio.create_task(_expire(personal, days * DAY), name="expire")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _expire(personal: PersonalData, age: float) -> None:
    while True:
        try:
            goes_on = await personal.expire(age, limit=STEP)
        except StoreError as error:
            log.warning("Old conversations could not be erased.", action="expire_failed", error=error.code)
            goes_on = False
        await asyncio.sleep(PAUSE if goes_on else POLL)
