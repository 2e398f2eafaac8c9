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

from bot.core.access import Standing
from bot.core.errors import SurfaceError, SurfaceUnavailable
from bot.slack import payload
from bot.slack.calls import call
from bot.slack.standing import standing

PATIENCE = 1.0
"""Seconds; the delivery must be acknowledged within three."""
INSIST = 1.0
"""Seconds after which somebody is not asked about once more; with the last look-up, two."""
PAUSE = 0.2
KEEP = 900.0
"""Seconds for which Slack is believed: so long who has become a guest still counts as a member."""
KEEP_FAILURE = 10.0
FINAL = frozenset(
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
ROOM = 10_000
"""People and channels held at most; the least recently used go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What Slack says of a person or a channel."""

    name: str = ""
    standing: Standing = Standing.UNKNOWN
    """Of a person."""
    is_shared: bool = True
    """Of a channel: whether people of other organisations are in it, or may soon be."""
    is_passing: bool = False
    """Whether Slack only did not answer just now."""


class People:
    """People and channels by their ids, in one workspace."""

    def __init__(
        self, client: AsyncWebClient, workspace: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`workspace` is ours; whoever is of another one is external."""
        self._client = client
        self._workspace = workspace
        self._clock = clock
        self._known: OrderedDict[str, tuple[Known, float]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[tuple[Known, float]]] = {}

    async def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the names of those ids that have one, within a second."""
        wanted = set(ids)
        found = await asyncio.gather(*(self._look_up(each) for each in wanted))
        return {each: known.name for each, known in zip(wanted, found, strict=True) if known.name}

    async def standing(self, user: str) -> Standing:
        """Return what a person is to our workspace, soon. Raises `SurfaceUnavailable`."""
        return (await self._certain(user)).standing

    async def is_shared(self, channel: str) -> bool:
        """Return whether people of other organisations are there, soon. Raises `SurfaceUnavailable`."""
        return (await self._certain(channel)).is_shared

    async def _certain(self, each: str) -> Known:
        """Return what Slack says, asked for a second while it does not answer. Raises `SurfaceUnavailable`.

        What is not taken comes again later than what was written after it.
        """
        now = asyncio.get_running_loop().time
        until = now() + INSIST
        while (known := await self._look_up(each)).is_passing:
            self._known.pop(each, None)
            if now() >= until:
                raise SurfaceUnavailable
            await asyncio.sleep(PAUSE)
        return known

    async def _look_up(self, each: str) -> Known:
        known, until = self._known.get(each, (Known(), 0.0))
        if self._clock() >= until:
            known, keep = await asyncio.shield(self._asked(each))
            self._known[each] = (known, self._clock() + keep)
        self._known.move_to_end(each)
        while len(self._known) > ROOM:
            self._known.popitem(last=False)
        return known

    def _asked(self, each: str) -> asyncio.Task[tuple[Known, float]]:
        """Return the look-up of an id, one for all who want it now."""
        if each not in self._asking:
            self._asking[each] = asyncio.create_task(self._ask(each), name="look-up")
            self._asking[each].add_done_callback(lambda _: self._asking.pop(each))
        return self._asking[each]

    async def _ask(self, each: str) -> tuple[Known, float]:
        """Return what Slack says, and for how many seconds to believe it."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._told(each), KEEP
        except (SurfaceError, TimeoutError) as error:
            return Known(is_passing=str(error) not in FINAL), KEEP_FAILURE

    async def _told(self, each: str) -> Known:
        if each.startswith(("U", "W")):
            response = await call(lambda: self._client.users_info(user=each))
            described = payload.mapping(response.data, "user")
            return Known(name=_person(described), standing=standing(described, each, self._workspace))
        response = await call(lambda: self._client.conversations_info(channel=each))
        channel = payload.mapping(response.data, "channel")
        return Known(name=payload.text(channel, "name"), is_shared=_is_shared(channel))


def _person(user: Mapping[str, Any]) -> str:
    """Return the name that Slack shows for a user."""
    profile = payload.mapping(user, "profile")
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    return next((str(name) for name in names if name), "")


def _is_shared(channel: Mapping[str, Any]) -> bool:
    """Whether a channel is, or is to be, shared with another organisation; also where Slack does not say."""
    return channel.get("is_ext_shared") is not False or bool(channel.get("is_pending_ext_shared"))
