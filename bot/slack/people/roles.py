"""Who is an admin of the workspace, and who may edit a single channel.

Admins are Slack's workspace admins and owners, the people in `BOT_ADMINS`, and the stewards whom admins
named in Home. The stewards of a channel may edit that channel only. Guests, bots, deleted users and people
of other workspaces are never admins, even if somebody named them; neither is anybody while Slack does not
answer.

Asked before each view, action and submission. Slack's answer is reused for 30 s, so a demoted admin loses
the right within that time. Source: https://docs.slack.dev/reference/objects/user-object
"""

from collections.abc import Awaitable, Callable

import structlog

from bot.core.access.permission_check import AccessSubject, may_configure
from bot.slack.people.directory import People

ROLE_MAX_AGE_SECONDS = 30.0
"""How long AdminRoles believes what Slack said of a person: a demoted admin may go on for this long."""

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
        self, people: People, named: frozenset[str] = frozenset(), stewards: StewardLookup = name_no_stewards
    ) -> None:
        """`named` are ids from the settings: these people are admins although Slack calls them members."""
        self._people = people
        self._named = named
        self._look_up_stewards = stewards

    async def is_admin(self, user: str) -> bool:
        """Return whether a person is an admin of the whole workspace now. Raises `StoreError`."""
        person, ranks = await self._look_up(user)
        if may_configure(person, has_rank=ranks, named=self._named):
            return True  # whatever is stored, and whether it can be read
        return may_configure(person, has_rank=False, named=await self._look_up_stewards(""))

    async def is_steward(self, user: str, channel: str) -> bool:
        """Return whether a person is a steward of a channel now. Raises `StoreError`."""
        person, _ranks = await self._look_up(user)
        return may_configure(person, has_rank=False, named=await self._look_up_stewards(channel))

    async def _look_up(self, user: str) -> tuple[AccessSubject, bool]:
        """Return a person and whether Slack calls them an admin or owner."""
        entry = await self._people.look_up_person(user, max_age_seconds=ROLE_MAX_AGE_SECONDS)
        if entry.error:
            log.warning("Slack did not return a person's profile.", action="admin_unknown", error=entry.error)
        return AccessSubject(user, entry.member_type), entry.has_rank
