"""Who may steer: the workspace's admins and owners, and those whom the settings name.

Separate because it is asked before every view, action and submission, and nowhere else. Rules: guests, bots,
people of other workspaces and deleted users never may, whoever names them; where Slack does not say, nobody
may. Source: facts/slack.md 5.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceError
from bot.slack import payload
from bot.slack.calls import call

KEEP = 30.0
"""Seconds for which Slack's answer is believed: so long who is no admin any more may still go on."""
PATIENCE = 1.5
"""Seconds; a modal must be opened, and a submission answered, within three."""
ROOM = 1_000
RANKS = ("is_admin", "is_owner", "is_primary_owner")
NEVER = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")

log = structlog.get_logger()


class Admins:
    """Who may steer in one workspace."""

    def __init__(
        self,
        client: AsyncWebClient,
        workspace: str,
        named: frozenset[str] = frozenset(),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`named` are the ids of people who may although they have no rank in Slack."""
        self._client = client
        self._workspace = workspace
        self._named = named
        self._clock = clock
        self._known: OrderedDict[str, tuple[bool, float]] = OrderedDict()

    async def includes(self, user: str) -> bool:
        """Return whether a person may steer now."""
        may, until = self._known.get(user, (False, 0.0))
        if self._clock() < until:
            return may
        try:
            async with asyncio.timeout(PATIENCE):
                response = await call(lambda: self._client.users_info(user=user))
        except (SurfaceError, TimeoutError) as error:
            log.warning("Slack did not say who somebody is.", action="admin_unknown", error=str(error))
            return False
        may = self._may(user, payload.mapping(response.data, "user"))
        self._known[user] = may, self._clock() + KEEP
        while len(self._known) > ROOM:
            self._known.popitem(last=False)
        return may

    def _may(self, user: str, described: Mapping[str, Any]) -> bool:
        grid = payload.items(described, "enterprise_user", "teams")
        is_ours = payload.text(described, "team_id") == self._workspace or self._workspace in grid
        if payload.text(described, "id") != user or not is_ours or _any(described, NEVER):
            return False
        return user in self._named or _any(described, RANKS)


def _any(described: Mapping[str, Any], flags: tuple[str, ...]) -> bool:
    """Return whether one of the flags is set; anything but `false` or nothing counts as set."""
    return any(described.get(flag) for flag in flags)
