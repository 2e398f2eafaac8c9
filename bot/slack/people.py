"""The names of people and channels, looked up once and remembered for a while.

Separate because a name needs a call to Slack before a question can be stored in readable form. Rules: a
look-up is short and never fails; who has no name is called by a number in the transcript.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

PATIENCE = 1.0
"""Seconds; the delivery must be acknowledged within three."""
KEEP = 3_600.0
"""Seconds for which a name is believed."""
KEEP_FAILURE = 60.0
ROOM = 10_000
"""Names held at most; the least recently used go first."""


class People:
    """Names by id: display names of people, names of channels."""

    def __init__(self, client: AsyncWebClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[tuple[str, float]]] = {}

    async def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the names of those ids that have one, within a second."""
        wanted = set(ids)
        found = await asyncio.gather(*(self._name(each) for each in wanted))
        return {each: name for each, name in zip(wanted, found, strict=True) if name}

    async def _name(self, each: str) -> str:
        name, until = self._known.get(each, ("", 0.0))
        if self._clock() >= until:
            name, keep = await asyncio.shield(self._asked(each))
            self._known[each] = (name, self._clock() + keep)
        self._known.move_to_end(each)
        while len(self._known) > ROOM:
            self._known.popitem(last=False)
        return name

    def _asked(self, each: str) -> asyncio.Task[tuple[str, float]]:
        """Return the look-up of a name, one for all who want it now."""
        if each not in self._asking:
            self._asking[each] = asyncio.create_task(self._ask(each), name="name")
            self._asking[each].add_done_callback(lambda _: self._asking.pop(each))
        return self._asking[each]

    async def _ask(self, each: str) -> tuple[str, float]:
        """Return a name, and for how many seconds to believe it."""
        try:
            async with asyncio.timeout(PATIENCE):
                if each.startswith(("U", "W")):
                    response = await self._client.users_info(user=each)
                    return _person(response.get("user") or {}), KEEP
                response = await self._client.conversations_info(channel=each)
                return (response.get("channel") or {}).get("name") or "", KEEP
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return "", KEEP_FAILURE


def _person(user: dict[str, Any]) -> str:
    """Return the name that Slack shows for a user."""
    profile = user.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    return next((name for name in names if name), "")
