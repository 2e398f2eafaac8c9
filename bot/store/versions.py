"""`Versions` in SQL: what admins set at each level, one row a version.

Separate from the turns, which it shares nothing with but the reading of a context. Rules: rows are only
added; the unique number of a version within its level decides who was first, whoever saves at once.
"""

from collections.abc import Sequence
from dataclasses import asdict, astuple
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.core import steering as core
from bot.core.domain import DIRECT, Author, PromptKey, Steering, ThreadKey, Version
from bot.core.errors import Conflict
from bot.store.database import Database
from bot.store.schema import steering_versions as versions

_KEY = (versions.c.platform, versions.c.workspace, versions.c.channel, versions.c.root)


def _is_of(*key: Any) -> ColumnElement[bool]:
    return and_(*(column == part for column, part in zip(_KEY, key, strict=True)))


def _newest(*key: Any) -> ColumnElement[Any]:
    newest_first = versions.c.number.desc()
    return select(versions.c.id).where(_is_of(*key)).order_by(newest_first).limit(1).scalar_subquery()


_PLATFORM: ColumnElement[str] = bindparam("platform")
_WORKSPACE: ColumnElement[str] = bindparam("workspace")
_CHANNEL: ColumnElement[str] = bindparam("channel")
_ROOT: ColumnElement[str] = bindparam("root")

# Each subquery is one look into the index, however long the history of a level is.
APPLYING = (
    select(versions)
    .where(
        versions.c.id.in_(
            [
                _newest(_PLATFORM, _WORKSPACE, "", ""),
                _newest(_PLATFORM, _WORKSPACE, DIRECT, ""),
                _newest(_PLATFORM, _WORKSPACE, _CHANNEL, ""),
                _newest(_PLATFORM, _WORKSPACE, _CHANNEL, _ROOT),
            ]
        )
    )
    .order_by(versions.c.id)
)

HISTORY = (
    select(versions)
    .where(_is_of(_PLATFORM, _WORKSPACE, _CHANNEL, _ROOT))
    .order_by(versions.c.number.desc())
    .limit(bindparam("limit"))
)

BY_ID = select(versions).where(versions.c.id.in_(bindparam("ids", expanding=True)))

ADD = upsert(versions).on_conflict_do_nothing().returning(*versions.c)

_ranked = (
    select(
        versions,
        func.row_number().over(partition_by=_KEY, order_by=versions.c.number.desc()).label("rank"),
    )
    .where(*(bindparam(column.name).in_(["", column]) for column in _KEY))
    .subquery()
)

# One sort, whatever PostgreSQL knows of the table; "there is no newer one" was a look at all for each.
OVERVIEW = select(_ranked).where(_ranked.c.rank == 1)

_newest_ids = select(_ranked.c.id).where(_ranked.c.rank == 1)

CHANGED = (
    select(versions, func.count().over().label("levels"))
    .where(versions.c.id.in_(_newest_ids), versions.c.content != core.to_json(core.NOTHING))
    .order_by(versions.c.id.desc())
    .limit(bindparam("limit"))
)


class SqlVersions:
    """`Versions` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        """`database` may be one that a store uses too."""
        self._database = database

    async def applying(self, thread: ThreadKey) -> Sequence[Version]:
        """Return the newest version of each level that may apply to a thread."""
        return await self._database.tx(applying, thread)

    async def save(
        self, key: PromptKey, steering: Steering, *, based_on: int, by: Author, note: str = ""
    ) -> Version:
        """Add a version. Raises `Conflict` where `based_on` is not the newest one."""
        return await self._database.tx(save, key, steering, based_on=based_on, by=by, note=note)

    async def history(self, key: PromptKey, *, limit: int) -> Sequence[Version]:
        """Return the newest versions of a level, newest first."""
        return await self._database.tx(history, key, limit)

    async def named(self, ids: Sequence[int]) -> Sequence[Version]:
        """Return versions by their ids."""
        return await self._database.tx(by_id, ids)

    async def overview(self, within: PromptKey) -> Sequence[Version]:
        """Return the newest version of every level that agrees with `within`, ordered by key."""
        return await self._database.tx(overview, within)

    async def changed(self, within: PromptKey, *, limit: int) -> tuple[Sequence[Version], int]:
        """Return the levels that set anything, latest change first, and how many there are."""
        return await self._database.tx(changed, within, limit)


def applying(connection: Connection, thread: ThreadKey) -> Sequence[Version]:
    """Read the newest version of each level that may apply."""
    return [version_from(row) for row in connection.execute(APPLYING, asdict(thread))]


def save(
    connection: Connection, key: PromptKey, steering: Steering, *, based_on: int, by: Author, note: str
) -> Version:
    """Insert the version after `based_on`, unless another one is there or was first."""
    newest = _first(history(connection, key, 1))
    if based_on != (newest.number if newest else 0):
        raise Conflict(newest)
    row = asdict(key) | {
        "number": based_on + 1,
        "content": core.to_json(steering),
        "author_id": by.id,
        "author_name": by.name,
        "note": note,
    }
    added = connection.execute(ADD, row).one_or_none()
    if added is None:  # somebody saved at the same moment, and was first
        raise Conflict(_first(history(connection, key, 1)))
    return version_from(added)


def history(connection: Connection, key: PromptKey, limit: int) -> Sequence[Version]:
    """Read a level's newest versions."""
    return [version_from(row) for row in connection.execute(HISTORY, asdict(key) | {"limit": limit})]


def overview(connection: Connection, within: PromptKey) -> Sequence[Version]:
    """Read the newest version of every level within a key."""
    found = (version_from(row) for row in connection.execute(OVERVIEW, asdict(within)))
    return sorted(found, key=lambda version: astuple(version.key))  # collations of databases differ


def changed(connection: Connection, within: PromptKey, limit: int) -> tuple[Sequence[Version], int]:
    """Read the newest versions of levels that set anything."""
    rows = connection.execute(CHANGED, asdict(within) | {"limit": limit}).all()
    return [version_from(row) for row in rows], rows[0].levels if rows else 0


def by_id(connection: Connection, ids: Sequence[int]) -> tuple[Version, ...]:
    """Read versions by their ids, in the order of these."""
    found = {row.id: version_from(row) for row in connection.execute(BY_ID, {"ids": list(ids)})}
    return tuple(found[each] for each in ids if each in found)


def _first(found: Sequence[Version]) -> Version | None:
    return found[0] if found else None


def version_from(row: Row[Any]) -> Version:
    """Return the version in a row."""
    return Version(
        id=row.id,
        key=PromptKey(platform=row.platform, workspace=row.workspace, channel=row.channel, root=row.root),
        number=row.number,
        steering=core.from_json(row.content),
        author=Author(id=row.author_id, name=row.author_name),
        note=row.note,
        created_at=row.created_at,
    )
