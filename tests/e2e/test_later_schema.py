"""The program runs on a later schema that only adds to its own: after `bot migrate` an old process may restart."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from bot.store import migrate
from bot.store.database import parse_database_url
from tests.databases import KINDS, Kind
from tests.e2e.bot_processes import open_bot_processes
from tests.e2e.cases import small_world
from tests.e2e.conftest import ADA, GENERAL
from tests.e2e.examination import CLEAN, Examination

ADDITIONS = (
    "ALTER TABLE turns ADD COLUMN later TEXT",
    "ALTER TABLE workers ADD COLUMN later DOUBLE PRECISION DEFAULT 1 NOT NULL",
    "CREATE TABLE later (id BIGINT PRIMARY KEY)",
    "CREATE INDEX ix_turns_later ON turns (later)",
    "UPDATE alembic_version SET version_num = '9999for{program}'",
)
"""What a revision may do to which the programs of the present one are admitted."""


def expand_schema(url: URL) -> None:
    engine = migrate.migration_engine(url)
    with engine.begin() as connection:
        for statement in ADDITIONS:
            connection.exec_driver_sql(statement.format(program=migrate.needed_revision()[:4]))
    engine.dispose()


@pytest.mark.parametrize("kind", KINDS)
async def test_the_main_job_on_a_later_schema(kind: Kind, tmp_path: Path) -> None:
    async with small_world(kind, tmp_path) as world, open_bot_processes() as processes:
        expand_schema(parse_database_url(world.env["DATABASE_URL"]))
        asked = Examination(world.workspace)
        for _ in range(2):  # and it restarts
            bot = await processes.start(tmp_path, world.env)
            await bot.wait_until_ready()
            root = await asked.ask(ADA, GENERAL, words=20, seconds=1.0)
            await asked.ask(ADA, GENERAL, root=root)
            await asked.ask(ADA, "D0ADA")
            assert await asked.wait_until_answered() == CLEAN, bot.text
            assert await bot.stop() == 0, bot.text
