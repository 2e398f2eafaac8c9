"""What an answer costs the database, counted; `tests.bench.intake` measures the time."""

import gc
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.config import Scope
from bot.core.periods import Span
from bot.core.reply.commands import Edit, Post
from bot.core.reply.live_reply import LiveReply
from bot.core.spending.budgets import Budget, BudgetUnit, SpendingDimension
from bot.core.turns import Author
from bot.slack import limits
from bot.slack.surface import SlackSurface
from bot.store.spending.ledger import SqlLedger
from tests.bench.in_process_bot import count_traffic, open_bench_bot
from tests.bench.words import tokens
from tests.databases import KINDS, Kind, migrated_database

MAX_TRANSACTIONS = 6
"""Of one answer on one page; each further page of a long one needs one more."""

MAX_STATEMENTS = 14
"""Likewise."""


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_costs_few_transactions_however_much_is_stored(kind: Kind, tmp_path: Path) -> None:
    """The same statements in an empty database, beside many turns, and after many turns of the thread."""
    with migrated_database(kind, tmp_path) as url:
        async with open_bench_bot(url) as bot:
            await bot.ask("first")
            with count_traffic() as few:
                await bot.ask("new")
            root = await bot.fill(3_000, per_thread=1_500)
            with count_traffic() as many:
                await bot.ask("newer")
            with count_traffic() as long:
                await bot.ask(root)
        assert few.transactions <= MAX_TRANSACTIONS, few.statements
        assert len(few.statements) <= MAX_STATEMENTS, few.statements
        assert sorted(few.statements) == sorted(many.statements)  # saving and showing overlap, in any order
        assert long.transactions <= MAX_TRANSACTIONS, long.statements
        assert len(long.statements) <= len(few.statements)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_budget_costs_one_transaction_and_none_costs_nothing(kind: Kind, tmp_path: Path) -> None:
    with migrated_database(kind, tmp_path) as url:
        async with open_bench_bot(url) as bot:
            await bot.ask("first")
            with count_traffic() as free:
                await bot.ask("second")
            budget = Budget(scope=SpendingDimension.PERSON, span=Span.DAY, unit=BudgetUnit.TOKENS, amount=10**9)
            here = Scope(platform="paper", workspace="T1")
            await SqlLedger(bot.database).set_budget(here, budget, by=Author(id="U1"))
            with count_traffic() as limited:
                await bot.ask("third")
        assert free.transactions <= MAX_TRANSACTIONS
        assert limited.transactions == free.transactions + 1, limited.statements


async def test_an_answer_leaves_hardly_any_garbage(tmp_path: Path) -> None:
    """An answer leaves less than one object that only the garbage collector frees; `bot run` seldom runs it."""
    with migrated_database("sqlite", tmp_path) as url:
        async with open_bench_bot(url) as bot:
            await bot.ask("first")
            gc.collect()
            gc.disable()
            try:
                for number in range(20):
                    await bot.ask(f"next {number}")
                assert gc.collect() < 20
            finally:
                gc.enable()


def test_a_token_costs_as_much_in_a_long_answer_as_in_a_short_one() -> None:
    """Counted as characters that are read, so that no clock is needed."""
    looked_at = 0

    def fits(page: str) -> bool:
        nonlocal looked_at
        looked_at += len(page)
        return len(page) <= limits.PAGE_SIZE_CHARACTERS

    live = LiveReply(replace(SlackSurface.limits, fits=fits))
    costs, now, said = list[int](), 0.0, 0
    for piece in tokens(1, 25_000):
        live.feed(piece)
        command = live.next(now)
        if isinstance(command, Post | Edit):
            live.note_accepted(command, now)
        now, said = now + 0.02, said + len(piece)
        if said >= 10_000 * (len(costs) + 1):
            costs.append(looked_at - sum(costs))
    assert len(costs) >= 10
    assert max(costs[1:]) < 1.5 * costs[0]
