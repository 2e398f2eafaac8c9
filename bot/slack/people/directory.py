"""Looks up people and channels by id, and caches what Slack says.

A question is stored in readable form, so names are needed before it is recorded, within the three seconds
that Slack waits for the acknowledgement. Access checks need a person's member type and whether a channel is
shared.

- One request serves all who ask for the same id at the same time. It takes at most a second.
- An answer is cached for 15 minutes, an error for 10 seconds. `look_up_person` takes no answer older than its caller
  wants, so that roles and names share one call of `users.info`.
- `names` never fails: a person without a name gets a number in the transcript.
- `member_type` and `is_shared` retry for a second, then raise `SurfaceUnavailable`; a definite error counts
  as the most restrictive answer: unknown person, shared channel.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import structlog
from cachetools import TLRUCache
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.access.permission_check import MemberType
from bot.core.errors import SurfaceError, SurfaceUnavailable
from bot.core.turns import Author
from bot.slack import payload
from bot.slack.people.membership import is_admin_or_owner, read_member_type
from bot.slack.transport.api_call import call

LOOK_UP_TIMEOUT_SECONDS = 1.0
"""For one request; the delivery must be acknowledged within three seconds."""
RETRY_FOR_SECONDS = 1.0
"""No new attempt starts after this time; with the last attempt an access check takes two seconds."""
RETRY_DELAY_SECONDS = 0.2
CACHE_TTL_SECONDS = 900.0
"""How long an answer is cached: for this time a member who became a guest still counts as a member."""
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
"""Errors that are definite: trying again soon does not help."""
PERMISSION_ERRORS = frozenset({"missing_scope", "no_permission", "not_allowed_token_type"})
"""Errors that lie in the token: no person, or no channel, can be looked up."""
NEEDED_SCOPES: Mapping[str, str] = MappingProxyType(
    {"users.info": "users:read", "conversations.info": "channels:read and groups:read"}
)
"""What the look-ups need. https://docs.slack.dev/reference/methods/users.info"""
MAX_CACHED_ENTRIES = 10_000
"""The least recently used entries are dropped first."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """What Slack says about a person or a channel."""

    name: str = ""
    member_type: MemberType = MemberType.UNKNOWN
    """Of a person."""
    is_shared: bool = True
    """Of a channel: whether people of other organisations are in it, or are invited."""
    has_rank: bool = False
    """Whether Slack calls a person an admin or owner."""
    looked_up_at: float = 0.0
    """On the clock of the cache."""
    error: str = ""
    """Why Slack did not say anything."""

    @property
    def is_temporary(self) -> bool:
        """Whether this entry is an error that may pass."""
        return bool(self.error) and self.error not in FINAL_ERRORS


class People:
    """Looks up people and channels of one workspace."""

    def __init__(self, client: AsyncWebClient, workspace: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`workspace` is the id of the bot's own; people of another one are external."""
        self._client = client
        self._workspace = workspace
        self._clock = clock
        self._cache = TLRUCache[str, DirectoryEntry](MAX_CACHED_ENTRIES, ttu=_expires_at, timer=clock)
        self._pending: dict[str, asyncio.Task[DirectoryEntry]] = {}
        self._denied_methods: set[str] = set()

    def may_look_up(self, entry_id: str) -> bool:
        """Return whether the bot token lets such ids be looked up, as far as is known."""
        return _method_for(entry_id) not in self._denied_methods

    async def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the names of the ids that have one, within a second."""
        wanted = set(ids)
        found = await asyncio.gather(*(self._look_up(each) for each in wanted))
        return {each: entry.name for each, entry in zip(wanted, found, strict=True) if entry.name}

    async def look_up_author(self, user: str) -> Author:
        """Return a person with their name, if they have one, within a second."""
        names = await self.names({user})
        return Author(id=user, name=names.get(user, ""))

    async def member_type(self, user: str) -> MemberType:
        """Return what a person is to the workspace, within two seconds. Raises `SurfaceUnavailable`."""
        return (await self._look_up_insistently(user)).member_type

    async def look_up_person(self, user: str, *, max_age_seconds: float) -> DirectoryEntry:
        """Return what Slack said about a person at most so long ago, within a second; errors are not reused."""
        entry = self._cache.get(user)
        if entry is None or entry.error or self._clock() >= entry.looked_up_at + max_age_seconds:
            self._cache.pop(user, None)
            entry = await self._look_up(user)
        return entry

    async def is_shared(self, channel: str) -> bool:
        """Return whether a channel is shared, within two seconds. Raises `SurfaceUnavailable`."""
        return (await self._look_up_insistently(channel)).is_shared

    async def _look_up_insistently(self, entry_id: str) -> DirectoryEntry:
        """Return an entry, retrying for a second on errors that may pass. Raises `SurfaceUnavailable`.

        A retry here is cheaper than a delivery refused: Slack would repeat that one after later messages.
        """
        now = asyncio.get_running_loop().time
        until = now() + RETRY_FOR_SECONDS
        while (entry := await self._look_up(entry_id)).is_temporary:
            self._cache.pop(entry_id, None)
            if now() >= until:
                raise SurfaceUnavailable(f"{_method_for(entry_id)}: {entry.error}")
            await asyncio.sleep(RETRY_DELAY_SECONDS)
        return entry

    async def _look_up(self, entry_id: str) -> DirectoryEntry:
        entry = self._cache.get(entry_id)
        if entry is None:
            entry = await asyncio.shield(self._join_request(entry_id))
            self._cache[entry_id] = entry
        return entry

    def _join_request(self, entry_id: str) -> asyncio.Task[DirectoryEntry]:
        """Return the running request for an id; start one if there is none."""
        if entry_id not in self._pending:
            self._pending[entry_id] = asyncio.create_task(self._request(entry_id), name="look-up")
            self._pending[entry_id].add_done_callback(lambda _: self._pending.pop(entry_id))
        return self._pending[entry_id]

    async def _request(self, entry_id: str) -> DirectoryEntry:
        """Return what Slack says, or an entry with its error."""
        try:
            async with asyncio.timeout(LOOK_UP_TIMEOUT_SECONDS):
                entry = await self._fetch(entry_id)
        except (SurfaceError, TimeoutError) as error:
            entry = DirectoryEntry(error=str(error) or type(error).__name__, looked_up_at=self._clock())
        self._note_permission(_method_for(entry_id), entry.error)
        return entry

    def _note_permission(self, method: str, error: str) -> None:
        """Remember whether the token lacks a permission, and log it once until the method works again."""
        if not error:
            self._denied_methods.discard(method)
        elif error in PERMISSION_ERRORS and method not in self._denied_methods:
            self._denied_methods.add(method)
            log.warning(
                "The bot token may not call a method; add the scope to the Slack app and reinstall it.",
                action="scope_missing",
                method=method,
                error=error,
                scope=NEEDED_SCOPES[method],
            )

    async def _fetch(self, entry_id: str) -> DirectoryEntry:
        if _method_for(entry_id) == "users.info":
            response = await call(lambda: self._client.users_info(user=entry_id))
            described = payload.mapping(response.data, "user")
            return DirectoryEntry(
                name=_display_name(described),
                member_type=read_member_type(described, entry_id, self._workspace),
                has_rank=is_admin_or_owner(described),
                looked_up_at=self._clock(),
            )
        response = await call(lambda: self._client.conversations_info(channel=entry_id))
        channel = payload.mapping(response.data, "channel")
        return DirectoryEntry(
            name=payload.text(channel, "name"), is_shared=_is_shared(channel), looked_up_at=self._clock()
        )


def _method_for(entry_id: str) -> str:
    """Return the method of Slack that describes an id."""
    return "users.info" if entry_id.startswith(("U", "W")) else "conversations.info"


def _expires_at(_entry_id: str, entry: DirectoryEntry, now: float) -> float:
    return now + (FAILURE_TTL_SECONDS if entry.error else CACHE_TTL_SECONDS)


def _display_name(user: Mapping[str, Any]) -> str:
    """Return the name that Slack shows for a person."""
    profile = payload.mapping(user, "profile")
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    return next((str(name) for name in names if name), "")


def _is_shared(channel: Mapping[str, Any]) -> bool:
    """Return whether a channel is or will be shared with another organisation; True if Slack does not say."""
    return channel.get("is_ext_shared") is not False or bool(channel.get("is_pending_ext_shared"))
