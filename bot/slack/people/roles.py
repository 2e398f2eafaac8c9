"""Who is an admin of the workspace, and who may edit a single channel.

Admins are Slack's workspace admins and owners, the people in `BOT_ADMINS`, and the stewards whom admins
named in Home. The stewards of a channel may edit that channel only. Guests, bots, deleted users and people
of other workspaces are never admins, even if somebody named them; neither is anybody while Slack does not
answer.

Asked before each view, action and submission. Slack's answer is reused for 30 s, so a demoted admin loses
the right within that time. Source: https://docs.slack.dev/reference/objects/user-object
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
"""How long AdminRoles believes what Slack said of a person: a demoted admin may go on for this long."""
USERS_INFO_TIMEOUT_SECONDS = 1.5
"""A modal must be opened, and a submission answered, within three seconds."""
MAX_CACHED_ROLES = 1_000

StewardLookup = Callable[[str], Awaitable[frozenset[str]]]
"""Returns the ids of the stewards of a channel, or of the workspace if `channel` is empty.

Raises `StoreError`."""

log = structlog.get_logger()


async def name_no_stewards(_channel: str) -> frozenset[str]:
    """Return no stewards."""
    return frozenset()


class AdminRoles:
    """Decides who is an admin, and who may edit a channel, in one workspace."""

    def __init__(
        self,
        client: AsyncWebClient,
        workspace: str,
        named: frozenset[str] = frozenset(),
        stewards: StewardLookup = name_no_stewards,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`named` are ids from the settings: these people are admins although Slack calls them members."""
        self._client = client
        self._workspace = workspace
        self._named = named
        self._look_up_stewards = stewards
        self._clock = clock
        self._cache: OrderedDict[str, tuple[AccessSubject, bool, float]] = OrderedDict()

    async def is_admin(self, user: str) -> bool:
        """Return whether a person is an admin of the whole workspace now. Raises `StoreError`."""
        person, ranks = await self._look_up(user)
        if may_steer(person, has_rank=ranks, named=self._named):
            return True  # whatever is stored, and whether it can be read
        return may_steer(person, has_rank=False, named=await self._look_up_stewards(""))

    async def is_delegated_editor(self, user: str, channel: str) -> bool:
        """Return whether a person is a steward of a channel now. Raises `StoreError`."""
        person, _ranks = await self._look_up(user)
        return may_steer(person, has_rank=False, named=await self._look_up_stewards(channel))

    async def _look_up(self, user: str) -> tuple[AccessSubject, bool]:
        """Return a person and whether Slack calls them an admin or owner."""
        person, ranks, until = self._cache.get(user, (AccessSubject(user, MemberType.UNKNOWN), False, 0.0))
        if self._clock() < until:
            return person, ranks
        try:
            async with timeout(USERS_INFO_TIMEOUT_SECONDS):
                response = await call(lambda: self._client.users_info(user=user))
        except (SurfaceError, TimeoutError) as error:
            log.warning("Slack did not return a person's profile.", action="admin_unknown", error=str(error))
            return AccessSubject(user, MemberType.UNKNOWN), False
        described = payload.mapping(response.data, "user")
        person = AccessSubject(user, read_member_type(described, user, self._workspace))
        self._cache[user] = person, is_admin_or_owner(described), self._clock() + ROLE_TTL_SECONDS
        while len(self._cache) > MAX_CACHED_ROLES:
            self._cache.popitem(last=False)
        return person, is_admin_or_owner(described)
