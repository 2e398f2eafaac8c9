"""Decides who may ask the bot where in Slack.

`SlackAccessPolicy` collects the facts for `core.access.permission_check.find_refusal`, which decides: the admins'
rules, the person's member type, and whether the channel is shared with another organisation. It asks Slack only for
facts that can change the decision. The access guard asks it before a message is stored, and the admission
before the message is answered.
"""

from collections.abc import Awaitable, Callable, Sequence

from bot.core.access import permission_check as core
from bot.core.access.permission_check import AccessRefusal, AccessRules, AccessSubject, Admission, RequestLocation
from bot.core.turns import ThreadKey
from bot.policy.saved_grants import SavedGrants
from bot.slack import messages
from bot.slack.people.directory import People


async def has_no_draft(_thread: ThreadKey) -> None:
    """Return None: no draft is tried in any thread."""


class SlackAccessPolicy:
    """Decides who may ask where in Slack; implements the port `AccessPolicy`."""

    def __init__(
        self, access: SavedGrants, people: People, find_draft: Callable[[ThreadKey], Awaitable[object]] = has_no_draft
    ) -> None:
        """Decide by `access`, and by what `people` knows.

        `find_draft` returns the draft that an admin tries in a thread, if any. A draft may be tried in a
        direct message even if direct messages are switched off.
        """
        self._access = access
        self._people = people
        self._find_draft = find_draft

    async def find_refusal(
        self, thread: ThreadKey, person: str, *, is_shared: bool | None = None
    ) -> AccessRefusal | None:
        """Return why a person may not ask in a thread, or None if they may.

        `is_shared` is what a delivery says about its channel; None looks it up.

        Raises `StoreError` and `SurfaceUnavailable`.
        """
        rules = await self._access.list_rules()
        location = RequestLocation(
            channel=thread.channel,
            is_direct=messages.is_direct_channel(thread.channel),
            is_shared=await self._is_shared(thread.channel, rules) if is_shared is None else is_shared,
        )
        refused = core.find_refusal(AccessSubject(person, await self._people.member_type(person)), location, rules)
        for_lack_of = {AccessRefusal.UNKNOWN: person, AccessRefusal.SHARED: thread.channel if is_shared is None else ""}
        if refused and (wanted := for_lack_of.get(refused)) and not self._people.may_look_up(wanted):
            return AccessRefusal.NOT_TOLD
        is_allowed = refused is AccessRefusal.DIRECT and await self._find_draft(thread)
        return None if is_allowed else refused

    async def _is_shared(self, channel: str, rules: Sequence[AccessRules]) -> bool:
        if messages.is_direct_channel(channel) or core.is_admitted(Admission.SHARED, rules):
            return True  # makes no difference to the decision, so Slack is not asked
        return await self._people.is_shared(channel)
