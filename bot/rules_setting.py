"""The deployment's rules of who may ask where, from the texts of its settings, or of a command line.

Separate from `settings` because the shell takes the same words. Pure. Slack's ids tell by their first letter
whether they are a channel's or a person's.
"""

import re
from collections.abc import Iterable

from bot.core.access import Admission, Rules

PERSON = re.compile("[UW][A-Z0-9]+")
CHANNEL = re.compile("[CG][A-Z0-9]+")
NOTHING = "none"
"""Lets nothing in as a whole, where an empty text leaves it to admins."""


def rules(allow: str, deny: str, admit: str) -> Rules:
    """Return the rules; each text holds words with commas between them. Raises ValueError, a sentence."""
    people, channels = sorted_out(listed(allow))
    denied_people, denied_channels = sorted_out(listed(deny))
    words = listed(admit)
    invited = frozenset(filter(PERSON.fullmatch, words))
    return Rules(
        channels=channels,
        people=people,
        denied_channels=denied_channels,
        denied_people=denied_people,
        invited=invited,
        admits=frozenset(_admission(word) for word in words if word not in {NOTHING, *invited})
        if any(word not in invited for word in words)
        else None,
    )


def sorted_out(ids: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return those that are people's, and those that are channels'. Raises ValueError for any other."""
    known = frozenset(ids)
    people = frozenset(filter(PERSON.fullmatch, known))
    channels = frozenset(filter(CHANNEL.fullmatch, known))
    if wrong := known - people - channels:
        raise ValueError(f"`{min(wrong)}` is no id of a Slack channel (C…) or person (U…)")
    return people, channels


def listed(text: str) -> list[str]:
    """Return what stands between commas."""
    return [each.strip() for each in text.split(",") if each.strip()]


def _admission(word: str) -> Admission:
    try:
        return Admission(word)
    except ValueError:
        known = ", ".join([*Admission, NOTHING])
        raise ValueError(f"`{word}` is none of {known}, and no user id") from None
