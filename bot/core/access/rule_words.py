"""The deployment's rules of who may ask where, from the texts of its settings, or of a command line.

Separate from `settings` because the shell takes the same words. Pure. Slack's ids tell by their first letter
whether they are a channel's or a person's.
"""

import re
from collections.abc import Iterable

from bot.core.access.rules import AccessRules, Admission

PERSON_ID_PATTERN = re.compile("[UW][A-Z0-9]+")
CHANNEL_ID_PATTERN = re.compile("[CG][A-Z0-9]+")
ADMIT_NONE_WORD = "none"
"""Lets nothing in as a whole, where an empty text leaves it to admins."""


def parse_rules(allow: str, deny: str, admit: str) -> AccessRules:
    """Return the rules; each text holds words with commas between them. Raises ValueError, a sentence."""
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
    """Return those that are people's, and those that are channels'. Raises ValueError for any other."""
    known = frozenset(ids)
    people = frozenset(filter(PERSON_ID_PATTERN.fullmatch, known))
    channels = frozenset(filter(CHANNEL_ID_PATTERN.fullmatch, known))
    if wrong := known - people - channels:
        raise ValueError(f"`{min(wrong)}` is no id of a Slack channel (C…) or person (U…)")
    return people, channels


def split_words(text: str) -> list[str]:
    """Return what stands between commas."""
    return [each.strip() for each in text.split(",") if each.strip()]


def _parse_admission(word: str) -> Admission:
    try:
        return Admission(word)
    except ValueError:
        known = ", ".join([*Admission, ADMIT_NONE_WORD])
        raise ValueError(f"`{word}` is none of {known}, and no user id") from None
