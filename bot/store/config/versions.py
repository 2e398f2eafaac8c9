"""`ConfigVersions` in SQL: what admins configured for each scope, one row a version.

Rows are only added. Two admins who save at the same time both try to insert the same number for the same scope; the
unique constraint lets one of them. Taking a change back inserts a version with the earlier content.
"""

from collections.abc import Sequence
from dataclasses import asdict, astuple
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core.chat import scoped_config
from bot.core.config import DIRECT_MESSAGES, ConfigVersion, Scope, ScopeConfig
from bot.core.errors import VersionConflict
from bot.core.turns import Author, ThreadKey
from bot.store.database import Database
from bot.store.schema import steering_versions as versions

_KEY = (versions.c.platform, versions.c.workspace, versions.c.channel, versions.c.root)


def _is_of_scope(*key: Any) -> ColumnElement[bool]:
    return and_(*(column == part for column, part in zip(_KEY, key, strict=True)))


def _select_newest_id(*key: Any) -> ColumnElement[Any]:
    newest_first = versions.c.number.desc()
    return select(versions.c.id).where(_is_of_scope(*key)).order_by(newest_first).limit(1).scalar_subquery()


_PLATFORM: ColumnElement[str] = bindparam("platform")
_WORKSPACE: ColumnElement[str] = bindparam("workspace")
_CHANNEL: ColumnElement[str] = bindparam("channel")
_ROOT: ColumnElement[str] = bindparam("root")

# Each subquery is one index lookup, however long the history of a scope is.
SELECT_APPLYING = (
    select(versions)
    .where(
        versions.c.id.in_(
            [
                _select_newest_id(_PLATFORM, _WORKSPACE, "", ""),
                _select_newest_id(_PLATFORM, _WORKSPACE, DIRECT_MESSAGES, ""),
                _select_newest_id(_PLATFORM, _WORKSPACE, _CHANNEL, ""),
                _select_newest_id(_PLATFORM, _WORKSPACE, _CHANNEL, _ROOT),
            ]
        )
    )
    .order_by(versions.c.id)
)

SELECT_HISTORY = (
    select(versions)
    .where(_is_of_scope(_PLATFORM, _WORKSPACE, _CHANNEL, _ROOT))
    .order_by(versions.c.number.desc())
    .limit(bindparam("limit"))
)

SELECT_BY_IDS = select(versions).where(versions.c.id.in_(bindparam("ids", expanding=True)))

INSERT_VERSION = upsert(versions).on_conflict_do_nothing().returning(*versions.c)

_RANKED = (
    select(versions, func.row_number().over(partition_by=_KEY, order_by=versions.c.number.desc()).label("rank"))
    .where(*(bindparam(column.name).in_(["", column]) for column in _KEY))
    .subquery()
)

# One sort, whatever statistics PostgreSQL has. With `NOT EXISTS (a newer one)` it compared all rows with all.
SELECT_NEWEST = select(_RANKED).where(_RANKED.c.rank == 1)

_NEWEST_IDS = select(_RANKED.c.id).where(_RANKED.c.rank == 1)

SELECT_CHANGED = (
    select(versions, func.count().over().label("scopes"))
    .where(versions.c.id.in_(_NEWEST_IDS), versions.c.content != scoped_config.to_json(scoped_config.EMPTY_CONFIG))
    .order_by(versions.c.id.desc())
    .limit(bindparam("limit"))
)


class SqlConfigVersions:
    """`ConfigVersions` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be shared with other stores."""
        self._database = database

    async def list_applying(self, thread: ThreadKey) -> Sequence[ConfigVersion]:
        """Return the newest version of each scope that may apply to a thread."""
        return await self._database.tx(list_applying, thread)

    async def save(
        self, key: Scope, config: ScopeConfig, *, based_on: int, by: Author, note: str = ""
    ) -> ConfigVersion:
        """Add a version. Raises `VersionConflict` if `based_on` is not the newest one."""
        return await self._database.tx(save_version, key, config, based_on=based_on, by=by, note=note)

    async def list_history(self, key: Scope, *, limit: int) -> Sequence[ConfigVersion]:
        """Return the newest versions of a scope, newest first."""
        return await self._database.tx(list_history, key, limit)

    async def read_by_ids(self, ids: Sequence[int]) -> Sequence[ConfigVersion]:
        """Return versions by their ids."""
        return await self._database.tx(read_by_ids, ids)

    async def list_newest(self, within: Scope) -> Sequence[ConfigVersion]:
        """Return the newest version of every scope within `within`, ordered by scope."""
        return await self._database.tx(list_newest, within)

    async def list_changed(self, within: Scope, *, limit: int) -> tuple[Sequence[ConfigVersion], int]:
        """Return the scopes that set anything, latest change first, and their number."""
        return await self._database.tx(list_changed, within, limit)


def list_applying(connection: Connection, thread: ThreadKey) -> Sequence[ConfigVersion]:
    """Read the newest version of each scope that may apply."""
    return [version_from(row) for row in connection.execute(SELECT_APPLYING, asdict(thread))]


def save_version(
    connection: Connection, key: Scope, config: ScopeConfig, *, based_on: int, by: Author, note: str
) -> ConfigVersion:
    """Insert the version after `based_on`. Raises `VersionConflict` if there is one already."""
    newest = _first_version(list_history(connection, key, 1))
    if based_on != (newest.number if newest else 0):
        raise VersionConflict(newest)
    row = asdict(key) | {
        "number": based_on + 1,
        "content": scoped_config.to_json(config),
        "author_id": by.id,
        "author_name": by.name,
        "note": note,
    }
    added = connection.execute(INSERT_VERSION, row).one_or_none()
    if added is None:  # another admin saved at the same moment
        raise VersionConflict(_first_version(list_history(connection, key, 1)))
    return version_from(added)


def list_history(connection: Connection, key: Scope, limit: int) -> Sequence[ConfigVersion]:
    """Read a scope's newest versions."""
    return [version_from(row) for row in connection.execute(SELECT_HISTORY, asdict(key) | {"limit": limit})]


def list_newest(connection: Connection, within: Scope) -> Sequence[ConfigVersion]:
    """Read the newest version of every scope within a scope."""
    found = (version_from(row) for row in connection.execute(SELECT_NEWEST, asdict(within)))
    return sorted(found, key=lambda version: astuple(version.scope))  # collations of databases differ


def list_changed(connection: Connection, within: Scope, limit: int) -> tuple[Sequence[ConfigVersion], int]:
    """Read the newest versions of scopes that set anything."""
    rows = connection.execute(SELECT_CHANGED, asdict(within) | {"limit": limit}).all()
    return [version_from(row) for row in rows], rows[0].scopes if rows else 0


def read_by_ids(connection: Connection, ids: Sequence[int]) -> tuple[ConfigVersion, ...]:
    """Read versions by their ids, in the order of the ids."""
    found = {row.id: version_from(row) for row in connection.execute(SELECT_BY_IDS, {"ids": list(ids)})}
    return tuple(found[each] for each in ids if each in found)


def _first_version(found: Sequence[ConfigVersion]) -> ConfigVersion | None:
    return found[0] if found else None


def version_from(row: Row[Any]) -> ConfigVersion:
    """Return the version in a row."""
    return ConfigVersion(
        id=row.id,
        scope=Scope(platform=row.platform, workspace=row.workspace, channel=row.channel, root=row.root),
        number=row.number,
        config=scoped_config.from_json(row.content),
        author=Author(id=row.author_id, name=row.author_name),
        note=row.note,
        created_at=row.created_at,
    )
