"""Who is let in: asked before anything that is said in Slack is stored, and again before it is answered.

Separate from `core.access`, which decides, because somebody must find out what Slack knows of people and
places. Rules: what Slack need not be asked is not asked; who is refused reads one sentence, alone, and not
again for a while, so that nobody can make the bot write; a bot reads nothing, ever.
"""

from collections.abc import Awaitable, Callable, Sequence

from bot.core.access import rules as core
from bot.core.access.rules import AccessRefusal, AccessRules, AccessSubject, Admission, RequestLocation
from bot.core.turns import ThreadKey
from bot.policy.permissions import Permissions
from bot.slack import messages
from bot.slack.people.directory import People


async def has_no_draft(_thread: ThreadKey) -> None:
    """Try no drafts."""


class SlackAccessPolicy:
    """Who may ask where in Slack; a `Door`, and more."""

    def __init__(
        self, access: Permissions, people: People, find_draft: Callable[[ThreadKey], Awaitable[object]] = has_no_draft
    ) -> None:
        """`is_trial` says whether a draft is tried in a thread, which is always in a direct message."""
        self._access = access
        self._people = people
        self._find_draft = find_draft

    async def find_refusal(
        self, thread: ThreadKey, person: str, *, is_shared: bool | None = None
    ) -> AccessRefusal | None:
        """Return why a person may not ask in a thread. `is_shared` is what a delivery says of its channel.

        Raises `StoreError` and `SurfaceUnavailable`.
        """
        rules = await self._access.current_rules()
        spot = RequestLocation(
            channel=thread.channel,
            is_direct=messages.is_direct_channel(thread.channel),
            is_shared=await self._is_shared(thread.channel, rules) if is_shared is None else is_shared,
        )
        refused = core.find_refusal(AccessSubject(person, await self._people.member_type(person)), spot, rules)
        is_allowed = refused is AccessRefusal.DIRECT and await self._find_draft(thread)
        return None if is_allowed else refused

    async def _is_shared(self, channel: str, rules: Sequence[AccessRules]) -> bool:
        if messages.is_direct_channel(channel) or core.is_admitted(Admission.SHARED, rules):
            return True  # it makes no difference, so Slack is not asked
        return await self._people.is_shared(channel)
