"""Who may steer: the workspace's admins and owners, and those whom the settings or other admins name.

Separate because it is asked before every view, action and submission, and nowhere else. Rules: guests, bots,
people of other workspaces and deleted users never may, whoever names them; where Slack does not say, nobody
may. Source: facts/slack.md 5.
"""

import time
from asyncio import timeout
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.access.rules import AccessSubject, MemberType, may_steer
from bot.core.errors import SurfaceError
from bot.slack import payload
from bot.slack.people.membership import is_admin_or_owner, read_member_type
from bot.slack.transport.api_errors import call

ROLE_TTL_SECONDS = 30.0
"""Seconds for which Slack's answer is believed: so long who is no admin any more may still go on."""
USERS_INFO_TIMEOUT_SECONDS = 1.5
"""Seconds; a modal must be opened, and a submission answered, within three."""
MAX_CACHED_ROLES = 1_000

StewardLookup = Callable[[str], Awaitable[frozenset[str]]]
"""Tells whom admins named, for a channel, or for the workspace if that is empty; raises `StoreError`."""

log = structlog.get_logger()


async def name_no_stewards(_channel: str) -> frozenset[str]:
    """Name no stewards."""
    return frozenset()


class AdminRoles:
    """Who may steer in one workspace."""

    def __init__(
        self,
        client: AsyncWebClient,
        workspace: str,
        named: frozenset[str] = frozenset(),
        stewards: StewardLookup = name_no_stewards,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`named` are the ids of people who may although they have no rank in Slack."""
        self._client = client
        self._workspace = workspace
        self._named = named
        self._look_up_stewards = stewards
        self._clock = clock
        self._cache: OrderedDict[str, tuple[AccessSubject, bool, float]] = OrderedDict()

    async def is_admin(self, user: str) -> bool:
        """Return whether a person may steer the whole workspace now. Raises `StoreError`."""
        person, ranks = await self._look_up(user)
        if may_steer(person, has_rank=ranks, named=self._named):
            return True  # whatever is stored, and whether it can be read
        return may_steer(person, has_rank=False, named=await self._look_up_stewards(""))

    async def is_delegated_editor(self, user: str, channel: str) -> bool:
        """Return whether a person may edit a channel now because an admin let them. Raises `StoreError`."""
        person, _ranks = await self._look_up(user)
        return may_steer(person, has_rank=False, named=await self._look_up_stewards(channel))

    async def _look_up(self, user: str) -> tuple[AccessSubject, bool]:
        """Return who a person is, and whether they have a rank in Slack."""
        person, ranks, until = self._cache.get(user, (AccessSubject(user, MemberType.UNKNOWN), False, 0.0))
        if self._clock() < until:
            return person, ranks
        try:
            async with timeout(USERS_INFO_TIMEOUT_SECONDS):
                response = await call(lambda: self._client.users_info(user=user))
        except (SurfaceError, TimeoutError) as error:
            log.warning("Slack did not say who somebody is.", action="admin_unknown", error=str(error))
            return AccessSubject(user, MemberType.UNKNOWN), False
        described = payload.mapping(response.data, "user")
        person = AccessSubject(user, read_member_type(described, user, self._workspace))
        self._cache[user] = person, is_admin_or_owner(described), self._clock() + ROLE_TTL_SECONDS
        while len(self._cache) > MAX_CACHED_ROLES:
            self._cache.popitem(last=False)
        return person, is_admin_or_owner(described)
