"""The statements that run often use an index, however many turns there are."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Executable, text
from sqlalchemy.dialects import sqlite

from bot.store import statements
from bot.store.database import Database
from tests.databases import migrated_database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    with migrated_database("sqlite", tmp_path) as url:
        database = Database(url)
        await database.open()
        yield database
        await database.close()


def plan(connection: Connection, statement: Executable, parameters: dict[str, Any]) -> str:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))  # type: ignore[attr-defined]  # every statement has it
    rows = connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"), compiled.params | parameters)
    return "\n".join(row.detail for row in rows)


PLACE = {"platform": "", "workspace": "", "channel": ""}


@pytest.mark.parametrize(
    ("name", "parameters", "index"),
    [
        ("IS_KNOWN", PLACE | {"message_id": ""}, "sqlite_autoindex_turns_1"),
        ("LOCK_CONVERSATION", PLACE | {"root": ""}, "sqlite_autoindex_conversations_1"),
        ("IS_BUSY", {"conversation_id": 1}, "ix_turns_open"),
        ("CLAIMABLE", {"limit": 1}, "ix_turns_open"),
        ("NEXT_IN_CONVERSATION", {"conversation_id": 1}, "ix_turns_open"),
        ("HISTORY", {"turn": 1, "limit": 50}, "ix_turns_conversation_id"),
        ("PROMPTS_FOR", PLACE | {"root": ""}, "sqlite_autoindex_prompts_1"),
        ("FREE_OF_THE_DEAD", {}, "uq_turns_owned"),
        ("FREE_MINE", {"me": ""}, "uq_turns_owned"),
    ],
)
async def test_it_uses_an_index(
    database: Database, name: str, parameters: dict[str, Any], index: str
) -> None:
    found = await database.tx(plan, getattr(statements, name), parameters)
    assert index in found
    assert "SCAN turns\n" not in f"{found}\n"


async def test_claiming_looks_only_at_open_turns(database: Database) -> None:
    """Both "is it open" and "is an earlier one open" are read from the partial index."""
    found = await database.tx(plan, statements.CLAIMABLE, {"limit": 1})
    assert found.count("ix_turns_open") == 2


async def test_history_is_read_backwards_without_sorting(database: Database) -> None:
    """So the limit bounds the work, whatever the length of the thread."""
    found = await database.tx(plan, statements.HISTORY, {"turn": 1, "limit": 50})
    assert "B-TREE" not in found
