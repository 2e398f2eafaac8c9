"""`GrantsRecord` in SQL: who may use and who may configure the bot, one row a version.

Rows are only added. Two admins who save at the same time both try to insert the same number for the same scope; the
unique constraint lets one of them. All current versions of a workspace are read at once, every few seconds.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.access import grants as granting
from bot.core.access.grants import Grants, GrantsVersion
from bot.core.config import Scope
from bot.core.errors import GrantsConflict
from bot.core.turns import Author
from bot.store.database import Database
from bot.store.schema import grants_versions as versions

_NEWEST_NUMBERS = (
    select(versions.c.channel, func.max(versions.c.number).label("number"))
    .where(versions.c.platform == bindparam("platform"), versions.c.workspace == bindparam("workspace"))
    .group_by(versions.c.channel)
    .subquery()
)

SELECT_CURRENT = (
    select(versions)
    .join(
        _NEWEST_NUMBERS,
        (versions.c.channel == _NEWEST_NUMBERS.c.channel) & (versions.c.number == _NEWEST_NUMBERS.c.number),
    )
    .where(versions.c.platform == bindparam("platform"), versions.c.workspace == bindparam("workspace"))
)

SELECT_HISTORY = (
    select(versions)
    .where(
        versions.c.platform == bindparam("platform"),
        versions.c.workspace == bindparam("workspace"),
        versions.c.channel == bindparam("channel"),
    )
    .order_by(versions.c.number.desc())
    .limit(bindparam("limit"))
)

INSERT_VERSION = upsert(versions).on_conflict_do_nothing().returning(*versions.c)


class SqlGrants:
    """`GrantsRecord` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be shared with other stores."""
        self._database = database

    async def list_current(self, workspace: Scope) -> Sequence[GrantsVersion]:
        """Return the newest versions of a workspace and its channels, ordered by channel."""
        return await self._database.tx(list_current, workspace)

    async def save(self, key: Scope, grants: Grants, *, based_on: int, by: Author, note: str = "") -> GrantsVersion:
        """Add a version. Raises `GrantsConflict` if `based_on` is not the newest one."""
        return await self._database.tx(save_grants, key, grants, based_on=based_on, by=by, note=note)

    async def list_history(self, key: Scope, *, limit: int) -> Sequence[GrantsVersion]:
        """Return the newest versions of a scope, newest first."""
        return await self._database.tx(list_history, key, limit)


def list_current(connection: Connection, workspace: Scope) -> Sequence[GrantsVersion]:
    """Read the newest version of each scope of a workspace."""
    where = {"platform": workspace.platform, "workspace": workspace.workspace}
    found = (_version_from(row) for row in connection.execute(SELECT_CURRENT, where))
    return sorted(found, key=lambda version: version.scope.channel)  # collations of databases differ


def save_grants(
    connection: Connection, key: Scope, grants: Grants, *, based_on: int, by: Author, note: str
) -> GrantsVersion:
    """Insert the version after `based_on`. Raises `GrantsConflict` if there is one already."""
    newest = _first_version(list_history(connection, key, 1))
    if based_on != (newest.number if newest else 0):
        raise GrantsConflict(newest)
    row = _key_values(key) | {
        "number": based_on + 1,
        "content": granting.to_json(grants),
        "author_id": by.id,
        "author_name": by.name,
        "note": note,
    }
    added = connection.execute(INSERT_VERSION, row).one_or_none()
    if added is None:  # another admin saved at the same moment
        raise GrantsConflict(_first_version(list_history(connection, key, 1)))
    return _version_from(added)


def list_history(connection: Connection, key: Scope, limit: int) -> Sequence[GrantsVersion]:
    """Read a scope's newest versions."""
    return [_version_from(row) for row in connection.execute(SELECT_HISTORY, _key_values(key) | {"limit": limit})]


def _key_values(key: Scope) -> dict[str, Any]:
    return {"platform": key.platform, "workspace": key.workspace, "channel": key.channel}


def _first_version(found: Sequence[GrantsVersion]) -> GrantsVersion | None:
    return found[0] if found else None


def _version_from(row: Row[Any]) -> GrantsVersion:
    return GrantsVersion(
        scope=Scope(platform=row.platform, workspace=row.workspace, channel=row.channel),
        number=row.number,
        grants=granting.from_json(row.content),
        author=Author(id=row.author_id, name=row.author_name),
        note=row.note,
        created_at=row.created_at,
    )
