"""Alembic's entry: runs migrations on one database, in one transaction.

The database is the one that `bot.store.migrate` names, else that of `DATABASE_URL`, else the embedded
default. Logging stays as it is.
"""

import os

from alembic import context
from sqlalchemy import URL, text

from bot.store.database import parse_database_url
from bot.store.migrate import migration_engine
from bot.store.schema import metadata

MIGRATING = 7_483_902_511
"""Key of the advisory lock on PostgreSQL: two hosts that deploy at once migrate one after the other."""


def url() -> URL:
    """Return the address of the database to migrate."""
    given: URL | None = context.config.attributes.get("url")
    return given or parse_database_url(os.environ.get("DATABASE_URL") or "sqlite:///threadkeeper.db")


def run() -> None:
    """Connect, and run what was asked for."""
    engine = migration_engine(url())
    try:
        with engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=metadata,
                render_as_batch=True,  # SQLite cannot alter most things in place
                compare_server_default=True,
            )
            with context.begin_transaction():
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
                context.run_migrations()
    finally:
        engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Migrations need a database; there is no offline mode.")
run()
