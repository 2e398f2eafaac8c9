"""What holds now of what admins set: read seldom, however much is asked, and at once where it was saved."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.access import KEEP, Access
from bot.core.access import Admission, Rules
from bot.core.domain import Author, PromptKey
from bot.core.errors import StoreUnavailable
from bot.core.granting import Grants, GrantsConflict, GrantsVersion
from bot.store.memory_grants import MemoryGrants

WORKSPACE = PromptKey(platform="slack", workspace="T1")
CHANNEL = replace(WORKSPACE, channel="C1")
ADA = Author(id="U1")
STRICT = Rules(admits=frozenset({Admission.DIRECT}))
DEPLOYMENT = Rules(denied_people=frozenset({"U9"}))


class Counted(MemoryGrants):
    """Counts how often it is read, which takes a moment; is away while `is_away`."""

    reads = 0
    is_away = False

    async def current(self, workspace: PromptKey) -> Sequence[GrantsVersion]:
        if self.is_away:
            raise StoreUnavailable
        self.reads += 1
        found = await super().current(workspace)
        await asyncio.sleep(0)
        return found


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[Access, Counted, Clock]:
    record, clock = Counted(), Clock()
    return Access(record, WORKSPACE, DEPLOYMENT, clock=clock), record, clock


async def test_it_is_read_once_in_some_seconds_however_much_is_asked() -> None:
    access, record, clock = opened()
    await asyncio.gather(*(access.rules() for _ in range(100)))
    assert record.reads == 1
    await record.save(WORKSPACE, Grants(rules=STRICT), based_on=0, by=ADA)
    assert list(await access.rules()) == [DEPLOYMENT, Rules()]
    clock.now += KEEP
    assert list(await access.rules()) == [DEPLOYMENT, STRICT]
    assert record.reads == 2


async def test_what_is_saved_here_holds_here_at_once() -> None:
    access, record, _clock = opened()
    await access.rules()
    await access.save(WORKSPACE, Grants(rules=STRICT, stewards=frozenset({"U2"})), based_on=0, by=ADA)
    await access.save(CHANNEL, Grants(stewards=frozenset({"U3"})), based_on=0, by=ADA)
    assert list(await access.rules()) == [DEPLOYMENT, STRICT]
    assert await access.stewards() == {"U2"}
    assert await access.stewards("C1") == {"U3"}
    assert (list(await access.delegated("U3")), list(await access.delegated("U2"))) == ([CHANNEL], [])
    newest = await access.newest(WORKSPACE)
    assert newest
    assert newest.grants.rules == STRICT
    assert await access.newest(replace(CHANNEL, channel="C2")) is None
    with pytest.raises(GrantsConflict):
        await access.save(CHANNEL, Grants(), based_on=0, by=ADA)
    assert record.reads == 2


async def test_what_is_saved_while_it_is_read_holds_at_once_too() -> None:
    access, _record, _clock = opened()
    reading = asyncio.create_task(access.rules())
    await asyncio.sleep(0)
    await access.save(WORKSPACE, Grants(rules=STRICT), based_on=0, by=ADA)
    assert list(await reading) == [DEPLOYMENT, Rules()]
    assert list(await access.rules()) == [DEPLOYMENT, STRICT]


async def test_without_a_database_nobody_is_let_in() -> None:
    """What was read some time ago does not hold for ever."""
    access, record, clock = opened()
    await access.rules()
    record.is_away = True
    clock.now += KEEP
    with pytest.raises(StoreUnavailable):
        await access.rules()
    record.is_away = False
    assert list(await access.rules()) == [DEPLOYMENT, Rules()]
