"""What is erased in time, and what is written out, on virtual time."""

import asyncio

import pytest

from bot import privacy
from bot.core.domain import Author, ThreadKey, Turn, TurnStatus
from bot.core.errors import StoreUnavailable
from bot.core.personal import Beside, Held, Person, StoredTurn
from bot.privacy import PAUSE, POLL
from tests.virtual_time import on_virtual_time

pytestmark = pytest.mark.calendar

THREAD = ThreadKey(platform="paper", workspace="T1", channel="C1", root="1")
ADA = Person(user="U1")


class Archive:
    """Has so many messages, and notes when it was asked for what."""

    def __init__(self, *steps: bool | Exception, messages: int = 0) -> None:
        self.steps = list(steps)
        self.messages = messages
        self.expired: list[tuple[float, float]] = []

    async def held(self, person: Person) -> Held:
        return Held(messages=self.messages)

    async def turns(self, of: Person | ThreadKey, *, after: int, limit: int) -> list[StoredTurn]:
        numbers = range(after + 1, min(after + limit, self.messages) + 1)
        return [StoredTurn(turn=_turn(number), sent_at=1.0) for number in numbers]

    async def beside(self, person: Person) -> Beside:
        return Beside()

    async def erase(self, of: Person | ThreadKey, *, limit: int) -> int:
        count = min(self.messages, limit)
        self.messages -= count
        return count

    async def expire(self, age: float, *, limit: int) -> bool:
        self.expired.append((asyncio.get_running_loop().time(), age))
        step = self.steps.pop(0) if self.steps else False
        if isinstance(step, Exception):
            raise step
        return step


def _turn(number: int) -> Turn:
    return Turn(
        id=number,
        thread=THREAD,
        message_id=str(number),
        author=Author(id="U1"),
        question="Why?",
        status=TurnStatus.DONE,
        token=1,
    )


@on_virtual_time
async def test_old_conversations_are_erased_with_pauses_and_then_seldom() -> None:
    """Also after the database was away."""
    archive = Archive(True, True, False, StoreUnavailable(), True)
    async with privacy.expiring(archive, 30):
        await asyncio.sleep(2 * POLL + 4 * PAUSE)
    times = [0.0, PAUSE, 2 * PAUSE, 2 * PAUSE + POLL, 2 * PAUSE + 2 * POLL, 3 * PAUSE + 2 * POLL]
    assert archive.expired == [(time, 30 * 86_400.0) for time in times]


@on_virtual_time
async def test_without_a_limit_nothing_is_erased() -> None:
    archive = Archive()
    async with privacy.expiring(archive, 0):
        await asyncio.sleep(10 * POLL)
    assert not archive.expired


@on_virtual_time
async def test_all_is_written_out_and_all_is_erased_however_much_it_is() -> None:
    archive = Archive(messages=2 * privacy.BATCH + 1)
    found = [record["message"] async for record in privacy.records(archive, ADA)]
    assert found == [str(number + 1) for number in range(2 * privacy.BATCH + 1)]
    assert await privacy.erase(archive, ADA) == 2 * privacy.BATCH + 1
    assert archive.messages == 0
