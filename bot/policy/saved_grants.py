"""Reads and saves what admins have granted in the workspace: who may ask, and who may edit prompts.

`core.access.permission_check` decides from these values; this module reads them. Each question needs them, so they
are cached for five seconds: a change that is saved in another process takes effect here up to that much later, one
that is saved here at once. Before a form is shown, they are read again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from cachetools import TTLCache

from bot.core.access.grants import NO_GRANTS, Grants, GrantsVersion
from bot.core.access.permission_check import NO_ACCESS_RULES, AccessRules
from bot.core.config import Scope
from bot.core.turns import Author
from bot.ports import GrantsRecord

GRANTS_CACHE_TTL_SECONDS = 5.0
"""A change in another process takes effect here after this time at the latest."""


class SavedGrants:
    """Who may do what in one workspace; the deployment's rules apply too, and cannot be changed in Slack."""

    def __init__(
        self,
        record: GrantsRecord,
        workspace: Scope,
        deployment: AccessRules = NO_ACCESS_RULES,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`workspace` is where the bot is installed; its rules apply wherever the bot is asked."""
        self.workspace = workspace
        self.deployment = deployment
        self.record = record
        self._cache: TTLCache[Scope, Mapping[Scope, Grants]] = TTLCache(1, GRANTS_CACHE_TTL_SECONDS, clock)
        self._saves = 0
        self._reading = asyncio.Lock()

    async def list_rules(self) -> Sequence[AccessRules]:
        """Return the deployment's rules and the workspace's; a question must be allowed by both."""
        known = await self._current_grants()
        return self.deployment, known.get(self.workspace, NO_GRANTS).rules

    async def list_editors(self, channel: str = "") -> frozenset[str]:
        """Return the ids of people who are named as admins of the workspace, or as stewards of `channel`."""
        known = await self._current_grants()
        return known.get(replace(self.workspace, channel=channel), NO_GRANTS).stewards

    async def list_channels_edited_by(self, person: str) -> Sequence[Scope]:
        """Return the channels of which a person is a steward."""
        known = await self._current_grants()
        mine = [key for key, grants in known.items() if key.channel and person in grants.stewards]
        return sorted(mine, key=lambda key: key.channel)

    async def newest_version(self, scope: Scope) -> GrantsVersion | None:
        """Return the newest version of the workspace's or a channel's grants, without the cache."""
        return next(iter(await self.record.list_history(scope, limit=1)), None)

    async def save(self, scope: Scope, grants: Grants, *, based_on: int, by: Author, note: str = "") -> GrantsVersion:
        """Save a new version, which takes effect here at once. Raises `GrantsConflict`, and `StoreError`."""
        try:
            return await self.record.save(scope, grants, based_on=based_on, by=by, note=note)
        finally:
            self._saves += 1
            self._cache.clear()

    async def _current_grants(self) -> Mapping[Scope, Grants]:
        async with self._reading:
            if (cached := self._cache.get(self.workspace)) is not None:
                return cached
            saves = self._saves
            with self._cache.timer:  # stops its clock, so that the age counts from before the reading
                found = await self.record.list_current(self.workspace)
                grants = {version.scope: version.grants for version in found}
                if saves == self._saves:  # or else something newer was saved here meanwhile
                    self._cache[self.workspace] = grants
            return grants
