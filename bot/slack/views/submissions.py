"""What a submitted form can come to besides being saved, and the sentences for it."""

from collections.abc import Mapping
from dataclasses import dataclass


class ActionRefused(Exception):
    """Somebody may not do this; the text is a sentence for that person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormErrors:
    """What was entered cannot be taken: sentences by the ids of input blocks."""

    errors: Mapping[str, str]


SUBMISSION_TIMEOUT_SECONDS = 2.5
"""Seconds; Slack waits three for the acknowledgement."""
SAVE_TIMED_OUT = "That took too long. What you wrote is still here: look into History whether it was saved."
SAVE_FAILED = "This could not be saved just now. What you wrote is still here; please try again in a minute."
CONFLICT_FOLLOWS = "Somebody else has saved this meanwhile. In a moment you see here what they changed."
