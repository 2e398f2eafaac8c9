"""The sums that the shell reads from calls equal the running sums that Home reads, for any grouping."""

import random
from pathlib import Path

import pytest

from bot.core.config import Scope
from bot.core.requests import Answer, ModelCall
from bot.core.spending.budgets import SpendingDimension
from bot.core.turns import Author, TurnStatus
from bot.store.conversations.sql_store import SqlStore
from bot.store.spending.usage import sum_usage
from tests.contracts.questions import ask_question, question, thread
from tests.databases import KINDS, Kind, migrated_database, open_database

pytestmark = pytest.mark.calendar

HERE = Scope(platform="slack", workspace="T1")
SIDES = {
    "channel": SpendingDimension.CHANNEL,
    "person": SpendingDimension.PERSON,
    "model": SpendingDimension.MODEL,
    "version": SpendingDimension.VERSIONS,
}
ALWAYS = {"since": "1970-01-01", "until": "9999-12-31"}
CALLS = 40


def call(rng: random.Random) -> ModelCall:
    """Return a call with random, unrealistic figures."""
    return ModelCall(
        model=rng.choice(("m-1", "m-2")),
        prompt_tokens=rng.randint(0, 10**8),
        completion_tokens=rng.randint(0, 10**8),
        cached_tokens=rng.randint(0, 10**8),
        is_estimated=rng.random() < 0.5,
        cost=rng.choice((None, rng.randint(0, 10**15))),
        versions=rng.choice(((), (1,), (1, 2))),
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_both_say_the_same(kind: Kind, tmp_path: Path) -> None:
    rng = random.Random(0)
    with migrated_database(kind, tmp_path) as url:
        async with open_database(url) as database:
            store = SqlStore(database, "me")
            await store.open()
            for number in range(CALLS):
                where, author = (
                    thread(f"{number}.0", rng.choice(("C1", "C2"))),
                    Author(id=rng.choice(("U1", "U2"))),
                )
                turn = await ask_question(store, question(f"{number}.0", where=where, author=author))
                await store.settle(turn, TurnStatus.FAILED, answer=Answer(text="", call=call(rng)))
            sides = {
                by: (
                    await database.tx(sum_usage, by, **ALWAYS, only={}),
                    await store.ledger().sum_by_subject(HERE, dimension, **ALWAYS),
                )
                for by, dimension in SIDES.items()
            }
            days = await database.tx(sum_usage, "day", **ALWAYS, only={})
            of_all = await store.ledger().sum_by_day(HERE, SpendingDimension.WORKSPACE, "", days=list(days))
    assert sum(each.calls for each in days.values()) == CALLS
    assert days == of_all
    for by, (read, summed) in sides.items():
        assert read == summed, by
