"""Who people are and what channels are called, looked up once and remembered for a while.

Separate because it needs a call to Slack before a question can be stored in readable form. Rules: a look-up
is short; who has no name is called by a number in the transcript; what Slack does not say is unknown, and
counts as the worst it could be; that it does not answer just now is something else, and passes.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.access.rules import MemberType
from bot.core.errors import SurfaceError, SurfaceUnavailable
from bot.slack import payload
from bot.slack.people.membership import read_member_type
from bot.slack.transport.api_errors import call

LOOK_UP_TIMEOUT_SECONDS = 1.0
"""Seconds; the delivery must be acknowledged within three."""
RETRY_FOR_SECONDS = 1.0
"""Seconds after which somebody is not asked about once more; with the last look-up, two."""
RETRY_DELAY_SECONDS = 0.2
CACHE_TTL_SECONDS = 900.0
"""Seconds for which Slack is believed: so long who has become a guest still counts as a member."""
FAILURE_TTL_SECONDS = 10.0
FINAL_ERRORS = frozenset(
    {
        "user_not_found",
        "user_not_visible",
        "channel_not_found",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
    }
)
"""Slack's errors that say as much as an answer: asking again soon does not help."""
MAX_CACHED_ENTRIES = 10_000
"""People and channels held at most; the least recently used go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """What Slack says of a person or a channel."""

    name: str = ""
    member_type: MemberType = MemberType.UNKNOWN
    """Of a person."""
    is_shared: bool = True
    """Of a channel: whether people of other organisations are in it, or may soon be."""
    is_temporary: bool = False
    """Whether Slack only did not answer just now."""


class People:
    """People and channels by their ids, in one workspace."""

    def __init__(self, client: AsyncWebClient, workspace: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`workspace` is ours; whoever is of another one is external."""
        self._client = client
        self._workspace = workspace
        self._clock = clock
        self._cache: OrderedDict[str, tuple[DirectoryEntry, float]] = OrderedDict()
        self._pending: dict[str, asyncio.Task[tuple[DirectoryEntry, float]]] = {}

    async def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the names of those ids that have one, within a second."""
        wanted = set(ids)
        found = await asyncio.gather(*(self._look_up(each) for each in wanted))
        return {each: known.name for each, known in zip(wanted, found, strict=True) if known.name}

    async def member_type(self, user: str) -> MemberType:
        """Return what a person is to our workspace, soon. Raises `SurfaceUnavailable`."""
        return (await self._look_up_insistently(user)).member_type

    async def is_shared(self, channel: str) -> bool:
        """Return whether people of other organisations are there, soon. Raises `SurfaceUnavailable`."""
        return (await self._look_up_insistently(channel)).is_shared

    async def _look_up_insistently(self, entry_id: str) -> DirectoryEntry:
        """Return what Slack says, asked for a second while it does not answer. Raises `SurfaceUnavailable`.

        What is not taken comes again later than what was written after it.
        """
        now = asyncio.get_running_loop().time
        until = now() + RETRY_FOR_SECONDS
        while (known := await self._look_up(entry_id)).is_temporary:
            self._cache.pop(entry_id, None)
            if now() >= until:
                raise SurfaceUnavailable
            await asyncio.sleep(RETRY_DELAY_SECONDS)
        return known

    async def _look_up(self, entry_id: str) -> DirectoryEntry:
        known, until = self._cache.get(entry_id, (DirectoryEntry(), 0.0))
        if self._clock() >= until:
            known, keep = await asyncio.shield(self._join_request(entry_id))
            self._cache[entry_id] = (known, self._clock() + keep)
        self._cache.move_to_end(entry_id)
        while len(self._cache) > MAX_CACHED_ENTRIES:
            self._cache.popitem(last=False)
        return known

    def _join_request(self, entry_id: str) -> asyncio.Task[tuple[DirectoryEntry, float]]:
        """Return the look-up of an id, one for all who want it now."""
        if entry_id not in self._pending:
            self._pending[entry_id] = asyncio.create_task(self._request(entry_id), name="look-up")
            self._pending[entry_id].add_done_callback(lambda _: self._pending.pop(entry_id))
        return self._pending[entry_id]

    async def _request(self, entry_id: str) -> tuple[DirectoryEntry, float]:
        """Return what Slack says, and for how many seconds to believe it."""
        try:
            async with asyncio.timeout(LOOK_UP_TIMEOUT_SECONDS):
                return await self._fetch(entry_id), CACHE_TTL_SECONDS
        except (SurfaceError, TimeoutError) as error:
            return DirectoryEntry(is_temporary=str(error) not in FINAL_ERRORS), FAILURE_TTL_SECONDS

    async def _fetch(self, entry_id: str) -> DirectoryEntry:
        if entry_id.startswith(("U", "W")):
            response = await call(lambda: self._client.users_info(user=entry_id))
            described = payload.mapping(response.data, "user")
            return DirectoryEntry(
                name=_display_name(described), member_type=read_member_type(described, entry_id, self._workspace)
            )
        response = await call(lambda: self._client.conversations_info(channel=entry_id))
        channel = payload.mapping(response.data, "channel")
        return DirectoryEntry(name=payload.text(channel, "name"), is_shared=_is_shared(channel))


def _display_name(user: Mapping[str, Any]) -> str:
    """Return the name that Slack shows for a user."""
    profile = payload.mapping(user, "profile")
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    return next((str(name) for name in names if name), "")


def _is_shared(channel: Mapping[str, Any]) -> bool:
    """Whether a channel is, or is to be, shared with another organisation; also where Slack does not say."""
    return channel.get("is_ext_shared") is not False or bool(channel.get("is_pending_ext_shared"))
