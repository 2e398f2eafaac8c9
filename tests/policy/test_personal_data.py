"""Expiry, export and erasure of what is stored of people, on virtual time."""

import asyncio

import pytest

from bot.core.errors import StoreUnavailable
from bot.core.history.personal_data import OtherPersonalData, PersonKey, StoredCounts, StoredTurn
from bot.core.turns import Author, ThreadKey, Turn, TurnStatus
from bot.policy import personal_data
from bot.policy.personal_data import EXPIRY_POLL_SECONDS, EXPIRY_STEP_DELAY_SECONDS
from tests.virtual_time import on_virtual_time

pytestmark = pytest.mark.calendar

THREAD = ThreadKey(platform="paper", workspace="T1", channel="C1", root="1")
ADA = PersonKey(user="U1")


class FakePersonalData:
    """Has so many messages, and records its calls with their times."""

    def __init__(self, *steps: bool | Exception, messages: int = 0) -> None:
        self.steps = list(steps)
        self.messages = messages
        self.expired: list[tuple[float, float]] = []

    async def count_stored(self, person: PersonKey) -> StoredCounts:
        return StoredCounts(messages=self.messages)

    async def list_turns(self, of: PersonKey | ThreadKey, *, after: int, limit: int) -> list[StoredTurn]:
        numbers = range(after + 1, min(after + limit, self.messages) + 1)
        return [StoredTurn(turn=_turn(number), sent_at=1.0) for number in numbers]

    async def read_other_data(self, person: PersonKey) -> OtherPersonalData:
        return OtherPersonalData()

    async def erase(self, of: PersonKey | ThreadKey, *, limit: int) -> int:
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
    """Also after the database did not answer."""
    archive = FakePersonalData(True, True, False, StoreUnavailable(), True)
    async with personal_data.expire_regularly(archive, 30):
        await asyncio.sleep(2 * EXPIRY_POLL_SECONDS + 4 * EXPIRY_STEP_DELAY_SECONDS)
    times = [
        0.0,
        EXPIRY_STEP_DELAY_SECONDS,
        2 * EXPIRY_STEP_DELAY_SECONDS,
        2 * EXPIRY_STEP_DELAY_SECONDS + EXPIRY_POLL_SECONDS,
        2 * EXPIRY_STEP_DELAY_SECONDS + 2 * EXPIRY_POLL_SECONDS,
        3 * EXPIRY_STEP_DELAY_SECONDS + 2 * EXPIRY_POLL_SECONDS,
    ]
    assert archive.expired == [(time, 30 * 86_400.0) for time in times]


@on_virtual_time
async def test_without_a_limit_nothing_is_erased() -> None:
    archive = FakePersonalData()
    async with personal_data.expire_regularly(archive, 0):
        await asyncio.sleep(10 * EXPIRY_POLL_SECONDS)
    assert not archive.expired


@on_virtual_time
async def test_everything_is_exported_and_erased_however_much_it_is() -> None:
    archive = FakePersonalData(messages=2 * personal_data.MESSAGES_PER_TRANSACTION + 1)
    found = [record["message"] async for record in personal_data.export_records(archive, ADA)]
    assert found == [str(number + 1) for number in range(2 * personal_data.MESSAGES_PER_TRANSACTION + 1)]
    assert await personal_data.erase(archive, ADA) == 2 * personal_data.MESSAGES_PER_TRANSACTION + 1
    assert archive.messages == 0
