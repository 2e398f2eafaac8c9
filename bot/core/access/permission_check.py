"""Decides who may use the bot where, and who may configure it.

`find_refusal` takes a person (id and member type), a location (channel, direct, shared) and several sets of
rules: those of the deployment's settings and those that admins saved in Slack. It returns the reason for a
refusal, or None. Every set must admit the question. The checks run in this order:

1. bots, denied people and denied channels are refused, whatever any allow list says;
2. then the person: unknown people, guests and outsiders that no set admits, people missing from a list;
3. then the location: direct messages, channels missing from a list, shared channels.

Missing information counts as the worst case: an unknown member type is refused, somebody who may be a guest counts
as a guest of either kind, and a channel counts as shared.

`may_configure` decides who may configure the bot. It ignores all rules, so that no rule can lock out the admins
of a workspace.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class MemberType(StrEnum):
    """What a person is to the workspace."""

    MEMBER = "member"
    GUEST = "guest"  # of several channels
    CHANNEL_GUEST = "channel-guest"  # of a single one
    EXTERNAL = "external"  # of another organisation
    BOT = "bot"
    UNCLEAR = "unclear"  # of the workspace; the platform does not say whether as a guest
    UNKNOWN = "unknown"  # the platform does not say


class Admission(StrEnum):
    """A group of people or places that rules can admit as a whole."""

    DIRECT = "direct-messages"
    SHARED = "shared-channels"  # members of the workspace, in a channel that other organisations can read
    GUESTS = "guests"
    CHANNEL_GUESTS = "channel-guests"
    EXTERNAL = "external"


class AccessRefusal(StrEnum):
    """Why a person may not ask."""

    BOT = "bot"
    UNKNOWN = "unknown"
    UNCLEAR = "unclear"
    NOT_TOLD = "not-told"
    PERSON = "person"
    CHANNEL = "channel"
    GUEST = "guest"
    EXTERNAL = "external"
    DIRECT = "direct"
    SHARED = "shared"
    TOO_OFTEN = "too-often"  # within a minute; decided where the question is recorded, not by rules

    @property
    def for_people(self) -> str:
        """The one sentence that the person may read; empty if the bot must stay silent."""
        return REFUSAL_SENTENCES.get(self, "")


REFUSAL_SENTENCES: Mapping[AccessRefusal, str] = MappingProxyType(
    {
        AccessRefusal.UNKNOWN: "I can't find out who you are just now, so I may not answer. "
        "Please ask again in a minute; if that does not help, please tell an admin.",
        AccessRefusal.UNCLEAR: "Slack does not say whether you are a guest here, so I may not answer. "
        "An admin can let you in by name.",
        AccessRefusal.NOT_TOLD: "I lack a permission that I need to see who may ask here, so I may not answer. "
        "Please tell the person who runs this bot; its log names what is missing.",
        AccessRefusal.PERSON: ("You can't use me here. This workspace's admins decide who may; please ask them."),
        AccessRefusal.CHANNEL: "I don't answer in this channel. This workspace's admins decide where I do.",
        AccessRefusal.GUEST: "I don't answer guests here, unless this workspace's admins let you in.",
        AccessRefusal.EXTERNAL: "I answer the people of this workspace only, unless its admins let you in.",
        AccessRefusal.DIRECT: "I don't answer direct messages here; please mention me in a channel.",
        AccessRefusal.TOO_OFTEN: "That was more in one minute than I take from one person, so I left some out. "
        "Please ask again in a minute.",
        AccessRefusal.SHARED: "I don't answer in channels that are shared with other organisations.",
    }
)
"""There is none for bots: two bots that answer each other never stop."""

DEFAULT_ADMISSIONS = frozenset({Admission.DIRECT, Admission.SHARED})
"""What is admitted if no set of rules says anything about groups."""

REQUIRED_ADMISSIONS: Mapping[MemberType, tuple[Admission, ...]] = MappingProxyType(
    {
        MemberType.GUEST: (Admission.GUESTS,),
        MemberType.CHANNEL_GUEST: (Admission.CHANNEL_GUESTS,),
        MemberType.EXTERNAL: (Admission.EXTERNAL,),
        MemberType.UNCLEAR: (Admission.GUESTS, Admission.CHANNEL_GUESTS),
    }
)
"""The groups that must be admitted before a person of this member type may ask."""

REFUSALS_BY_MEMBER_TYPE: Mapping[MemberType, AccessRefusal] = MappingProxyType(
    {MemberType.EXTERNAL: AccessRefusal.EXTERNAL, MemberType.UNCLEAR: AccessRefusal.UNCLEAR}
)
"""Why a person is refused whose groups are not admitted; else as a guest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """One set of rules: who is admitted where. Ids are the platform's."""

    channels: frozenset[str] = frozenset()
    """If not empty, the bot answers in these channels only. Direct messages are not channels."""
    people: frozenset[str] = frozenset()
    """If not empty, the bot answers these people only. A guest listed here is admitted too."""
    denied_channels: frozenset[str] = frozenset()
    denied_people: frozenset[str] = frozenset()
    invited: frozenset[str] = frozenset()
    """Guests and people of other organisations who are admitted by name."""
    admits: frozenset[Admission] | None = None
    """The groups that are admitted; None leaves the decision to the other sets."""


NO_ACCESS_RULES = AccessRules()


@dataclass(frozen=True, slots=True)
class AccessSubject:
    """A person whose rights are checked."""

    id: str
    member_type: MemberType


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLocation:
    """The place where a question is asked."""

    channel: str
    is_direct: bool = False
    is_shared: bool = True
    """Whether people of other organisations are in the channel; True if unknown."""


def find_refusal(
    subject: AccessSubject, location: RequestLocation, rules: Sequence[AccessRules]
) -> AccessRefusal | None:
    """Return why a person may not ask in a location, or None if every set of rules admits it."""
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
    needed = REQUIRED_ADMISSIONS.get(subject.member_type, ())
    if not all(_is_admitted_or_invited(each, subject.id, rules) for each in needed):
        return REFUSALS_BY_MEMBER_TYPE.get(subject.member_type, AccessRefusal.GUEST)
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
    """Return whether every set that decides about groups admits this one.

    If no set decides, `DEFAULT_ADMISSIONS` applies.
    """
    deciding = [each.admits for each in rules if each.admits is not None]
    return all(admission in each for each in deciding or [DEFAULT_ADMISSIONS])


def _is_admitted_or_invited(admission: Admission, person: str, rules: Sequence[AccessRules]) -> bool:
    """Return whether a guest or outsider is admitted, through the group or by name.

    A name counts in the set that lists it. If that set does not decide about groups, the name also counts in
    all sets that do.
    """
    deciding = [each for each in rules if each.admits is not None] or [AccessRules(admits=DEFAULT_ADMISSIONS)]
    known = {name for each in rules if each.admits is None for name in each.people | each.invited}
    return all(admission in (each.admits or ()) or person in known | each.people | each.invited for each in deciding)


def may_configure(subject: AccessSubject, *, has_rank: bool, named: frozenset[str]) -> bool:
    """Return whether a person may configure the bot.

    `has_rank` says that the platform calls them an admin; `named` holds the ids that an admin named. Guests
    and outsiders may not, even if they are named.
    """
    return subject.member_type is MemberType.MEMBER and (has_rank or subject.id in named)
