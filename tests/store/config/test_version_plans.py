"""The configuration for a question is found by index, however often a scope was changed."""

from pathlib import Path

from sqlalchemy import Connection, Executable, text
from sqlalchemy.dialects import sqlite

from bot.store.config import drafts, versions
from tests.databases import migrated_database, open_database

KEY = {"platform": "slack", "workspace": "T1", "channel": "C1", "root": "1.0"}
INDEX = "sqlite_autoindex_steering_versions_1"


def plan(connection: Connection, statement: Executable) -> list[str]:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))  # type: ignore[attr-defined]  # every statement has it
    values = compiled.params | KEY | {"limit": 1}
    rows = connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"), values)
    return [row.detail for row in rows]


async def plans(folder: Path) -> list[list[str]]:
    with migrated_database("sqlite", folder) as url:
        async with open_database(url) as database:
            found = [await database.tx(plan, each) for each in (versions.SELECT_APPLYING, versions.SELECT_HISTORY)]
    return found


async def test_neither_reads_more_rows_than_it_returns(tmp_path: Path) -> None:
    """Each scope is one index lookup; a history is read backwards, so its limit bounds the work."""
    applying, history = await plans(tmp_path)
    assert sum(INDEX in step for step in applying) == 4
    assert not any(step.startswith("SCAN") for step in applying + history)
    assert len(history) == 1
    assert INDEX in history[0]


async def test_whether_a_draft_is_tried_is_one_look_into_an_index(tmp_path: Path) -> None:
    with migrated_database("sqlite", tmp_path) as url:
        async with open_database(url) as database:
            found = await database.tx(plan, drafts.SELECT_DRAFT)
    assert len(found) == 1
    assert "SEARCH drafts USING INDEX sqlite_autoindex_drafts_1" in found[0]
