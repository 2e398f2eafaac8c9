"""Frequent statements use an index, however many turns there are, in all and in one thread."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Dialect, Executable, text
from sqlalchemy.dialects import sqlite

from bot.core.turns import TurnStatus
from bot.store.conversations import changes, processes, statements, stop_requests, turn_context
from bot.store.database import Database
from tests.databases import Kind, migrated_database, open_database

pytestmark = pytest.mark.calendar

PLACE = {"platform": "p", "workspace": "w", "channel": "c"}
MESSAGE = PLACE | {"message_id": "1"}

FREQUENT_STATEMENTS: list[tuple[Executable, dict[str, Any], str]] = [
    (statements.IS_KNOWN, MESSAGE | {"delivery": ""}, "sqlite_autoindex_turns_1"),
    (statements.IS_KNOWN, MESSAGE | {"delivery": ""}, "sqlite_autoindex_deliveries_1"),
    (statements.LOCK_CONVERSATION, PLACE | {"root": ""}, "sqlite_autoindex_conversations_1"),
    (changes.LOCK_CONVERSATION_OF_MESSAGE, MESSAGE, "sqlite_autoindex_turns_1"),
    (statements.LOCK_CLAIMABLE_CONVERSATIONS, {"limit": 1}, "ix_turns_open"),
    (statements.LOCK_CLAIMABLE_CONVERSATIONS, {"limit": 1}, "uq_turns_owned"),
    (statements.CLAIM_NEXT, {"conversation": 1, "new_owner": ""}, "ix_turns_open"),
    (statements.CLAIM_NEXT, {"conversation": 1, "new_owner": ""}, "uq_turns_owned"),
    (statements.CLAIM_NEXT, {"conversation": 1, "new_owner": ""}, "ix_turns_running"),
    (statements.LOCK_CLAIMABLE_CONVERSATIONS, {"limit": 1}, "ix_turns_running"),
    (statements.IS_KNOWN_OF_PERSON, MESSAGE | {"delivery": ""}, "ix_turns_author_id"),
    (statements.CLAIM_IF_ALONE, {"turn": 400, "new_owner": ""}, "ix_turns_open"),
    (statements.END_TURN[TurnStatus.DONE], {"turn": 400, "claim_token": 1, "current_owner": ""}, "INTEGER PRIMARY KEY"),
    (
        statements.SAVE_PAGE,
        {"turn": 400, "claim_token": 1, "current_owner": "", "shown": 0, "message": ""},
        "INTEGER PRIMARY KEY",
    ),
    (turn_context.SELECT_POSITION, {"turn": 1}, "ix_budgets_scope"),
    (turn_context.SELECT_POSITION, {"turn": 1}, "sqlite_autoindex_drafts_1"),
    (turn_context.SELECT_HISTORY, {"conversation": 1, "sent_at": 9e9, "turn": 1, "limit": 50}, "ix_turns_said"),
    (processes.FREE_TURNS_OF_DEAD_WORKERS, {}, "uq_turns_owned"),
    (stop_requests.SELECT_MARKED_TURNS, {"me": ""}, "ix_turns_stopping"),
    (stop_requests.SELECT_TURN_TO_STOP, {"conversation": 1, "turn": 0}, "ix_turns_open"),
    (processes.FREE_TURNS_OF_WORKER, {"me": ""}, "uq_turns_owned"),
    (processes.DELETE_OLD_DELIVERIES, {"age": 1.0, "batch": 9}, "ix_deliveries_at"),
]
"""Statements, parameters, and an index that SQLite must use for them."""


@asynccontextmanager
async def opened(kind: Kind, folder: Path) -> AsyncIterator[Database]:
    with migrated_database(kind, folder) as url:
        async with open_database(url) as database:
            yield database


def compile_statement(statement: Any, parameters: dict[str, Any], dialect: Dialect) -> tuple[str, Any]:
    """Return a statement as the dialect writes it, with lists of parameters expanded, and its parameters."""
    compiled = statement.compile(dialect=dialect)
    state = compiled.construct_expanded_state(compiled.params | parameters)
    return state.statement, state.parameters


def explain(connection: Connection, statement: Executable, parameters: dict[str, Any]) -> str:
    sql, values = compile_statement(statement, parameters, sqlite.dialect(paramstyle="named"))
    rows = connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"), values)
    return "\n".join(row.detail for row in rows)


@pytest.mark.parametrize(("statement", "parameters", "index"), FREQUENT_STATEMENTS)
async def test_it_uses_an_index(tmp_path: Path, statement: Executable, parameters: dict[str, Any], index: str) -> None:
    async with opened("sqlite", tmp_path) as database:
        found = await database.tx(explain, statement, parameters)
    assert index in found
    assert "SCAN turns\n" not in f"{found}\n"


async def test_claiming_looks_only_at_open_turns(tmp_path: Path) -> None:
    """Both "is it open" and "is an earlier one open" are read from the partial index."""
    async with opened("sqlite", tmp_path) as database:
        found = await database.tx(explain, statements.LOCK_CLAIMABLE_CONVERSATIONS, {"limit": 1})
    assert found.count("ix_turns_open") == 2


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (turn_context.SELECT_HISTORY, {"conversation": 1, "sent_at": 1.0, "turn": 1, "limit": 50}),
        (statements.CLAIM_NEXT, {"conversation": 1, "new_owner": ""}),
        (processes.DELETE_OLD_DELIVERIES, {"age": 1.0, "batch": 9}),
    ],
)
async def test_it_reads_in_order_without_sorting(
    tmp_path: Path, statement: Executable, parameters: dict[str, Any]
) -> None:
    """So the limit bounds the work, however long the thread is."""
    async with opened("sqlite", tmp_path) as database:
        assert "B-TREE" not in await database.tx(explain, statement, parameters)


INSERT_MANY = """
INSERT INTO conversations (platform, workspace, channel, root, created_at)
    SELECT 'p', 'w', 'c', n::text, 0 FROM generate_series(1, 3000) n;
INSERT INTO turns (conversation_id, platform, workspace, channel, message_id, author_id, author_name,
                   question, sent_at, status, token, attempt, answer, model, finish_reason, error, created_at)
    SELECT CASE WHEN n > 6000 THEN 1 ELSE 1 + mod(n, 3000) END,
           'p', 'w', 'c', n::text, '', '', repeat('x', 200), n,
           CASE WHEN mod(n, 400) = 0 THEN 'waiting' WHEN mod(n, 3) = 0 THEN 'forgotten' ELSE 'done' END,
           0, 0, '', '', '', '', 0
    FROM generate_series(1, 12000) n;
INSERT INTO deliveries SELECT 'p', 'w', n::text, n FROM generate_series(1, 5000) n;
ANALYZE
"""
"""Half of the turns are in one thread, a third is forgotten, and thirty wait."""


def explain_and_count(connection: Connection, statement: Executable, parameters: dict[str, Any]) -> tuple[str, int]:
    """Run a statement; return PostgreSQL's plan, and how many rows it looked at in tables and indexes."""
    rows = 0

    def count(node: dict[str, Any]) -> None:
        nonlocal rows
        if node["Node Type"].endswith("Scan"):
            removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            rows += int((node["Actual Rows"] + removed) * node["Actual Loops"])
        for child in node.get("Plans", ()):
            count(child)

    sql, values = compile_statement(statement, parameters, connection.dialect)
    found = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values).scalar_one()
    count(found[0]["Plan"])
    return str(found), rows


@pytest.mark.postgres
async def test_postgresql_looks_at_few_rows_of_many(tmp_path: Path) -> None:
    """Claiming reads all open turns; every other statement reads little more than it returns."""
    async with opened("postgres", tmp_path) as database:
        await database.tx(lambda connection: connection.exec_driver_sql(INSERT_MANY))
        for statement, parameters, _index in FREQUENT_STATEMENTS:
            known = parameters | {"sent_at": 11_999.0, "turn": 11_999} if "limit" in parameters else parameters
            found, rows = await database.tx(explain_and_count, statement, known)
            assert "Seq Scan on turns" not in found.replace("'", ""), statement
            assert rows < 300, (rows, found)
