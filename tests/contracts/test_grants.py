"""The contract of `GrantsRecord`: in memory, on SQLite, on PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.access.grants import NO_GRANTS, Grants, GrantsVersion
from bot.core.access.permission_check import AccessRules, Admission
from bot.core.config import Scope
from bot.core.errors import GrantsConflict
from bot.core.turns import Author
from bot.ports import GrantsRecord
from bot.store.config.grants import SqlGrants
from bot.testing.config import MemoryGrants
from tests.databases import KINDS, migrated_database, open_database

ADA = Author(id="U0ADA", name="Ada")
GRACE = Author(id="U0GRACE", name="Grace")
WORKSPACE = Scope(platform="slack", workspace="T1")
CHANNEL = replace(WORKSPACE, channel="C1")
STRICT = Grants(
    rules=AccessRules(denied_people=frozenset({"U9"}), admits=frozenset({Admission.DIRECT})),
    stewards=frozenset({"U2", "U3"}),
)
DELEGATED = Grants(stewards=frozenset({"U4"}))


@pytest.fixture(params=("memory", *KINDS))
async def record(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[GrantsRecord]:
    if request.param == "memory":
        yield MemoryGrants()
        return
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            yield SqlGrants(database)


async def test_a_version_comes_back_as_it_was_saved(record: GrantsRecord) -> None:
    """With its author, time and note."""
    version = await record.save(WORKSPACE, STRICT, based_on=0, by=ADA, note="Spam \0.")
    assert abs(version.created_at - time.time()) < 60
    expected = GrantsVersion(
        scope=WORKSPACE,
        number=1,
        grants=STRICT,
        author=ADA,
        note="Spam \ufffd.",
        created_at=version.created_at,
    )
    assert version == expected
    assert list(await record.list_history(WORKSPACE, limit=9)) == [expected]
    assert list(await record.list_current(WORKSPACE)) == [expected]


async def test_history_is_newest_first_and_each_key_counts_for_itself(record: GrantsRecord) -> None:
    first = await record.save(WORKSPACE, STRICT, based_on=0, by=ADA)
    second = await record.save(WORKSPACE, NO_GRANTS, based_on=1, by=ADA)
    channel = await record.save(CHANNEL, DELEGATED, based_on=0, by=GRACE)
    assert list(await record.list_history(WORKSPACE, limit=9)) == [second, first]
    assert list(await record.list_history(WORKSPACE, limit=1)) == [second]
    assert list(await record.list_history(CHANNEL, limit=9)) == [channel]


async def test_current_are_the_newest_versions_of_each_scope_of_the_workspace(record: GrantsRecord) -> None:
    await record.save(WORKSPACE, STRICT, based_on=0, by=ADA)
    expected = [
        await record.save(WORKSPACE, NO_GRANTS, based_on=1, by=ADA),
        await record.save(CHANNEL, DELEGATED, based_on=0, by=ADA),
        await record.save(replace(CHANNEL, channel="c2"), DELEGATED, based_on=0, by=ADA),
    ]
    await record.save(replace(WORKSPACE, workspace="T2"), STRICT, based_on=0, by=ADA)
    await record.save(replace(CHANNEL, platform="other"), STRICT, based_on=0, by=ADA)
    assert list(await record.list_current(WORKSPACE)) == expected
    assert list(await record.list_current(replace(WORKSPACE, workspace="T3"))) == []


async def test_nothing_is_overwritten(record: GrantsRecord) -> None:
    first = await record.save(WORKSPACE, STRICT, based_on=0, by=ADA)
    for based_on in (0, 2):
        with pytest.raises(GrantsConflict) as caught:
            await record.save(WORKSPACE, NO_GRANTS, based_on=based_on, by=GRACE)
        assert caught.value.newest_grants == first
    with pytest.raises(GrantsConflict) as caught:
        await record.save(CHANNEL, NO_GRANTS, based_on=1, by=GRACE)
    assert caught.value.newest_grants is None
    assert list(await record.list_history(WORKSPACE, limit=9)) == [first]


async def test_of_ten_admins_who_save_at_once_one_succeeds(record: GrantsRecord) -> None:
    admins = [Author(id=f"U{number}", name=f"{number}") for number in range(10)]
    outcomes = await asyncio.gather(
        *(record.save(WORKSPACE, STRICT, based_on=0, by=admin) for admin in admins), return_exceptions=True
    )
    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, GrantsVersion)]
    assert [each.newest_grants for each in outcomes if isinstance(each, GrantsConflict)] == [winner] * 9
