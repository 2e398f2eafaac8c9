"""Who may use the bot where, and who may steer it: decided from what is known of a person and a place.

Separate because it is asked in many places and must have one answer. Rules: whatever is denied is denied,
whoever allows it; what nobody knows counts as the worst it could be; of several sets of rules (the
deployment's, and what admins set) each must let a question in. Who may steer does not depend on any of them,
so that no rule can lock out the admins of a workspace.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class MemberType(StrEnum):
    """What somebody is to the workspace."""

    MEMBER = "member"
    GUEST = "guest"  # of several channels
    CHANNEL_GUEST = "channel-guest"  # of a single one
    EXTERNAL = "external"  # of another organisation
    BOT = "bot"
    UNKNOWN = "unknown"  # the platform did not say


class Admission(StrEnum):
    """What can be let in as a whole."""

    DIRECT = "direct-messages"
    SHARED = "shared-channels"  # our own people, where people of other organisations read along
    GUESTS = "guests"
    CHANNEL_GUESTS = "channel-guests"
    EXTERNAL = "external"


class AccessRefusal(StrEnum):
    """Why somebody may not ask."""

    BOT = "bot"
    UNKNOWN = "unknown"
    PERSON = "person"
    CHANNEL = "channel"
    GUEST = "guest"
    EXTERNAL = "external"
    DIRECT = "direct"
    SHARED = "shared"

    @property
    def for_people(self) -> str:
        """The one sentence that the person may read; empty where nothing may be said."""
        return REFUSAL_SENTENCES.get(self, "")


REFUSAL_SENTENCES: Mapping[AccessRefusal, str] = MappingProxyType(
    {
        AccessRefusal.UNKNOWN: "I can't find out who you are just now, so I may not answer. "
        "Please ask again in a minute.",
        AccessRefusal.PERSON: (
            "You can't use me here. This workspace's admins decide who may; please ask them."
        ),
        AccessRefusal.CHANNEL: "I don't answer in this channel. This workspace's admins decide where I do.",
        AccessRefusal.GUEST: "I don't answer guests here, unless this workspace's admins let you in.",
        AccessRefusal.EXTERNAL: "I answer the people of this workspace only, unless its admins let you in.",
        AccessRefusal.DIRECT: "I don't answer direct messages here; please mention me in a channel.",
        AccessRefusal.SHARED: "I don't answer in channels that are shared with other organisations.",
    }
)
"""A bot is told nothing: two bots that answer each other never end."""

DEFAULT_ADMISSIONS = frozenset({Admission.DIRECT, Admission.SHARED})
"""What is let in where nobody decides."""

REQUIRED_ADMISSIONS: Mapping[MemberType, Admission] = MappingProxyType(
    {
        MemberType.GUEST: Admission.GUESTS,
        MemberType.CHANNEL_GUEST: Admission.CHANNEL_GUESTS,
        MemberType.EXTERNAL: Admission.EXTERNAL,
    }
)
"""What must be let in for those who are no members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """Who is let in where, as one place decides it; ids are the platform's."""

    channels: frozenset[str] = frozenset()
    """If there are any, no other channel is answered in; direct messages are no channels."""
    people: frozenset[str] = frozenset()
    """If there are any, nobody else is answered; who stands here is let in as a guest, too."""
    denied_channels: frozenset[str] = frozenset()
    denied_people: frozenset[str] = frozenset()
    invited: frozenset[str] = frozenset()
    """Guests and people of other organisations who are let in by name."""
    admits: frozenset[Admission] | None = None
    """What is let in as a whole; None leaves it to others."""


NO_ACCESS_RULES = AccessRules()


@dataclass(frozen=True, slots=True)
class AccessSubject:
    """Who asks."""

    id: str
    member_type: MemberType


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLocation:
    """Where it is asked."""

    channel: str
    is_direct: bool = False
    is_shared: bool = True
    """Whether people of other organisations are there; also where nobody knows."""


def find_refusal(
    subject: AccessSubject, location: RequestLocation, rules: Sequence[AccessRules]
) -> AccessRefusal | None:
    """Return why a person may not ask there, or None if every set of rules lets them."""
    if subject.member_type is MemberType.BOT:
        return AccessRefusal.BOT
    if any(subject.id in each.denied_people for each in rules):
        return AccessRefusal.PERSON
    if any(location.channel in each.denied_channels for each in rules):
        return AccessRefusal.CHANNEL
    return _find_person_refusal(subject, rules) or _find_location_refusal(location, rules)


def _find_person_refusal(subject: AccessSubject, rules: Sequence[AccessRules]) -> AccessRefusal | None:
    if subject.member_type is MemberType.UNKNOWN:
        return AccessRefusal.UNKNOWN
    needed = REQUIRED_ADMISSIONS.get(subject.member_type)
    if needed and not _is_admitted_or_invited(needed, subject.id, rules):
        return AccessRefusal.EXTERNAL if needed is Admission.EXTERNAL else AccessRefusal.GUEST
    if any(each.people and subject.id not in each.people for each in rules):
        return AccessRefusal.PERSON
    return None


def _find_location_refusal(location: RequestLocation, rules: Sequence[AccessRules]) -> AccessRefusal | None:
    if location.is_direct:
        return None if is_admitted(Admission.DIRECT, rules) else AccessRefusal.DIRECT
    if any(each.channels and location.channel not in each.channels for each in rules):
        return AccessRefusal.CHANNEL
    if location.is_shared and not is_admitted(Admission.SHARED, rules):
        return AccessRefusal.SHARED
    return None


def is_admitted(admission: Admission, rules: Sequence[AccessRules]) -> bool:
    """Return whether all who decide let something in as a whole; where nobody decides, see `BUILT_IN`."""
    deciding = [each.admits for each in rules if each.admits is not None]
    return all(admission in each for each in deciding or [DEFAULT_ADMISSIONS])


def _is_admitted_or_invited(admission: Admission, person: str, rules: Sequence[AccessRules]) -> bool:
    """Return whether somebody who is no member is let in, as one of many or by name.

    A name counts for whoever wrote it, and where that one leaves it to others, for these.
    """
    deciding = [each for each in rules if each.admits is not None] or [AccessRules(admits=DEFAULT_ADMISSIONS)]
    known = {name for each in rules if each.admits is None for name in each.people | each.invited}
    return all(
        admission in (each.admits or ()) or person in known | each.people | each.invited for each in deciding
    )


def may_steer(subject: AccessSubject, *, has_rank: bool, named: frozenset[str]) -> bool:
    """Return whether a person may steer; `has_rank` says that the platform calls them an admin.

    `named` are those whom somebody named. Only members may, whoever names them.
    """
    return subject.member_type is MemberType.MEMBER and (has_rank or subject.id in named)
