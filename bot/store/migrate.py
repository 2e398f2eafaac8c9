"""Leads a database to the schema of this program: Alembic, called as a library.

Separate from `database` because migrations run before the program, once, and synchronously: Alembic has no
other way. Call these from a thread where a loop runs. `alembic upgrade head` at the root of the repository
does the same as `upgrade`.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine, create_engine

import bot
from bot.core.errors import SettingsError
from bot.store.database import describe_database, translate_errors
from bot.store.postgres import CONNECT_ARGS
from bot.store.sqlite import create_sqlite_engine


def upgrade_database(url: URL, revision: str = "head") -> None:
    """Lead the database up to `revision`; nothing happens if it is there. Raises `StoreUnavailable`."""
    with translate_errors(url):
        command.upgrade(_alembic_config(url), revision)


def downgrade_database(url: URL, revision: str) -> None:
    """Lead the database back to `revision`; `base` is an empty one. Raises `StoreUnavailable`."""
    with translate_errors(url):
        command.downgrade(_alembic_config(url), revision)


def read_revision(url: URL) -> str | None:
    """Return the revision the database is at, or None if it never was migrated. Raises `StoreUnavailable`."""
    engine = migration_engine(url)
    try:
        with translate_errors(url), engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def needed_revision() -> str:
    """Return the revision this program needs."""
    (revision,) = ScriptDirectory.from_config(_alembic_config()).get_heads()
    return revision


def check_revision(url: URL) -> None:
    """Raise `SettingsError`, saying what to run, unless the database is at `head()`."""
    found, needed = read_revision(url), needed_revision()
    if found == needed:
        return
    known = {script.revision for script in ScriptDirectory.from_config(_alembic_config()).walk_revisions()}
    if found is None or found in known:
        raise SettingsError(f"{describe_database(url)} (DATABASE_URL) is not up to date; run `bot migrate` first.")
    raise SettingsError(
        f"{describe_database(url)} (DATABASE_URL) is at revision {found}, which this version of the program "
        "does not know; install the newer version that migrated it."
    )


def migration_engine(url: URL) -> Engine:
    """Return an engine for schema changes: one transaction each, and no cascades on SQLite."""
    if url.get_backend_name() == "sqlite":
        return create_sqlite_engine(url, foreign_keys=False)
    return create_engine(url, hide_parameters=True, connect_args=CONNECT_ARGS)


def _alembic_config(url: URL | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_find_scripts()).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def _find_scripts() -> Path:
    """Return the migrations: inside the package where it was installed, beside it in the repository."""
    package = Path(bot.__file__).parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"
