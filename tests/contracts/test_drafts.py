"""What every keeper of drafts must do: in memory, on SQLite, on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as checked

from bot.core.domain import DIRECT, Author, Prompt, PromptKey, Steering, ThreadKey
from bot.core.drafts import LASTS, Draft
from bot.ports import Drafts, Store, Versions
from bot.store.drafts import SqlDrafts
from bot.store.memory import MemoryData, MemoryStore
from bot.store.memory_drafts import MemoryDrafts
from bot.store.memory_versions import MemoryVersions
from bot.store.sql import SqlStore
from bot.store.versions import SqlVersions
from tests.contracts.questions import question
from tests.core.steering_values import steerings
from tests.databases import KINDS, migrated_database, open_database

HERE = ThreadKey(platform="slack", workspace="T1", channel="C1", root="1.0")
"""Where `question` asks."""
WORKSPACE = PromptKey(platform="slack", workspace="T1")
CHANNEL = replace(WORKSPACE, channel="C2")
KIND = Steering(prompt=Prompt("Be kind."), parameters={"temperature": 0.5}, locks=frozenset({"model"}))
DRAFT = Draft(thread=HERE, level=CHANNEL, based_on=3, steering=KIND, author="U0ADA", note="Complaints.")

Kept = tuple[Drafts, Versions, Store]


@pytest.fixture(params=("memory", *KINDS))
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    """Drafts and versions, and a store that reads both."""
    if request.param == "memory":
        data = MemoryData()
        yield MemoryDrafts(data.drafts), MemoryVersions(data.versions), MemoryStore(data=data)
        return
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:
            store = SqlStore(database, "me")
            await store.open()
            yield SqlDrafts(database), SqlVersions(database), store


@pytest.fixture
def drafts(kept: Kept) -> Drafts:
    return kept[0]


async def test_a_draft_is_tried_in_its_thread_and_in_no_other(drafts: Drafts) -> None:
    await drafts.keep(DRAFT, lasts=LASTS)
    assert await drafts.tried(HERE) == DRAFT
    for elsewhere in (replace(HERE, root="2.0"), replace(HERE, workspace="T2"), replace(HERE, platform="x")):
        assert await drafts.tried(elsewhere) is None


async def test_what_is_dropped_is_gone_and_dropped_once(drafts: Drafts) -> None:
    other = replace(DRAFT, thread=replace(HERE, root="2.0"))
    await drafts.keep(DRAFT, lasts=LASTS)
    await drafts.keep(other, lasts=LASTS)
    assert await drafts.drop(HERE)
    assert await drafts.tried(HERE) is None
    assert not await drafts.drop(HERE)
    assert await drafts.tried(other.thread) == other


async def test_what_has_expired_is_not_there(kept: Kept) -> None:
    drafts, _versions, store = kept
    await drafts.keep(DRAFT, lasts=-1.0)
    assert await drafts.tried(HERE) is None
    assert not await drafts.drop(HERE)
    turn = await store.accept(question("1.0"), claim=True)
    assert turn
    assert (await store.context(turn, limit=1)).draft is None


@pytest.mark.parametrize("level", [WORKSPACE, replace(WORKSPACE, channel=DIRECT), CHANNEL])
async def test_a_question_is_read_with_the_draft_and_what_applies_where_it_is_meant(
    kept: Kept, level: PromptKey
) -> None:
    """A channel's own level counts, and not that of the thread in which its draft is tried."""
    drafts, versions, store = kept
    draft = replace(DRAFT, level=level)
    await drafts.keep(draft, lasts=LASTS)
    above, channel, here = [
        await versions.save(key, KIND, based_on=0, by=Author(id="U1"))
        for key in (WORKSPACE, CHANNEL, replace(WORKSPACE, channel="C1"))
    ]
    turn = await store.accept(question("1.0"), claim=True)
    assert turn
    context = await store.context(turn, limit=1)
    assert context.draft == draft
    assert list(context.steering) == ([above, channel] if level == CHANNEL else [above, here])


@given(steering=steerings)
@checked(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_may_be_set_can_be_tried(drafts: Drafts, steering: Steering) -> None:
    await drafts.drop(HERE)
    draft = replace(DRAFT, steering=steering)
    await drafts.keep(draft, lasts=LASTS)
    assert await drafts.tried(HERE) == draft
