"""Home's section for somebody who may not ask: it says so, and why, before they try.

Separate because it is about its reader, where `grants` is about everybody. Rule: it keeps nobody
from anything; who may ask is decided at the door.
"""

from collections.abc import Sequence

from bot.access import Access
from bot.core.access import Person, Refusal, Spot, refusal
from bot.core.errors import SurfaceUnavailable
from bot.slack.admin import kit
from bot.slack.admin.home import Reader
from bot.slack.admin.kit import Block
from bot.slack.people import People

DIRECT = Spot(channel="", is_direct=True)


class Admission:
    """The section."""

    def __init__(self, access: Access, people: People) -> None:
        self._access = access
        self._people = people

    async def __call__(self, reader: Reader) -> Sequence[Block]:
        """Return the section; nothing for who may write to us directly. Raises `StoreError`."""
        try:
            standing = await self._people.standing(reader.user)
        except SurfaceUnavailable:
            return ()
        refused = refusal(Person(reader.user, standing), DIRECT, await self._access.rules())
        if refused is None or refused is Refusal.UNKNOWN:
            return ()
        return (kit.section(f":no_entry: {refused.for_people}"),)
