"""Who is let in: asked before anything that is said in Slack is stored, and again before it is answered.

Separate from `core.access`, which decides, because somebody must find out what Slack knows of people and
places. Rules: what Slack need not be asked is not asked; who is refused reads one sentence, alone, and not
again for a while, so that nobody can make the bot write; a bot reads nothing, ever.
"""

from collections.abc import Awaitable, Callable, Sequence

from bot.access import Access
from bot.core import access as core
from bot.core.access import Admission, Person, Refusal, Rules, Spot
from bot.core.domain import ThreadKey
from bot.slack import parse
from bot.slack.people import People


async def nowhere(_thread: ThreadKey) -> None:
    """Try no drafts."""


class SlackDoor:
    """Who may ask where in Slack; a `Door`, and more."""

    def __init__(
        self, access: Access, people: People, is_trial: Callable[[ThreadKey], Awaitable[object]] = nowhere
    ) -> None:
        """`is_trial` says whether a draft is tried in a thread, which is always in a direct message."""
        self._access = access
        self._people = people
        self._is_trial = is_trial

    async def refusal(
        self, thread: ThreadKey, person: str, *, is_shared: bool | None = None
    ) -> Refusal | None:
        """Return why a person may not ask in a thread. `is_shared` is what a delivery says of its channel.

        Raises `StoreError` and `SurfaceUnavailable`.
        """
        rules = await self._access.rules()
        spot = Spot(
            channel=thread.channel,
            is_direct=parse.is_direct(thread.channel),
            is_shared=await self._is_shared(thread.channel, rules) if is_shared is None else is_shared,
        )
        refused = core.refusal(Person(person, await self._people.standing(person)), spot, rules)
        is_allowed = refused is Refusal.DIRECT and await self._is_trial(thread)
        return None if is_allowed else refused

    async def _is_shared(self, channel: str, rules: Sequence[Rules]) -> bool:
        if parse.is_direct(channel) or core.admits(Admission.SHARED, rules):
            return True  # it makes no difference, so Slack is not asked
        return await self._people.is_shared(channel)
