"""What admins set, in memory: drafts, versions of each scope's configuration, and grants.

Versions and grants are lists that only grow: a version's number is one more than that of the version which was
edited, and saving fails if another version came first. Each class passes the contract suite of its port.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace

from bot.core.access.grants import Grants, GrantsVersion
from bot.core.chat.drafts import Draft
from bot.core.chat.scoped_config import EMPTY_CONFIG, list_scopes, thread_scope
from bot.core.config import ConfigVersion, Scope, ScopeConfig
from bot.core.errors import GrantsConflict, VersionConflict
from bot.core.turns import Author, ThreadKey
from bot.store.storable_text import make_storable

StoredDrafts = dict[ThreadKey, tuple[Draft, float]]
"""Drafts by their threads, each with when it expires, in seconds since 1970."""


class MemoryDrafts:
    """`Drafts` without a database."""

    def __init__(self, kept: StoredDrafts | None = None, clock: Callable[[], float] = time.time) -> None:
        """Start with the drafts `kept`, a mapping shared with the caller: pass `MemoryData.drafts`."""
        self._kept = {} if kept is None else kept
        self._clock = clock

    async def save_draft(self, draft: Draft, *, lifetime: float) -> None:
        """Save a draft; it is tried in its thread for `lifetime` seconds."""
        self._kept[draft.thread] = replace(draft, note=make_storable(draft.note)), self._clock() + lifetime

    async def find_draft(self, thread: ThreadKey) -> Draft | None:
        """Return the draft that is tried in a thread."""
        draft, until = self._kept.get(thread, (None, 0.0))
        return draft if until > self._clock() else None

    async def delete_draft(self, thread: ThreadKey) -> bool:
        """Delete a thread's draft; return whether there was one."""
        was_tried = await self.find_draft(thread) is not None
        self._kept.pop(thread, None)
        return was_tried


class MemoryConfigVersions:
    """`ConfigVersions` without a database."""

    def __init__(self, saved: list[ConfigVersion] | None = None, clock: Callable[[], float] = time.time) -> None:
        """Start with the versions `saved`, oldest first, a list shared with the caller: pass `MemoryData.versions`."""
        self._saved = [] if saved is None else saved
        self._clock = clock

    async def list_applying(self, thread: ThreadKey) -> Sequence[ConfigVersion]:
        """Return the newest version of each scope that may apply to a thread."""
        newest = self._newest_by_scope()
        found = [newest[key] for key in list_scopes(thread_scope(thread), is_direct=True) if key in newest]
        return sorted(found, key=lambda version: version.id)

    async def save(
        self, key: Scope, config: ScopeConfig, *, based_on: int, by: Author, note: str = ""
    ) -> ConfigVersion:
        """Add a version. Raises `VersionConflict` if `based_on` is not the newest one."""
        newest = self._newest_by_scope().get(key)
        if based_on != (newest.number if newest else 0):
            raise VersionConflict(newest)
        version = ConfigVersion(
            id=len(self._saved) + 1,
            scope=key,
            number=based_on + 1,
            config=config,
            author=Author(id=by.id, name=make_storable(by.name)),
            note=make_storable(note),
            created_at=self._clock(),
        )
        self._saved.append(version)
        return version

    async def list_history(self, key: Scope, *, limit: int) -> Sequence[ConfigVersion]:
        """Return the newest versions of a scope, newest first."""
        return [version for version in reversed(self._saved) if version.scope == key][:limit]

    async def read_by_ids(self, ids: Sequence[int]) -> Sequence[ConfigVersion]:
        """Return versions by their ids."""
        found = {version.id: version for version in self._saved}
        return [found[each] for each in ids if each in found]

    async def list_newest(self, within: Scope) -> Sequence[ConfigVersion]:
        """Return the newest version of every scope within `within`, ordered by scope."""
        wanted = astuple(within)
        found = [
            version
            for key, version in self._newest_by_scope().items()
            if all(part in {"", there} for part, there in zip(wanted, astuple(key), strict=True))
        ]
        return sorted(found, key=lambda version: astuple(version.scope))

    async def list_changed(self, within: Scope, *, limit: int) -> tuple[Sequence[ConfigVersion], int]:
        """Return the scopes that set anything, latest change first, and their number."""
        found = [each for each in await self.list_newest(within) if each.config != EMPTY_CONFIG]
        return sorted(found, key=lambda version: version.id, reverse=True)[:limit], len(found)

    def _newest_by_scope(self) -> dict[Scope, ConfigVersion]:
        return {version.scope: version for version in self._saved}


class MemoryGrants:
    """`GrantsRecord` without a database."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._saved: list[GrantsVersion] = []
        self._clock = clock

    async def list_current(self, workspace: Scope) -> Sequence[GrantsVersion]:
        """Return the newest versions of a workspace and its channels, ordered by channel."""
        where = workspace.platform, workspace.workspace
        newest = {
            version.scope: version
            for version in self._saved
            if (version.scope.platform, version.scope.workspace) == where
        }
        return sorted(newest.values(), key=lambda version: version.scope.channel)

    async def save(self, key: Scope, grants: Grants, *, based_on: int, by: Author, note: str = "") -> GrantsVersion:
        """Add a version. Raises `GrantsConflict` if `based_on` is not the newest one."""
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
        """Return the newest versions of a scope, newest first."""
        return [version for version in reversed(self._saved) if version.scope == key][:limit]
