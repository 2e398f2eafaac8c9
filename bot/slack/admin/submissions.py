"""What a submitted form can come to besides being saved, and the sentences for it."""

from collections.abc import Mapping
from dataclasses import dataclass


class Refused(Exception):
    """Somebody may not do this; the text is a sentence for that person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What was entered cannot be taken: sentences by the ids of input blocks."""

    errors: Mapping[str, str]


PATIENCE = 2.5
"""Seconds; Slack waits three for the acknowledgement."""
TOO_LATE = "That took too long. What you wrote is still here: look into History whether it was saved."
UNSAVED = "This could not be saved just now. What you wrote is still here; please try again in a minute."
CONFLICT = "Somebody else has saved this meanwhile. In a moment you see here what they changed."
