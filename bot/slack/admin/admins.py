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

from bot.core.access import Person, Standing, may_steer
from bot.core.errors import SurfaceError
from bot.slack import payload
from bot.slack.calls import call
from bot.slack.standing import has_rank, standing

KEEP = 30.0
"""Seconds for which Slack's answer is believed: so long who is no admin any more may still go on."""
PATIENCE = 1.5
"""Seconds; a modal must be opened, and a submission answered, within three."""
ROOM = 1_000

Stewards = Callable[[str], Awaitable[frozenset[str]]]
"""Tells whom admins named, for a channel, or for the workspace if that is empty; raises `StoreError`."""

log = structlog.get_logger()


async def nobody(_channel: str) -> frozenset[str]:
    """Name no stewards."""
    return frozenset()


class Admins:
    """Who may steer in one workspace."""

    def __init__(
        self,
        client: AsyncWebClient,
        workspace: str,
        named: frozenset[str] = frozenset(),
        stewards: Stewards = nobody,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`named` are the ids of people who may although they have no rank in Slack."""
        self._client = client
        self._workspace = workspace
        self._named = named
        self._stewards = stewards
        self._clock = clock
        self._known: OrderedDict[str, tuple[Person, bool, float]] = OrderedDict()

    async def includes(self, user: str) -> bool:
        """Return whether a person may steer the whole workspace now. Raises `StoreError`."""
        person, ranks = await self._described(user)
        if may_steer(person, has_rank=ranks, named=self._named):
            return True  # whatever is stored, and whether it can be read
        return may_steer(person, has_rank=False, named=await self._stewards(""))

    async def edits(self, user: str, channel: str) -> bool:
        """Return whether a person may edit a channel now because an admin let them. Raises `StoreError`."""
        person, _ranks = await self._described(user)
        return may_steer(person, has_rank=False, named=await self._stewards(channel))

    async def _described(self, user: str) -> tuple[Person, bool]:
        """Return who a person is, and whether they have a rank in Slack."""
        person, ranks, until = self._known.get(user, (Person(user, Standing.UNKNOWN), False, 0.0))
        if self._clock() < until:
            return person, ranks
        try:
            async with timeout(PATIENCE):
                response = await call(lambda: self._client.users_info(user=user))
        except (SurfaceError, TimeoutError) as error:
            log.warning("Slack did not say who somebody is.", action="admin_unknown", error=str(error))
            return Person(user, Standing.UNKNOWN), False
        described = payload.mapping(response.data, "user")
        person = Person(user, standing(described, user, self._workspace))
        self._known[user] = person, has_rank(described), self._clock() + KEEP
        while len(self._known) > ROOM:
            self._known.popitem(last=False)
        return person, has_rank(described)
