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


class Standing(StrEnum):
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


class Refusal(StrEnum):
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
        return SENTENCES.get(self, "")


SENTENCES: Mapping[Refusal, str] = MappingProxyType(
    {
        Refusal.UNKNOWN: "I can't find out who you are just now, so I may not answer. "
        "Please ask again in a minute.",
        Refusal.PERSON: "You can't use me here. This workspace's admins decide who may; please ask them.",
        Refusal.CHANNEL: "I don't answer in this channel. This workspace's admins decide where I do.",
        Refusal.GUEST: "I don't answer guests here, unless this workspace's admins let you in.",
        Refusal.EXTERNAL: "I answer the people of this workspace only, unless its admins let you in.",
        Refusal.DIRECT: "I don't answer direct messages here; please mention me in a channel.",
        Refusal.SHARED: "I don't answer in channels that are shared with other organisations.",
    }
)
"""A bot is told nothing: two bots that answer each other never end."""

BUILT_IN = frozenset({Admission.DIRECT, Admission.SHARED})
"""What is let in where nobody decides."""

ADMISSIONS: Mapping[Standing, Admission] = MappingProxyType(
    {
        Standing.GUEST: Admission.GUESTS,
        Standing.CHANNEL_GUEST: Admission.CHANNEL_GUESTS,
        Standing.EXTERNAL: Admission.EXTERNAL,
    }
)
"""What must be let in for those who are no members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
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


NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    id: str
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where it is asked."""

    channel: str
    is_direct: bool = False
    is_shared: bool = True
    """Whether people of other organisations are there; also where nobody knows."""


def refusal(person: Person, spot: Spot, rules: Sequence[Rules]) -> Refusal | None:
    """Return why a person may not ask there, or None if every set of rules lets them."""
    if person.standing is Standing.BOT:
        return Refusal.BOT
    if any(person.id in each.denied_people for each in rules):
        return Refusal.PERSON
    if any(spot.channel in each.denied_channels for each in rules):
        return Refusal.CHANNEL
    return _of_person(person, rules) or _of_spot(spot, rules)


def _of_person(person: Person, rules: Sequence[Rules]) -> Refusal | None:
    if person.standing is Standing.UNKNOWN:
        return Refusal.UNKNOWN
    needed = ADMISSIONS.get(person.standing)
    if needed and not _lets_in(needed, person.id, rules):
        return Refusal.EXTERNAL if needed is Admission.EXTERNAL else Refusal.GUEST
    if any(each.people and person.id not in each.people for each in rules):
        return Refusal.PERSON
    return None


def _of_spot(spot: Spot, rules: Sequence[Rules]) -> Refusal | None:
    if spot.is_direct:
        return None if admits(Admission.DIRECT, rules) else Refusal.DIRECT
    if any(each.channels and spot.channel not in each.channels for each in rules):
        return Refusal.CHANNEL
    if spot.is_shared and not admits(Admission.SHARED, rules):
        return Refusal.SHARED
    return None


def admits(what: Admission, rules: Sequence[Rules]) -> bool:
    """Return whether all who decide let something in as a whole; where nobody decides, see `BUILT_IN`."""
    deciding = [each.admits for each in rules if each.admits is not None]
    return all(what in each for each in deciding or [BUILT_IN])


def _lets_in(what: Admission, person: str, rules: Sequence[Rules]) -> bool:
    """Return whether somebody who is no member is let in, as one of many or by name.

    A name counts for whoever wrote it, and where that one leaves it to others, for these.
    """
    deciding = [each for each in rules if each.admits is not None] or [Rules(admits=BUILT_IN)]
    known = {name for each in rules if each.admits is None for name in each.people | each.invited}
    return all(
        what in (each.admits or ()) or person in known | each.people | each.invited for each in deciding
    )


def may_steer(person: Person, *, has_rank: bool, named: frozenset[str]) -> bool:
    """Return whether a person may steer; `has_rank` says that the platform calls them an admin.

    `named` are those whom somebody named. Only members may, whoever names them.
    """
    return person.standing is Standing.MEMBER and (has_rank or person.id in named)
