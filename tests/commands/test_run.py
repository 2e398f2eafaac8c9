"""What `bot run` imports: what a start needs, and no more."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from bot.store import migrate
from tests.databases import KINDS, Kind, migrated_database
from tests.program import ROOT

SELDOM = {
    "alembic": "to migrate",
    "mako": "to migrate",
    "bot.app.sandbox_mode": "for `bot try`",
    "bot.sandbox": "for `bot try`",
    "bot.testing": "in tests",
    "bpe_openai": "to count tokens, while the bot starts",
    "docx": "in the process that reads files",
    "lxml": "in the process that reads files",
    "openpyxl": "in the process that reads files",
    "pptx": "in the process that reads files",
    "psycopg": "on PostgreSQL",
    "pypdf": "in the process that reads files",
    "pytest": "in tests",
    "rich": "by developers: structlog and httpx import it where it is installed",
    "yaml": "for `bot manifest` and `bot try`",
}
"""What is imported only then, if at all."""

RUN = """
import sys, click
from bot import cli
cli.commands.get_command(click.Context(cli.commands), "run")
print(*sys.modules)
"""
CHECK = """
import sys
from bot.store import migrate
from bot.store.database import parse_database_url
migrate.check_revision(parse_database_url(sys.argv[1]))
print(*sys.modules)
"""


def imported(code: str, *arguments: str) -> set[str]:
    """Return what a new interpreter has imported once the code has run."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_run_imports_nothing_that_is_needed_seldom() -> None:
    modules = imported(RUN)
    assert "bot.app.run" in modules
    assert {name: SELDOM[name] for name in SELDOM.keys() & modules} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_that_is_up_to_date_is_recognised_without_alembic(kind: Kind, tmp_path: Path) -> None:
    with migrated_database(kind, tmp_path) as url:
        modules = imported(CHECK, url.render_as_string(hide_password=False))
    assert not {"alembic", "mako"} & modules


def test_migrations_are_named_for_their_revisions() -> None:
    """So the newest name is what Alembic calls the head."""
    scripts = ScriptDirectory.from_config(Config(toml_file=ROOT / "pyproject.toml"))
    files = {Path(script.path).name.partition("_")[0]: script.revision for script in scripts.walk_revisions()}
    assert all(name == revision for name, revision in files.items())
    assert scripts.get_heads() == [migrate.needed_revision()]
