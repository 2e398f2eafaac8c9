"""What admins set of who may do what, as it holds now; and saving it.

Separate from `core.access`, which decides, because it must be read. Rules: what is asked for with each
question is remembered for some seconds, however busy the bot is; what is edited is read anew.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.core.access.grants import NO_GRANTS, Grants, GrantsVersion
from bot.core.access.rules import NO_ACCESS_RULES, AccessRules
from bot.core.config import Scope
from bot.core.turns import Author
from bot.ports import GrantsRecord

GRANTS_CACHE_TTL_SECONDS = 5.0
"""Seconds for which what was read is believed: so long other processes may still go by what was before."""


class Permissions:
    """Who may do what in one workspace; below the deployment's own rules, which nobody changes in Slack."""

    def __init__(
        self,
        record: GrantsRecord,
        workspace: Scope,
        deployment: AccessRules = NO_ACCESS_RULES,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`workspace` is the one in which the bot is installed; its rules hold wherever it is asked."""
        self.workspace = workspace
        self.deployment = deployment
        self.record = record
        self._clock = clock
        self._grants: Mapping[Scope, Grants] = {}
        self._expires_at = float("-inf")
        self._saves = 0
        self._reading = asyncio.Lock()

    async def current_rules(self) -> Sequence[AccessRules]:
        """Return the sets of rules that hold now, each of which must let a question in."""
        known = await self._current_grants()
        return self.deployment, known.get(self.workspace, NO_GRANTS).rules

    async def stewards(self, channel: str = "") -> frozenset[str]:
        """Return who may steer by name: the whole workspace, or `channel`."""
        known = await self._current_grants()
        return known.get(replace(self.workspace, channel=channel), NO_GRANTS).stewards

    async def channels_edited_by(self, person: str) -> Sequence[Scope]:
        """Return the channels that a person may edit by name."""
        known = await self._current_grants()
        mine = [key for key, grants in known.items() if key.channel and person in grants.stewards]
        return sorted(mine, key=lambda key: key.channel)

    async def newest_version(self, scope: Scope) -> GrantsVersion | None:
        """Return the newest version of a key, read now."""
        return next(iter(await self.record.list_history(scope, limit=1)), None)

    async def save(self, scope: Scope, grants: Grants, *, based_on: int, by: Author, note: str = "") -> GrantsVersion:
        """Save a version; it holds here at once. Raises `GrantsConflict`, and `StoreError`."""
        try:
            return await self.record.save(scope, grants, based_on=based_on, by=by, note=note)
        finally:
            self._saves += 1
            self._expires_at = float("-inf")

    async def _current_grants(self) -> Mapping[Scope, Grants]:
        async with self._reading:
            if self._clock() >= self._expires_at:
                began, saves = self._clock(), self._saves
                found = await self.record.list_current(self.workspace)
                self._grants = {version.scope: version.grants for version in found}
                if saves == self._saves:  # or else it was read before what was saved here meanwhile
                    self._expires_at = began + GRANTS_CACHE_TTL_SECONDS
            return self._grants
