"""Alembic's entry: runs migrations on one database, each in a transaction of its own.

A migration that would have to wait for a lock makes everybody wait who comes after it. So it gives up after
`LOCK_TIMEOUT`, and `bot migrate` can be repeated. A new index on a large table of PostgreSQL is built in an
`autocommit_block()`, with `postgresql_concurrently`: see revision 0016.

The database is the one that `bot.store.migrate` names, else that of `DATABASE_URL`, else the embedded
default. Logging stays as it is.
"""

import os
import time
from contextlib import ExitStack

from alembic import context
from sqlalchemy import URL, Connection, event

from bot.store.database import parse_database_url
from bot.store.migrate import migration_engine
from bot.store.schema import metadata

MIGRATING = 7_483_902_511
"""Key of the advisory lock on PostgreSQL: two hosts that deploy at once migrate one after the other."""

LOCK_TIMEOUT = "3s"
"""How long a statement of a migration waits for a lock on PostgreSQL."""

LOCK_RETRY_SECONDS = 0.5
"""How often a host that has to wait for another one's migrations tries to begin its own."""


def url() -> URL:
    """Return the address of the database to migrate."""
    given: URL | None = context.config.attributes.get("url")
    return given or parse_database_url(os.environ.get("DATABASE_URL") or "sqlite:///threadkeeper.db")


def run() -> None:
    """Connect, and run what was asked for."""
    engine = migration_engine(url())
    try:
        with engine.connect() as connection, ExitStack() as held:
            if connection.dialect.name == "postgresql":
                guard = held.enter_context(engine.connect())  # its transaction is open to the end, and has the lock
                # CREATE INDEX CONCURRENTLY waits for the snapshots of all others: so the lock is tried again and again,
                # and without parameters, with which a snapshot would stay.
                while not guard.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({MIGRATING})").scalar():
                    time.sleep(LOCK_RETRY_SECONDS)
                event.listen(connection, "begin", limit_waiting)
            context.configure(
                connection=connection,
                target_metadata=metadata,
                render_as_batch=True,  # SQLite cannot alter most things in place
                compare_server_default=True,
                transaction_per_migration=True,
            )
            with context.begin_transaction():
                context.run_migrations()
    finally:
        engine.dispose()


def limit_waiting(connection: Connection) -> None:
    """Let no statement of a transaction wait for long; one outside a transaction may."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")


if context.is_offline_mode():
    raise SystemExit("Migrations need a database; there is no offline mode.")
run()
