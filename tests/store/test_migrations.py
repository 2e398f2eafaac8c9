"""The chain of migrations leads to the schema of `bot/store/schema/`, and back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, inspect

from bot.core.chat.placeholders import fill
from bot.core.chat.scoped_config import find_problems, parse_scope
from bot.core.errors import SettingsError, StoreUnavailable
from bot.core.turns import Author
from bot.store import migrate
from bot.store.config import versions
from bot.store.database import parse_database_url
from bot.store.schema import metadata
from tests.databases import KINDS, empty_database

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    with empty_database(request.param, tmp_path) as address:
        yield address


def differences(url: URL) -> list[object]:
    engine = migrate.migration_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        found = compare_metadata(context, metadata)
    engine.dispose()
    return list(found)


def described(url: URL) -> dict[str, object]:
    """Return what `compare_metadata` does not look at: constraints with their words, and partial indexes."""
    engine = migrate.migration_engine(url)
    with engine.connect() as connection:
        inspector = inspect(connection)
        found: dict[str, object] = {
            table: {
                "checks": sorted(
                    (str(check["name"]), check["sqltext"]) for check in inspector.get_check_constraints(table)
                ),
                "unique": sorted(str(unique["name"]) for unique in inspector.get_unique_constraints(table)),
                "foreign": [(key["name"], key["options"]) for key in inspector.get_foreign_keys(table)],
                "primary": inspector.get_pk_constraint(table)["name"],
                "indexes": {
                    index["name"]: (
                        index["column_names"],
                        index["unique"],
                        str(index.get("dialect_options", {}).get(f"{engine.dialect.name}_where")),
                    )
                    for index in inspector.get_indexes(table)
                },
            }
            for table in metadata.tables
        }
    engine.dispose()
    return found


def test_head_is_the_schema(url: URL) -> None:
    """Alembic finds nothing to change between the migrations and the tables."""
    migrate.upgrade_database(url)
    assert differences(url) == []
    assert migrate.read_revision(url) == migrate.needed_revision()


def test_constraints_and_indexes_are_those_of_the_schema(url: URL, tmp_path: Path) -> None:
    """So are the parts that Alembic does not compare, names included."""
    migrate.upgrade_database(url)
    migrated = described(url)
    migrate.downgrade_database(url, "base")
    engine = migrate.migration_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    assert migrated == described(url)


def test_there_is_one_head() -> None:
    """`head` unpacks exactly one; two branches would raise."""
    assert migrate.needed_revision()


def test_down_to_nothing_and_up_again(url: URL) -> None:
    """Every step can be reverted."""
    migrate.upgrade_database(url)
    migrate.downgrade_database(url, "base")
    engine = migrate.migration_engine(url)
    with engine.connect() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    migrate.upgrade_database(url)
    assert differences(url) == []


OLD_ROWS = """
INSERT INTO conversations (id, platform, workspace, channel, root, created_at)
    VALUES (1, 'p', 'w', 'c', 'r', 5);
INSERT INTO turns (id, conversation_id, platform, workspace, channel, message_id, author_id, author_name,
    question, status, owner, token, answer, model, finish_reason, error, created_at) VALUES
    (1, 1, 'p', 'w', 'c', '1', 'u', 'n', 'Why?', 'done', NULL, 1, 'Because.', 'm', 'stop', '', 5),
    (7, 1, 'p', 'w', 'c', '2', 'u', 'n', 'How?', 'waiting', NULL, 3, '', '', '', '', 6);
INSERT INTO pages (turn_id, page, message_id) VALUES (1, 0, '1.1')
"""


def test_turns_of_the_first_version_keep_their_order_and_their_pages(url: URL) -> None:
    """Up and down: times of recording stand in for times of writing, claims for attempts."""
    turns = "SELECT id, question, answer, token, status FROM turns ORDER BY id"
    new = "SELECT id, sent_at, attempt FROM turns ORDER BY id"
    migrate.upgrade_database(url, "0001")
    engine = migrate.migration_engine(url)
    with engine.begin() as connection:
        for statement in OLD_ROWS.split(";"):
            connection.exec_driver_sql(statement)
        before = connection.exec_driver_sql(turns).all()
    for lead, revision in ((migrate.upgrade_database, "0002"), (migrate.downgrade_database, "0001")):
        lead(url, revision)
        with engine.begin() as connection:
            assert connection.exec_driver_sql(turns).all() == before
            assert connection.exec_driver_sql("SELECT * FROM pages").all() == [(1, 0, "1.1")]
    migrate.upgrade_database(url)
    with engine.begin() as connection:
        assert connection.exec_driver_sql(new).all() == [(1, 5.0, 1), (7, 6.0, 3)]
    engine.dispose()


def test_an_id_is_given_once_on_sqlite_too(tmp_path: Path) -> None:
    """`(id, token)` fences for ever; a copied table must go on counting where it was."""
    with empty_database("sqlite", tmp_path) as url:
        migrate.upgrade_database(url)
        engine = migrate.migration_engine(url)
        with engine.connect() as connection:
            query = "SELECT sql FROM sqlite_master WHERE name = 'turns'"
            assert "AUTOINCREMENT" in connection.exec_driver_sql(query).scalar_one()
        engine.dispose()


def test_upgrading_twice_changes_nothing(url: URL) -> None:
    """`bot migrate` may run at each deploy."""
    migrate.upgrade_database(url)
    migrate.upgrade_database(url)
    assert migrate.read_revision(url) == migrate.needed_revision()


def test_an_unmigrated_database_says_what_to_run(url: URL) -> None:
    """The program refuses to start on it with one sentence."""
    assert migrate.read_revision(url) is None
    with pytest.raises(SettingsError, match="run `bot migrate`"):
        migrate.check_revision(url)
    migrate.upgrade_database(url)
    migrate.check_revision(url)


def test_a_database_of_a_newer_version_says_so(url: URL) -> None:
    """An older program must not tell people to migrate, which would fail."""
    migrate.upgrade_database(url)
    engine = migrate.migration_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'from_2031'")
    engine.dispose()
    with pytest.raises(SettingsError, match="from_2031"):
        migrate.check_revision(url)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    """The sentence names the setting, host and port."""
    nowhere = parse_database_url("postgresql://someone:hunter2@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable) as caught:
        migrate.read_revision(nowhere)
    assert "DATABASE_URL" in str(caught.value)
    assert "127.0.0.1, port 1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_alembic_does_the_same_from_the_command_line(url: URL) -> None:
    """`alembic upgrade head` at the root reads DATABASE_URL."""
    environment = os.environ | {"DATABASE_URL": url.render_as_string(hide_password=False)}
    subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    assert migrate.read_revision(url) == migrate.needed_revision()


def test_an_old_prompt_becomes_the_first_version_of_its_scope(url: URL) -> None:
    """The model gets the same text as before, braces included; a downgrade restores the old row."""
    migrate.upgrade_database(url, "0002")
    engine = migrate.migration_engine(url)
    text = 'Answer as {"a": {}} — «ja».'
    with engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO prompts VALUES ('slack', 'T1', 'C1', '', '{text}', 7.5)")
    migrate.upgrade_database(url)
    with engine.connect() as connection:
        (version,) = versions.list_history(connection, parse_scope("channel T1/C1", "slack"), 9)
    assert (version.number, version.created_at, version.author) == (1, 7.5, Author(id=""))
    assert find_problems(version.config) == {}
    assert version.config.prompt is not None
    assert fill(version.config.prompt.text, {}) == text
    migrate.downgrade_database(url, "0002")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM prompts").all()
    assert [tuple(row) for row in rows] == [("slack", "T1", "C1", "", text, 7.5)]
    engine.dispose()


USABLE = [  # the database, the program, whether it runs
    ("0017", "0017", True),
    ("0018for0017", "0017", True),
    ("0018for0017", "0018for0017", True),
    ("0020for0018", "0018for0017", True),
    ("0020for0018", "0019", True),
    ("0016", "0017", False),
    ("0017", "0018for0017", False),
    ("0018", "0017", False),
    ("0020for0018", "0017", False),
    ("0021", "0020for0018", False),
    ("from_2031", "0017", False),
    ("", "0017", False),
    (None, "0017", False),
]


@pytest.mark.parametrize(("revision", "program", "runs"), USABLE)
def test_a_program_runs_on_its_schema_and_on_later_ones_that_say_so(
    revision: str | None, program: str, *, runs: bool
) -> None:
    assert migrate.is_usable(revision, program) is runs


def test_no_revision_lets_a_program_run_that_an_earlier_one_has_shut_out() -> None:
    names = sorted(path.name.partition("_")[0] for path in (ROOT / "migrations" / "versions").glob("*.py"))
    least = [name.partition("for")[2] or name for name in names]
    assert least == sorted(least)


def test_a_later_schema_is_left_as_it_is(url: URL) -> None:
    """An old version that is deployed again runs `bot migrate`, too."""
    migrate.upgrade_database(url)
    later = f"9999for{migrate.needed_revision()[:4]}"
    set_revision(url, later)
    migrate.check_revision(url)
    migrate.upgrade_database(url)
    assert migrate.read_revision(url) == later


def set_revision(url: URL, revision: str) -> None:
    engine = migrate.migration_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    engine.dispose()


@pytest.mark.postgres
def test_a_migration_does_not_wait_long_for_a_lock_and_can_be_repeated(tmp_path: Path) -> None:
    """Else everybody would wait for the migration, which waits for one slow transaction."""
    with empty_database("postgres", tmp_path) as url:
        migrate.upgrade_database(url, "0016")
        engine = migrate.migration_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("SELECT * FROM workers")  # holds a lock until its end
            with pytest.raises(StoreUnavailable, match="lock timeout"):
                migrate.upgrade_database(url, "0017")
        engine.dispose()
        assert migrate.read_revision(url) == "0016"
        migrate.upgrade_database(url)
        assert differences(url) == []


@pytest.mark.postgres
def test_two_hosts_that_migrate_at_once_do_so_one_after_the_other(tmp_path: Path) -> None:
    with empty_database("postgres", tmp_path) as url, ThreadPoolExecutor() as threads:
        environment = os.environ | {"DATABASE_URL": url.render_as_string(hide_password=False)}
        command = [sys.executable, "-m", "bot", "migrate"]
        running = [
            threads.submit(subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, check=False)
            for _ in range(3)
        ]
        ended = [each.result() for each in running]
        assert [each.returncode for each in ended] == [0, 0, 0], [each.stderr for each in ended]
        assert differences(url) == []
