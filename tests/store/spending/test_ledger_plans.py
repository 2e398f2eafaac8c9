"""Statements of the ledger that run for every answer and for Home use an index, however many rows there are."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.dialects import sqlite

from bot.store.spending import ledger, model_calls
from tests.databases import migrated_database, open_database

pytestmark = pytest.mark.calendar

HERE = {"platform": "slack", "workspace": "T1"}
DAYS = {"dimension": "person", "since": "2026-11-01", "until": "2026-11-21"}
WHO = {"person": "U1", "channel": "C1", "any_subject": ""}
WHOLE_KEY = "platform=? AND workspace=? AND dimension=? AND span=? AND period=? AND subject=?"

STATEMENTS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "spent": (ledger.SELECT_TALLIES, {**WHO, "day": "2026-11-21", "month": "2026-11"}, WHOLE_KEY),
    "kept": (ledger.SELECT_RESERVATIONS, {"turn": 1}, "workspace=?"),
    "applying": (ledger.SELECT_APPLYING_BUDGETS, {"subjects": ["U1", "C1"]}, "platform=? AND workspace=?"),
    "by day": (ledger.SUM_BY_DAY, {**DAYS, "days": ["2026-11-20", "2026-11-21"], "subject": "U1"}, WHOLE_KEY),
    "by subject": (ledger.SUM_BY_SUBJECT, DAYS, "span=? AND period>? AND period<?"),
    "of a turn": (model_calls.SELECT_TURN_SPENDING, {"turn": 1}, "turn_id=?"),
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_it_is_found_by_index(name: str, tmp_path: Path) -> None:
    statement, values, key = STATEMENTS[name]
    compiled = statement.params(**HERE, **values).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )

    def plan(connection: Connection) -> str:
        return "\n".join(row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}")))

    with migrated_database("sqlite", tmp_path) as url:
        async with open_database(url) as database:
            found = await database.tx(plan)
    assert "SCAN" not in found
    assert key in found
