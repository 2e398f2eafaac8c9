"""The secrets of the installation, kept beside the conversations.

Separate because they change seldom and have nothing to do with who works on what.
"""

from collections.abc import Callable

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.store.schema import secrets

SELECT_SECRET = select(secrets.c.value).where(secrets.c.name == bindparam("name"))

INSERT_SECRET = upsert(secrets).on_conflict_do_nothing()


def get_or_create_secret(connection: Connection, name: str, make: Callable[[], str]) -> str:
    """Read a secret; where there is none, make it, and read whose was first."""
    found: str | None = connection.scalar(SELECT_SECRET, {"name": name})
    if found is None:
        connection.execute(INSERT_SECRET, {"name": name, "value": make()})
        found = connection.execute(SELECT_SECRET, {"name": name}).scalar_one()
    return found
