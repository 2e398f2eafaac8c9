"""`GrantsRecord` in memory: the twin of the one in SQL, for tests.

Separate because it needs no library. It passes the same contract suite.
"""

import time
from collections.abc import Callable, Sequence

from bot.core.access.grants import Grants, GrantsConflict, GrantsVersion
from bot.core.config import Scope
from bot.core.turns import Author
from bot.store.storable_text import make_storable


class MemoryGrants:
    """`GrantsRecord` without a database."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._saved: list[GrantsVersion] = []
        self._clock = clock

    async def list_current(self, workspace: Scope) -> Sequence[GrantsVersion]:
        """Return the newest version of the workspace's key and of each of its channels', by channel."""
        where = workspace.platform, workspace.workspace
        newest = {
            version.scope: version
            for version in self._saved
            if (version.scope.platform, version.scope.workspace) == where
        }
        return sorted(newest.values(), key=lambda version: version.scope.channel)

    async def save(self, key: Scope, grants: Grants, *, based_on: int, by: Author, note: str = "") -> GrantsVersion:
        """Add a version. Raises `GrantsConflict` where `based_on` is not the newest one."""
        newest = next(iter(await self.list_history(key, limit=1)), None)
        if based_on != (newest.number if newest else 0):
            raise GrantsConflict(newest)
        version = GrantsVersion(
            scope=key,
            number=based_on + 1,
            grants=grants,
            author=Author(id=by.id, name=make_storable(by.name)),
            note=make_storable(note),
            created_at=self._clock(),
        )
        self._saved.append(version)
        return version

    async def list_history(self, key: Scope, *, limit: int) -> Sequence[GrantsVersion]:
        """Return the newest versions of a key, newest first."""
        return [version for version in reversed(self._saved) if version.scope == key][:limit]
