"""A `DATABASE_URL` that leads to no usable database is a wrong setting: one sentence, whoever opens it first."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from bot.core.errors import SettingsError
from bot.store import migrate
from bot.store.database import Database, parse_database_url
from tests.databases import empty_database, open_database

NOBODY = 65_534
"""A user id without rights; root may write to read-only files."""


@contextmanager
def without_root() -> Iterator[None]:
    """Act as a user who may not write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture(scope="module", autouse=True)
def libraries(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Import what migrating needs, which `NOBODY` may not be allowed to read."""
    migrate.upgrade_database(parse_database_url(f"sqlite:///{tmp_path_factory.mktemp('good') / 'x.db'}"))


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that every user may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


def no_folder(folder: Path) -> Path:
    return folder / "missing" / "x.db"


def locked_folder(folder: Path) -> Path:
    folder.chmod(0o700)
    (folder / "inside").mkdir()
    return folder / "inside" / "x.db"


def folder_as_file(folder: Path) -> Path:
    return folder


def text_file(folder: Path) -> Path:
    file = folder / "notes.txt"
    file.write_text("not a database, but long enough to be looked at " * 50)
    return file


def short_text_file(folder: Path) -> Path:
    file = folder / "short.txt"
    file.write_text("hello")
    return file


def read_only_folder(folder: Path) -> Path:
    folder.chmod(0o555)
    return folder / "x.db"


def unreadable_file(folder: Path) -> Path:
    file = folder / "x.db"
    sqlite3.connect(file).close()
    file.touch()
    file.chmod(0o000)
    folder.chmod(0o777)
    return file


def pipe(folder: Path) -> Path:
    folder.chmod(0o777)
    file = folder / "pipe.db"
    os.mkfifo(file, mode=0o666)
    file.chmod(0o666)
    return file


PLACES: dict[Callable[[Path], Path], str] = {
    no_folder: "there is no folder",
    locked_folder: "there is no folder",
    folder_as_file: "is a folder",
    text_file: "is not an SQLite database",
    short_text_file: "is not an SQLite database",
    read_only_folder: "must not be opened or created",
    unreadable_file: "must not be opened",
    pipe: "a pipe or a device",
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
async def test_a_file_that_cannot_be_used_is_a_wrong_setting(place: Callable[[Path], Path], folder: Path) -> None:
    """For the migration, for the commands, and for the bot, which also locks the file."""
    url = parse_database_url(f"sqlite:///{place(folder)}")
    with without_root():
        with pytest.raises(SettingsError, match=PLACES[place]):
            migrate.upgrade_database(url)
        for exclusive in (False, True):
            with pytest.raises(SettingsError, match="DATABASE_URL"):
                await Database(url, exclusive=exclusive).open()


def read_only_database(folder: Path) -> URL:
    file = folder / "x.db"
    url = parse_database_url(f"sqlite:///{file}")
    migrate.upgrade_database(url)
    file.chmod(0o444)
    folder.chmod(0o777)
    return url


async def test_a_database_that_is_read_only_is_refused_to_the_bot_and_may_be_read_by_commands(folder: Path) -> None:
    url = read_only_database(folder)
    with without_root():
        migrate.check_revision(url)
        async with open_database(url, exclusive=False):
            pass
        with pytest.raises(SettingsError, match=r"x\.db, which cannot be used: Permission denied"):
            await Database(url).open()
        with pytest.raises(SettingsError, match=r"x\.db or its folder is read-only"):
            migrate.downgrade_database(url, "0014")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"database": "no_such_database"}, 'database "no_such_database" does not exist'),
        ({"username": "no_such_role"}, 'role "no_such_role" does not exist'),
        ({"query": {"sslmode": "nope"}}, 'invalid sslmode value: "nope"'),
        ({"query": {"gssencmode": "nope"}}, 'invalid gssencmode value: "nope"'),
        ({"query": {"keepalives": "abc"}}, 'invalid integer value "abc" for connection option "keepalives"'),
        ({"query": {"service": "no_such_service"}}, 'definition of service "no_such_service" not found'),
        ({"query": {"target_session_attrs": "nope"}}, 'invalid target_session_attrs value: "nope"'),
        (
            {"query": {"options": "-cclient_encoding=klingon"}},
            'invalid value for parameter "client_encoding": "klingon"',
        ),
        ({"query": {"options": "-cno_such_parameter=1"}}, 'unrecognized configuration parameter "no_such_parameter"'),
    ],
)
async def test_what_postgresql_refuses_for_good_is_a_wrong_setting(
    parts: dict[str, object], said: str, tmp_path: Path
) -> None:
    with empty_database("postgres", tmp_path) as url:
        wrong = url.set(**parts)  # type: ignore[arg-type]  # a URL's parts, by their names
        with pytest.raises(SettingsError) as caught:
            migrate.read_revision(wrong)
        assert str(caught.value).endswith(f"{said}.")
        with pytest.raises(SettingsError, match="DATABASE_URL"):
            await Database(wrong).open()


@pytest.mark.postgres
def test_a_role_that_may_not_create_tables_is_told_so(tmp_path: Path) -> None:
    """PostgreSQL 15 no longer lets everybody create tables in the schema `public`."""
    with empty_database("postgres", tmp_path) as url:
        engine = migrate.migration_engine(url)
        role = f"reader_{url.database}"
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
            with pytest.raises(SettingsError, match="permission denied for schema public"):
                migrate.upgrade_database(url.set(username=role))
        finally:
            with engine.begin() as connection:
                connection.exec_driver_sql(f"DROP ROLE {role}")
            engine.dispose()
