"""The grants that hold now: cached for some seconds, and in force at once in the process that saved them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.core.access.grants import Grants, GrantsVersion
from bot.core.access.permission_check import AccessRules, Admission
from bot.core.config import Scope
from bot.core.errors import GrantsConflict, StoreUnavailable
from bot.core.turns import Author
from bot.policy.saved_grants import GRANTS_CACHE_TTL_SECONDS, SavedGrants
from bot.testing.config import MemoryGrants

WORKSPACE = Scope(platform="slack", workspace="T1")
CHANNEL = replace(WORKSPACE, channel="C1")
ADA = Author(id="U1")
STRICT = AccessRules(admits=frozenset({Admission.DIRECT}))
DEPLOYMENT = AccessRules(denied_people=frozenset({"U9"}))


class CountingGrants(MemoryGrants):
    """Counts its readings, each of which takes a moment; does not answer while `is_away`."""

    reads = 0
    is_away = False

    async def list_current(self, workspace: Scope) -> Sequence[GrantsVersion]:
        if self.is_away:
            raise StoreUnavailable
        self.reads += 1
        found = await super().list_current(workspace)
        await asyncio.sleep(0)
        return found


class ManualClock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def open_saved_grants() -> tuple[SavedGrants, CountingGrants, ManualClock]:
    record, clock = CountingGrants(), ManualClock()
    return SavedGrants(record, WORKSPACE, DEPLOYMENT, clock=clock), record, clock


async def test_they_are_read_once_in_some_seconds_however_many_questions_there_are() -> None:
    saved_grants, record, clock = open_saved_grants()
    await asyncio.gather(*(saved_grants.list_rules() for _ in range(100)))
    assert record.reads == 1
    await record.save(WORKSPACE, Grants(rules=STRICT), based_on=0, by=ADA)
    assert list(await saved_grants.list_rules()) == [DEPLOYMENT, AccessRules()]
    clock.now += GRANTS_CACHE_TTL_SECONDS
    assert list(await saved_grants.list_rules()) == [DEPLOYMENT, STRICT]
    assert record.reads == 2


async def test_a_change_that_is_saved_here_takes_effect_at_once() -> None:
    saved_grants, record, _clock = open_saved_grants()
    await saved_grants.list_rules()
    await saved_grants.save(WORKSPACE, Grants(rules=STRICT, stewards=frozenset({"U2"})), based_on=0, by=ADA)
    await saved_grants.save(CHANNEL, Grants(stewards=frozenset({"U3"})), based_on=0, by=ADA)
    assert list(await saved_grants.list_rules()) == [DEPLOYMENT, STRICT]
    assert await saved_grants.list_editors() == {"U2"}
    assert await saved_grants.list_editors("C1") == {"U3"}
    edited_by = saved_grants.list_channels_edited_by
    assert (list(await edited_by("U3")), list(await edited_by("U2"))) == ([CHANNEL], [])
    newest = await saved_grants.newest_version(WORKSPACE)
    assert newest
    assert newest.grants.rules == STRICT
    assert await saved_grants.newest_version(replace(CHANNEL, channel="C2")) is None
    with pytest.raises(GrantsConflict):
        await saved_grants.save(CHANNEL, Grants(), based_on=0, by=ADA)
    assert record.reads == 2


async def test_a_change_that_is_saved_during_a_reading_takes_effect_at_once_too() -> None:
    saved_grants, _record, _clock = open_saved_grants()
    reading = asyncio.create_task(saved_grants.list_rules())
    await asyncio.sleep(0)
    await saved_grants.save(WORKSPACE, Grants(rules=STRICT), based_on=0, by=ADA)
    assert list(await reading) == [DEPLOYMENT, AccessRules()]
    assert list(await saved_grants.list_rules()) == [DEPLOYMENT, STRICT]


async def test_without_a_database_no_question_is_admitted() -> None:
    """What was read before does not hold for ever."""
    saved_grants, record, clock = open_saved_grants()
    await saved_grants.list_rules()
    record.is_away = True
    clock.now += GRANTS_CACHE_TTL_SECONDS
    with pytest.raises(StoreUnavailable):
        await saved_grants.list_rules()
    record.is_away = False
    assert list(await saved_grants.list_rules()) == [DEPLOYMENT, AccessRules()]
