"""`Versions` in memory: the twin of the one in SQL, for tests and for authors of plugins.

Separate because it needs no library. It passes the same contract suite.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import astuple

from bot.core.domain import Author, PromptKey, Steering, ThreadKey, Version
from bot.core.errors import Conflict
from bot.core.steering import NOTHING, levels, thread_level
from bot.store.text import storable


class MemoryVersions:
    """`Versions` without a database."""

    def __init__(self, saved: list[Version] | None = None, clock: Callable[[], float] = time.time) -> None:
        """Begin with `saved`: all versions in the order in which they came, shared with whoever holds it."""
        self._saved = [] if saved is None else saved
        self._clock = clock

    async def applying(self, thread: ThreadKey) -> Sequence[Version]:
        """Return the newest version of each level that may apply to a thread."""
        newest = self._newest()
        found = [newest[key] for key in levels(thread_level(thread), is_direct=True) if key in newest]
        return sorted(found, key=lambda version: version.id)

    async def save(
        self, key: PromptKey, steering: Steering, *, based_on: int, by: Author, note: str = ""
    ) -> Version:
        """Add a version. Raises `Conflict` where `based_on` is not the newest one."""
        newest = self._newest().get(key)
        if based_on != (newest.number if newest else 0):
            raise Conflict(newest)
        version = Version(
            id=len(self._saved) + 1,
            key=key,
            number=based_on + 1,
            steering=steering,
            author=Author(id=by.id, name=storable(by.name)),
            note=storable(note),
            created_at=self._clock(),
        )
        self._saved.append(version)
        return version

    async def history(self, key: PromptKey, *, limit: int) -> Sequence[Version]:
        """Return the newest versions of a level, newest first."""
        return [version for version in reversed(self._saved) if version.key == key][:limit]

    async def named(self, ids: Sequence[int]) -> Sequence[Version]:
        """Return versions by their ids."""
        found = {version.id: version for version in self._saved}
        return [found[each] for each in ids if each in found]

    async def overview(self, within: PromptKey) -> Sequence[Version]:
        """Return the newest version of every level that agrees with `within`, ordered by key."""
        wanted = astuple(within)
        found = [
            version
            for key, version in self._newest().items()
            if all(part in {"", there} for part, there in zip(wanted, astuple(key), strict=True))
        ]
        return sorted(found, key=lambda version: astuple(version.key))

    async def changed(self, within: PromptKey, *, limit: int) -> tuple[Sequence[Version], int]:
        """Return the levels that set anything, latest change first, and how many there are."""
        found = [each for each in await self.overview(within) if each.steering != NOTHING]
        return sorted(found, key=lambda version: version.id, reverse=True)[:limit], len(found)

    def _newest(self) -> dict[PromptKey, Version]:
        return {version.key: version for version in self._saved}
