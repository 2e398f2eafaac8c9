"""Fresh databases for tests: an SQLite file in a folder, or a PostgreSQL database of its own.

PostgreSQL is expected at `TEST_DATABASE_URL`. Where none answers a test is skipped, and fails if `CI=true`.
"""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal

import psycopg
import pytest
from sqlalchemy import URL

from bot.store import migrate
from bot.store.database import Database, parse_database_url

Kind = Literal["sqlite", "postgres"]

SERVER = parse_database_url(os.environ.get("TEST_DATABASE_URL") or "postgresql://postgres@127.0.0.1:5432/postgres")

KINDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
"""For `pytest.fixture(params=KINDS)`."""


@contextmanager
def empty_database(kind: Kind, folder: Path) -> Iterator[URL]:
    """Give a database without tables, and drop it afterwards."""
    if kind == "sqlite":
        yield parse_database_url(f"sqlite:///{folder / f'{uuid.uuid4().hex}.db'}")
        return
    name = f"test_{uuid.uuid4().hex}"
    with _server() as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield SERVER.set(database=name)
    finally:
        with _server() as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextmanager
def migrated_database(kind: Kind, folder: Path) -> Iterator[URL]:
    """Give a database with the current tables, and drop it afterwards."""
    with empty_database(kind, folder) as url:
        migrate.upgrade_database(url)
        yield url


@asynccontextmanager
async def open_database(url: URL, *, exclusive: bool = True) -> AsyncIterator[Database]:
    """Give an open database, and close it however the test ends: nothing stays open for the next."""
    database = Database(url, exclusive=exclusive)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def _server() -> psycopg.Connection:
    address = SERVER.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return psycopg.connect(address, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        reason = f"no PostgreSQL at {SERVER.host}:{SERVER.port} (TEST_DATABASE_URL): {error}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
