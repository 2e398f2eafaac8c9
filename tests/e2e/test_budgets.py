"""Budgets, with the real program: two processes on one PostgreSQL never spend the same tokens twice."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from bot.core.config import Scope, ScopeConfig
from bot.core.periods import Span
from bot.core.spending.budgets import Budget, BudgetUnit, SpendingDimension
from bot.core.turns import Author
from bot.store.config.versions import SqlConfigVersions
from bot.store.database import Database, parse_database_url
from bot.store.schema import calls, reservations, tallies, turns
from bot.store.spending.ledger import SqlLedger
from tests.databases import open_database
from tests.e2e.conftest import ADA, BotWorld, ready_bot
from tests.e2e.examination import Examination
from tests.e2e.test_processes import CHANNELS, shared_world, start_ready_bot

pytestmark = pytest.mark.calendar

TEAM = Scope(platform="slack", workspace="T0SANDBOX")
MAX_ANSWER_TOKENS = 400
QUESTIONS = 12


def read_books(connection: Connection) -> tuple[int, list[int], int]:
    """Return the spent tokens, the reservations of running calls, and the number of ended turns."""
    spent = connection.scalar(select(func.sum(calls.c.prompt_tokens + calls.c.completion_tokens))) or 0
    kept = connection.scalars(select(reservations.c.tokens)).all()
    ended = connection.scalar(select(func.count()).where(turns.c.ended_at.is_not(None))) or 0
    return int(spent), list(kept), int(ended)


def tallied(connection: Connection) -> int:
    tokens = func.sum(tallies.c.prompt_tokens + tallies.c.completion_tokens)
    of_ada = select(tokens).where(tallies.c.subject == ADA, tallies.c.span == "day")
    return int(connection.scalar(of_ada) or 0)


async def set_limits(database: Database, amount: int) -> None:
    """Set a budget for each person, and a token limit for answers, so that the estimate of a call is known."""
    await SqlConfigVersions(database).save(
        TEAM, ScopeConfig(parameters={"max_tokens": MAX_ANSWER_TOKENS}), based_on=0, by=Author(id="U0JOAN")
    )
    budget = Budget(scope=SpendingDimension.PERSON, span=Span.DAY, unit=BudgetUnit.TOKENS, amount=amount)
    await SqlLedger(database).set_budget(TEAM, budget, by=Author(id="U0JOAN"))


@pytest.mark.postgres
@pytest.mark.usefixtures("one_day")
async def test_two_processes_let_in_as_much_as_fits_and_one_of_them_may_die(tmp_path: Path) -> None:
    """At every moment, spent and reserved tokens together do not exceed the budget."""
    amount = 4 * MAX_ANSWER_TOKENS
    async with shared_world(tmp_path, rates=False) as (world, processes):
        async with open_database(parse_database_url(world.env["DATABASE_URL"])) as database:
            await set_limits(database, amount)
            asked = Examination(world.workspace)
            doomed, heir = (
                await start_ready_bot(processes, world, "doomed"),
                await start_ready_bot(processes, world, "heir"),
            )
            for number in range(QUESTIONS):
                await asked.ask(ADA, CHANNELS[number % len(CHANNELS)], words=12, seconds=3.0)
            most, killed, ended = 0, False, 0
            async with asyncio.timeout(120):
                while ended < QUESTIONS:
                    spent, kept, ended = await database.tx(read_books)
                    assert spent + sum(kept) <= amount
                    most = max(most, len(kept))
                    if most and not killed:
                        await doomed.kill()
                        killed = True
                    await asyncio.sleep(0.05)
            spent, kept, _ = await database.tx(read_books)
            assert kept == [], "nothing stays behind of who died"
            assert await database.tx(tallied) == spent
        assert await heir.stop() == 0
    refused = [q for q in asked.questions if "budget" in world.bot_text(q.channel, q.root)]
    answered = [q for q in asked.questions if q.words[-1] in world.bot_text(q.channel, q.root)]
    assert most == 3, "so many fit at once, with what their questions take"
    assert len(answered) + len(refused) == QUESTIONS
    assert len(answered) >= most


@pytest.mark.usefixtures("one_day")
async def test_a_spent_budget_says_until_when_and_how_much(world: BotWorld) -> None:
    """The thread says so, with a button that works after an admin has raised the budget."""
    async with (
        ready_bot(world),
        open_database(parse_database_url(f"sqlite:///{world.folder / 'threadkeeper.db'}"), exclusive=False) as database,
    ):
        await set_limits(database, 100)
        root = await world.workspace.say(ADA, "D0ADA", "[[say=one two]]")
        shown = await world.wait_for_text("D0ADA", root, ends="an admin can raise it.")
        assert shown.startswith("Your budget for today has too little left for this: 0 of 100 tokens used.")
        await SqlLedger(database).set_budget(
            TEAM,
            Budget(
                scope=SpendingDimension.PERSON,
                subject=ADA,
                span=Span.DAY,
                unit=BudgetUnit.TOKENS,
                amount=10_000,
            ),
            by=Author(id="U0JOAN"),
        )
        message = world.workspace.thread("D0ADA", root)[-1]
        (buttons,) = (block for block in message.blocks if block["type"] == "actions")
        pressed = {**buttons["elements"][0], "block_id": buttons["block_id"]}
        await world.workspace.interactivity.act_on_message(ADA, "D0ADA", message.ts, pressed, {})
        await world.wait_for_text("D0ADA", root, ends="one two")
        spent, kept, _ = await database.tx(read_books)
        assert spent > 0
        assert kept == []
