"""Views read by index, so that they open in time however many messages there are."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, text

from bot.core.periods import name_days
from bot.store.config import versions
from bot.store.conversations import explanations, feedback
from bot.store.spending import ledger
from tests.bench.archive import CHANNEL, TEAM, ArchiveSize, fill
from tests.clock import NOON
from tests.databases import migrated_database, open_database
from tests.store.conversations.test_plans import explain, explain_and_count

pytestmark = pytest.mark.calendar

PLACE = {"platform": "slack", "workspace": TEAM, "channel": CHANNEL, "root": "1.000000"}
MONTH = name_days(NOON, 30)
DAYS = {"since": MONTH[0], "until": MONTH[-1]}
EACH_DAY = {"days": MONTH}
SIZE = ArchiveSize(turns=5_000, longest=1_000, levels=300, versions=100, people=40)

VIEW_STATEMENTS: list[tuple[str, Executable, dict[str, Any], int]] = [
    ("Home's levels", versions.SELECT_CHANGED, PLACE | {"channel": "", "root": "", "limit": 10}, 1_300),
    ("editor", versions.SELECT_APPLYING, PLACE, 10),
    ("history", versions.SELECT_HISTORY, PLACE | {"limit": 21}, 21),
    ("why", explanations.SELECT_TURN_OF_MESSAGE, PLACE | {"message": "asked 5"}, 5_500),
    ("one's usage", ledger.SUM_BY_DAY, PLACE | EACH_DAY | {"dimension": "person", "subject": "U1"}, 40),
    (
        "all usage",
        ledger.SUM_BY_SUBJECT,
        PLACE | DAYS | {"dimension": "person"},
        2 * len(MONTH) * SIZE.people,
    ),
    ("complaints", feedback.SELECT_COMPLAINTS, PLACE | {"limit": 25}, 400),
]
"""Statements, parameters, and how many rows PostgreSQL may look at; there are tens of thousands.

A row that is found by way of a bitmap counts twice: it is looked at in the index and in the table.
"""


@pytest.mark.parametrize(
    ("statement", "parameters"), [each[1:3] for each in VIEW_STATEMENTS], ids=[each[0] for each in VIEW_STATEMENTS]
)
async def test_no_table_that_grows_with_messages_is_scanned(
    tmp_path: Path, statement: Executable, parameters: dict[str, Any]
) -> None:
    """All versions are read once, for Home: their number grows only with what admins do."""
    with migrated_database("sqlite", tmp_path) as url:
        async with open_database(url) as database:
            found = await database.tx(explain, statement, parameters)
    for table in ("turns", "pages", "vote_versions", "conversations", "tallies"):
        assert f"SCAN {table}\n" not in f"{found}\n"


@pytest.mark.postgres
async def test_postgresql_looks_at_few_rows_of_many(tmp_path: Path) -> None:
    """Home reads all versions; "why" reads a thread, or the pages while there are few."""
    with migrated_database("postgres", tmp_path) as url:
        async with open_database(url) as database:
            await database.tx(fill, SIZE, now=NOON)
            await database.tx(lambda connection: connection.execute(text("ANALYZE")))
            for name, statement, parameters, max_rows in VIEW_STATEMENTS:
                found, rows = await database.tx(explain_and_count, statement, parameters)
                assert rows <= max_rows, (name, rows, found)
