"""The contract of `Drafts`: in memory, on SQLite, on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as checked

from bot.core.chat.drafts import DRAFT_LIFETIME_SECONDS, Draft
from bot.core.config import DIRECT_MESSAGES, Prompt, Scope, ScopeConfig
from bot.core.turns import Author, ThreadKey
from bot.ports import ConfigVersions, Drafts
from bot.store.config.drafts import SqlDrafts
from bot.store.config.versions import SqlConfigVersions
from bot.store.conversations.sql_store import SqlStore
from bot.testing.config import MemoryConfigVersions, MemoryDrafts
from bot.testing.data import MemoryData
from bot.testing.store import MemoryStore
from tests.contracts.questions import question
from tests.contracts.stores import Store
from tests.core.chat.config_values import configs
from tests.databases import KINDS, migrated_database, open_database

HERE = ThreadKey(platform="slack", workspace="T1", channel="C1", root="1.0")
"""The thread of `question`."""
WORKSPACE = Scope(platform="slack", workspace="T1")
CHANNEL = replace(WORKSPACE, channel="C2")
KIND = ScopeConfig(prompt=Prompt("Be kind."), parameters={"temperature": 0.5}, locks=frozenset({"model"}))
DRAFT = Draft(thread=HERE, scope=CHANNEL, based_on=3, config=KIND, author="U0ADA", note="Complaints.")

DraftStores = tuple[Drafts, ConfigVersions, Store]


@pytest.fixture(params=("memory", *KINDS))
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DraftStores]:
    """Give drafts and versions, and a store that reads both."""
    if request.param == "memory":
        data = MemoryData()
        yield MemoryDrafts(data.drafts), MemoryConfigVersions(data.versions), MemoryStore(data=data)
        return
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            store = SqlStore(database, "me")
            await store.open()
            yield SqlDrafts(database), SqlConfigVersions(database), store


@pytest.fixture
def drafts(stores: DraftStores) -> Drafts:
    return stores[0]


async def test_a_draft_is_tried_in_its_thread_and_in_no_other(drafts: Drafts) -> None:
    await drafts.save_draft(DRAFT, lifetime=DRAFT_LIFETIME_SECONDS)
    assert await drafts.find_draft(HERE) == DRAFT
    for elsewhere in (replace(HERE, root="2.0"), replace(HERE, workspace="T2"), replace(HERE, platform="x")):
        assert await drafts.find_draft(elsewhere) is None


async def test_a_draft_is_deleted_once(drafts: Drafts) -> None:
    other = replace(DRAFT, thread=replace(HERE, root="2.0"))
    await drafts.save_draft(DRAFT, lifetime=DRAFT_LIFETIME_SECONDS)
    await drafts.save_draft(other, lifetime=DRAFT_LIFETIME_SECONDS)
    assert await drafts.delete_draft(HERE)
    assert await drafts.find_draft(HERE) is None
    assert not await drafts.delete_draft(HERE)
    assert await drafts.find_draft(other.thread) == other


async def test_an_expired_draft_is_not_found(stores: DraftStores) -> None:
    drafts, _versions, store = stores
    await drafts.save_draft(DRAFT, lifetime=-1.0)
    assert await drafts.find_draft(HERE) is None
    assert not await drafts.delete_draft(HERE)
    turn = await store.accept(question("1.0"), claim=True)
    assert turn
    assert (await store.read_context(turn, limit=1)).draft is None


@pytest.mark.parametrize("level", [WORKSPACE, replace(WORKSPACE, channel=DIRECT_MESSAGES), CHANNEL])
async def test_a_question_is_read_with_the_draft_and_the_configuration_of_its_scope(
    stores: DraftStores, level: Scope
) -> None:
    """A draft of a channel is read with that channel's configuration, not with that of the thread where it is tried."""
    drafts, versions, store = stores
    draft = replace(DRAFT, scope=level)
    await drafts.save_draft(draft, lifetime=DRAFT_LIFETIME_SECONDS)
    above, channel, here = [
        await versions.save(key, KIND, based_on=0, by=Author(id="U1"))
        for key in (WORKSPACE, CHANNEL, replace(WORKSPACE, channel="C1"))
    ]
    turn = await store.accept(question("1.0"), claim=True)
    assert turn
    context = await store.read_context(turn, limit=1)
    assert context.draft == draft
    assert list(context.config_versions) == ([above, channel] if level == CHANNEL else [above, here])


@given(steering=configs)
@checked(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_may_be_set_can_be_tried(drafts: Drafts, steering: ScopeConfig) -> None:
    await drafts.delete_draft(HERE)
    draft = replace(DRAFT, config=steering)
    await drafts.save_draft(draft, lifetime=DRAFT_LIFETIME_SECONDS)
    assert await drafts.find_draft(HERE) == draft
