"""Migrates a database to the schema of this program, with Alembic called as a library.

Migrations run before the program, once, and synchronously: Alembic has no other way. Where a loop runs, call
these functions from a thread. `alembic upgrade head` at the root of the repository does the same as
`upgrade_database`.

Most starts find the database up to date. So which revision it is at is read without Alembic, from its table
`alembic_version`, and which revisions there are is read from the names of the migrations: `0015_refusals.py`
is revision 0015. Alembic, with the template engine that it needs, is imported to migrate only.

A program also runs on a later schema that only adds to its own. So a revision's name may have the least program that
runs on it, by that program's own revision, and an old program reads it from the database:

    0017             programs of revision 0017 run on it
    0018for0017      adds something: programs of 0017 run on it, too
    0019for0017      likewise
    0020for0018      removes what programs of 0017 used, after the last of them is gone
"""

import re
from pathlib import Path
from typing import Literal

from sqlalchemy import URL, Engine, create_engine, inspect, text

import bot
from bot.core.errors import SettingsError
from bot.store.database import describe_database, translate_start_errors
from bot.store.postgres import CONNECT_ARGS
from bot.store.sqlite import create_sqlite_engine

_NUMBER_LENGTH = 4
_REVISION = re.compile(r"(?P<number>\d{4})(?:for(?P<least>\d{4}))?")


def upgrade_database(url: URL, revision: str = "head") -> None:
    """Migrate the database up to `revision`, if it is not there already.

    A later schema on which this program runs stays as it is. Raises `StoreUnavailable`, and `SettingsError` if the
    address leads to no database that can be used.
    """
    if revision == "head" and is_usable(read_revision(url)):
        return
    _run_alembic("upgrade", url, revision)


def downgrade_database(url: URL, revision: str) -> None:
    """Migrate the database back to `revision`; `base` is without tables. Raises as above."""
    _run_alembic("downgrade", url, revision)


def read_revision(url: URL) -> str | None:
    """Return the database's revision, or None if it was never migrated. Raises as above."""
    engine = migration_engine(url)
    try:
        with translate_start_errors(url), engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return revision
    finally:
        engine.dispose()


def needed_revision() -> str:
    """Return the revision of this program."""
    return max(_known_revisions())


def is_usable(revision: str | None, program: str | None = None) -> bool:
    """Return whether a program, named by its revision, runs on a database at `revision`; without a name, this one."""
    schema = _REVISION.fullmatch(revision or "")
    number = (program or needed_revision())[:_NUMBER_LENGTH]
    return schema is not None and (schema["least"] or schema["number"]) <= number <= schema["number"]


def check_revision(url: URL) -> None:
    """Raise `SettingsError`, which says what to run, unless this program runs on the database."""
    found = read_revision(url)
    if is_usable(found):
        return
    if found is None or found in _known_revisions():
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


def _run_alembic(direction: Literal["upgrade", "downgrade"], url: URL, revision: str) -> None:
    from alembic import command, config  # noqa: PLC0415 - most starts migrate nothing

    settings = config.Config()
    settings.set_main_option("script_location", str(_find_scripts()).replace("%", "%%"))
    settings.attributes["url"] = url
    migrate = command.upgrade if direction == "upgrade" else command.downgrade
    with translate_start_errors(url):
        migrate(settings, revision)


def _known_revisions() -> set[str]:
    return {path.name.partition("_")[0] for path in (_find_scripts() / "versions").glob("*.py")}


def _find_scripts() -> Path:
    """Return the folder of the migrations: inside the installed package, or beside it in the repository."""
    package = Path(bot.__file__).parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"
