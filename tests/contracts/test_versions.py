"""The contract of `ConfigVersions`: in memory, on SQLite, on PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as checked

from bot.core.chat.scoped_config import EMPTY_CONFIG
from bot.core.config import DIRECT_MESSAGES, ConfigVersion, Prompt, Scope, ScopeConfig
from bot.core.errors import VersionConflict
from bot.core.requests import Answer, ContextCoverage, Provenance
from bot.core.turns import Author, ThreadKey, TurnStatus
from bot.ports import ConfigVersions
from bot.store.config.versions import SqlConfigVersions
from bot.store.conversations.sql_store import SqlStore
from bot.testing.config import MemoryConfigVersions
from bot.testing.data import MemoryData
from bot.testing.store import MemoryStore
from tests.contracts.questions import question
from tests.contracts.stores import Store
from tests.core.chat.config_values import configs
from tests.databases import KINDS, migrated_database, open_database

ADA = Author(id="U0ADA", name="Ada")
GRACE = Author(id="U0GRACE", name="Grace")
WORKSPACE = Scope(platform="slack", workspace="T1")
DIRECTS = replace(WORKSPACE, channel=DIRECT_MESSAGES)
CHANNEL = replace(WORKSPACE, channel="C1")
THREAD = replace(CHANNEL, root="1.0")
KIND = ScopeConfig(prompt=Prompt("Be kind."), parameters={"temperature": 0.5}, locks=frozenset({"model"}))
BRIEF = ScopeConfig(prompt=Prompt("Be brief.", appends=True))


@pytest.fixture(params=("memory", *KINDS))
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[ConfigVersions, Store]]:
    """Give the versions, and a store that reads them."""
    if request.param == "memory":
        data = MemoryData()
        yield MemoryConfigVersions(data.versions), MemoryStore(data=data)
        return
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            yield SqlConfigVersions(database), SqlStore(database, "me")


@pytest.fixture
def versions(stores: tuple[ConfigVersions, Store]) -> ConfigVersions:
    return stores[0]


async def saved(versions: ConfigVersions, key: Scope, *configs: ScopeConfig) -> list[ConfigVersion]:
    return [await versions.save(key, steering, based_on=number, by=ADA) for number, steering in enumerate(configs)]


async def test_a_version_comes_back_as_it_was_saved(versions: ConfigVersions) -> None:
    """With its author, time and note."""
    version = await versions.save(CHANNEL, KIND, based_on=0, by=ADA, note="Complaints.")
    assert version == ConfigVersion(
        id=version.id,
        scope=CHANNEL,
        number=1,
        config=KIND,
        author=ADA,
        note="Complaints.",
        created_at=version.created_at,
    )
    assert abs(version.created_at - time.time()) < 60
    assert list(await versions.list_history(CHANNEL, limit=9)) == [version]


async def test_history_is_newest_first_and_no_longer_than_asked(versions: ConfigVersions) -> None:
    """Each scope is counted separately; an empty configuration is a version, too."""
    first, second, third = await saved(versions, CHANNEL, KIND, EMPTY_CONFIG, BRIEF)
    await saved(versions, THREAD, KIND)
    assert [version.number for version in (first, second, third)] == [1, 2, 3]
    assert list(await versions.list_history(CHANNEL, limit=2)) == [third, second]
    assert list(await versions.list_history(CHANNEL, limit=9)) == [third, second, first]
    assert list(await versions.list_history(WORKSPACE, limit=9)) == []


async def test_rolling_back_is_a_new_version(versions: ConfigVersions) -> None:
    first, second = await saved(versions, CHANNEL, KIND, BRIEF)
    third = await versions.save(CHANNEL, first.config, based_on=second.number, by=GRACE, note="As before.")
    assert (third.number, third.config, third.author) == (3, KIND, GRACE)
    assert len(await versions.list_history(CHANNEL, limit=9)) == 3


async def test_nothing_is_overwritten(versions: ConfigVersions) -> None:
    """An admin who edited an older version is shown the newest one, which stays."""
    (first,) = await saved(versions, CHANNEL, KIND)
    for based_on in (0, 2):
        with pytest.raises(VersionConflict) as caught:
            await versions.save(CHANNEL, BRIEF, based_on=based_on, by=GRACE)
        assert caught.value.newest == first
    with pytest.raises(VersionConflict) as caught:
        await versions.save(THREAD, BRIEF, based_on=1, by=GRACE)
    assert caught.value.newest is None
    assert list(await versions.list_history(CHANNEL, limit=9)) == [first]


async def test_of_ten_admins_who_save_at_once_one_succeeds(versions: ConfigVersions) -> None:
    """The nine others get the version that was saved first."""
    await saved(versions, CHANNEL, KIND)
    admins = [Author(id=f"U{number}", name=f"{number}") for number in range(10)]
    outcomes = await asyncio.gather(
        *(versions.save(CHANNEL, BRIEF, based_on=1, by=admin) for admin in admins), return_exceptions=True
    )
    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, ConfigVersion)]
    conflicts = [outcome.newest for outcome in outcomes if isinstance(outcome, VersionConflict)]
    assert conflicts == [winner] * 9


async def test_versions_that_may_apply_to_a_thread(versions: ConfigVersions) -> None:
    """The newest version of its workspace, of all direct messages, of its channel and of itself."""
    expected = [(await saved(versions, key, KIND, BRIEF))[-1] for key in (WORKSPACE, DIRECTS, CHANNEL, THREAD)]
    await saved(versions, replace(THREAD, root="2.0"), KIND)
    await saved(versions, replace(CHANNEL, channel="C2"), KIND)
    await saved(versions, replace(WORKSPACE, workspace="T2"), KIND)
    await saved(versions, replace(WORKSPACE, platform="other"), KIND)
    thread = ThreadKey(platform="slack", workspace="T1", channel="C1", root="1.0")
    assert list(await versions.list_applying(thread)) == expected
    assert list(await versions.list_applying(replace(thread, workspace="T3"))) == []


async def test_a_question_is_read_with_the_versions_that_may_apply(stores: tuple[ConfigVersions, Store]) -> None:
    versions, store = stores
    expected = [(await saved(versions, key, KIND, BRIEF))[-1] for key in (THREAD, WORKSPACE)]
    turn = await store.accept(question("1.0"), claim=True)
    assert turn is not None
    assert list((await store.read_context(turn, limit=1)).config_versions) == expected


async def test_an_answer_keeps_its_provenance(stores: tuple[ConfigVersions, Store]) -> None:
    """Until its question is forgotten; a retry keeps its own."""
    _versions, store = stores
    first = await store.accept(question("1.0"), claim=True)
    assert first is not None
    seen = ContextCoverage(turns=2, first="0.1", last="0.2", left_out=1, is_summarised=True)
    made = Provenance(versions=(3, 1), parameters={"model": "m", "stop": ["END"], "logit_bias": {"5": -1}}, seen=seen)
    await store.save_answer(first, Answer(text="Because.", made_with=made))
    await store.settle(first, TurnStatus.DONE)
    second = await store.accept(question("2.0"), claim=False)
    assert second is not None
    (earlier,) = (await store.read_context(second, limit=1)).history
    assert earlier.made_with == made
    again = await store.retry(first.id, first.thread, by=first.author.id, claim=False)
    assert again is not None
    assert again.made_with is None


async def test_the_overview_shows_each_level_once(versions: ConfigVersions) -> None:
    """All scopes, or those of a workspace or a channel, in the order of the scopes."""
    elsewhere = replace(WORKSPACE, workspace="T2")
    newest = {
        key: (await saved(versions, key, KIND, EMPTY_CONFIG))[-1]
        for key in (THREAD, elsewhere, CHANNEL, WORKSPACE, DIRECTS)
    }
    for within, keys in (
        (Scope(), [WORKSPACE, CHANNEL, THREAD, DIRECTS, elsewhere]),
        (WORKSPACE, [WORKSPACE, CHANNEL, THREAD, DIRECTS]),
        (CHANNEL, [CHANNEL, THREAD]),
    ):
        assert list(await versions.list_newest(within)) == [newest[key] for key in keys]


async def test_the_latest_change_comes_first(versions: ConfigVersions) -> None:
    """Only scopes that set anything are listed; the count is of all of them, whatever the limit."""
    assert await versions.list_changed(WORKSPACE, limit=5) == ([], 0)
    await saved(versions, replace(WORKSPACE, workspace="T2"), KIND)
    channel, emptied, thread = CHANNEL, replace(CHANNEL, channel="C2"), THREAD
    await saved(versions, channel, KIND)
    await saved(versions, emptied, BRIEF, EMPTY_CONFIG)
    await saved(versions, thread, BRIEF)
    await saved(versions, DIRECTS, KIND)
    newest = await versions.save(channel, BRIEF, based_on=1, by=GRACE)
    found, count = await versions.list_changed(WORKSPACE, limit=2)
    assert (found[0], [version.scope for version in found], count) == (newest, [channel, DIRECTS], 3)
    found, count = await versions.list_changed(WORKSPACE, limit=9)
    assert ([version.scope for version in found], count) == ([channel, DIRECTS, thread], 3)


async def test_names_and_notes_may_hold_anything(versions: ConfigVersions) -> None:
    odd = Author(id="U1", name="a\0b\ud800")
    version = await versions.save(CHANNEL, KIND, based_on=0, by=odd, note="\0 ☃ \udc00")
    assert (version.author.name, version.note) == ("a\ufffdb\ufffd", "\ufffd ☃ \ufffd")


@given(steering=configs)
@checked(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_may_be_set_is_kept(versions: ConfigVersions, steering: ScopeConfig) -> None:
    number = len(await versions.list_history(CHANNEL, limit=1_000))
    await versions.save(CHANNEL, steering, based_on=number, by=ADA)
    (newest,) = await versions.list_history(CHANNEL, limit=1)
    assert newest.config == steering


async def test_versions_are_found_by_their_ids(stores: tuple[ConfigVersions, Store]) -> None:
    versions, _ = stores
    saved = [await versions.save(key, KIND, based_on=0, by=ADA) for key in (WORKSPACE, CHANNEL)]
    ids = [saved[1].id, 99, saved[0].id]
    assert list(await versions.read_by_ids(ids)) == [saved[1], saved[0]]
    assert list(await versions.read_by_ids([])) == []
