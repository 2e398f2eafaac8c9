"""Home's section for people who may not ask the bot: it says so, and why.

The section only informs. `AccessPolicy` decides, each time that somebody asks.
"""

from collections.abc import Sequence

from bot.core.access.rules import AccessRefusal, AccessSubject, RequestLocation, find_refusal
from bot.core.errors import SurfaceUnavailable
from bot.policy.permissions import Permissions
from bot.slack.home import HomeReader
from bot.slack.people.directory import People
from bot.slack.views import block_kit
from bot.slack.views.block_kit import Block

ANY_DIRECT_MESSAGE = RequestLocation(channel="", is_direct=True)


class AccessNotice:
    """Home's section for people who may not ask."""

    def __init__(self, access: Permissions, people: People) -> None:
        self._access = access
        self._people = people

    async def __call__(self, reader: HomeReader) -> Sequence[Block]:
        """Return why the reader may not ask; no blocks if they may. Raises `StoreError`."""
        try:
            standing = await self._people.member_type(reader.user)
        except SurfaceUnavailable:
            return ()
        refused = find_refusal(
            AccessSubject(reader.user, standing), ANY_DIRECT_MESSAGE, await self._access.current_rules()
        )
        if refused is None or refused is AccessRefusal.UNKNOWN:
            return ()
        return (block_kit.section(f":no_entry: {refused.for_people}"),)
