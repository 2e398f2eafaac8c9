"""Parses access rules from words, as settings, the command line and Slack's forms write them.

    parse_rules(allow="C1", deny="U2", admit="guests, U3")

allows the channel C1 only, denies the person U2, and admits all guests and the outsider U3. The first letter of
an id tells whether it is a channel (C, G) or a person (U, W).
"""

import re
from collections.abc import Iterable

from bot.core.access.permission_check import AccessRules, Admission

PERSON_ID_PATTERN = re.compile("[UW][A-Z0-9]+")
CHANNEL_ID_PATTERN = re.compile("[CG][A-Z0-9]+")
ADMIT_NONE_WORD = "none"
"""Admits no group at all; an empty text leaves that to the admins."""


def parse_rules(allow: str, deny: str, admit: str) -> AccessRules:
    """Return the rules that three comma-separated texts mean. Raises ValueError with a sentence."""
    people, channels = split_ids(split_words(allow))
    denied_people, denied_channels = split_ids(split_words(deny))
    words = split_words(admit)
    invited = frozenset(filter(PERSON_ID_PATTERN.fullmatch, words))
    return AccessRules(
        channels=channels,
        people=people,
        denied_channels=denied_channels,
        denied_people=denied_people,
        invited=invited,
        admits=frozenset(_parse_admission(word) for word in words if word not in {ADMIT_NONE_WORD, *invited})
        if any(word not in invited for word in words)
        else None,
    )


def split_ids(ids: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of people, and those of channels. Raises ValueError with a sentence for any other."""
    known = frozenset(ids)
    people = frozenset(filter(PERSON_ID_PATTERN.fullmatch, known))
    channels = frozenset(filter(CHANNEL_ID_PATTERN.fullmatch, known))
    if wrong := known - people - channels:
        raise ValueError(f"`{min(wrong)}` is not the id of a Slack channel (C…) or person (U…)")
    return people, channels


def split_words(text: str) -> list[str]:
    """Return the words between commas."""
    return [each.strip() for each in text.split(",") if each.strip()]


def _parse_admission(word: str) -> Admission:
    try:
        return Admission(word)
    except ValueError:
        known = ", ".join([*Admission, ADMIT_NONE_WORD])
        raise ValueError(f"`{word}` is neither one of {known} nor a user id") from None
