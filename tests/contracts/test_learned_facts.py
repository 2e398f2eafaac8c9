"""The contract of `LearnedFacts`: in memory, on SQLite, on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.core.learned_facts import FACT_LIFETIME_SECONDS, Fact
from bot.ports import LearnedFacts
from bot.store.config.learned_facts import SqlLearnedFacts
from bot.testing.records import MemoryLearnedFacts
from tests.databases import KINDS, migrated_database, open_database

LESSON = Fact(server="http://a/v1", model="m", subject="field stop", content={"instead": "", "value": ["☃"]})
PassTime = Callable[[float], Awaitable[None]]


@pytest.fixture(params=("memory", *KINDS))
async def facts_and_clock(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[LearnedFacts, PassTime]]:
    """Give the facts, and a function that lets seconds pass."""
    if request.param == "memory":
        now = [1e9]

        async def advance_clock(seconds: float) -> None:
            now[0] += seconds

        yield MemoryLearnedFacts(lambda: now[0]), advance_clock
        return
    with migrated_database(request.param, tmp_path) as url:
        async with open_database(url) as database:

            async def age_rows(seconds: float) -> None:
                older = text("UPDATE lessons SET learnt_at = learnt_at - :seconds")
                await database.tx(lambda connection: connection.execute(older, {"seconds": seconds}))

            yield SqlLearnedFacts(database), age_rows


async def test_a_fact_is_known_until_it_is_replaced(
    facts_and_clock: tuple[LearnedFacts, PassTime],
) -> None:
    lessons, _pass_time = facts_and_clock
    assert list(await lessons.list_facts()) == []
    others = [replace(LESSON, server="http://b/v1"), replace(LESSON, model="n", content=7), LESSON]
    for lesson in (*others, replace(LESSON, subject="window", content=8_192.5)):
        await lessons.save_fact(lesson)
    await lessons.save_fact(replace(LESSON, content=None))
    assert [(each.server, each.model, each.subject, each.content) for each in await lessons.list_facts()] == [
        ("http://a/v1", "m", "field stop", None),
        ("http://a/v1", "m", "window", 8_192.5),
        ("http://a/v1", "n", "field stop", 7),
        ("http://b/v1", "m", "field stop", LESSON.content),
    ]


async def test_an_old_fact_expires(facts_and_clock: tuple[LearnedFacts, PassTime]) -> None:
    lessons, pass_time = facts_and_clock
    await lessons.save_fact(LESSON)
    await pass_time(FACT_LIFETIME_SECONDS - 100)
    assert list(await lessons.list_facts()) == [LESSON]
    await lessons.save_fact(replace(LESSON, subject="window"))
    await pass_time(200)
    assert [each.subject for each in await lessons.list_facts()] == ["window"]


async def test_all_can_be_forgotten(facts_and_clock: tuple[LearnedFacts, PassTime]) -> None:
    lessons, _pass_time = facts_and_clock
    await asyncio.gather(*(lessons.save_fact(replace(LESSON, model=f"{number}")) for number in range(5)))
    assert await lessons.forget_all() == 5
    assert list(await lessons.list_facts()) == []
