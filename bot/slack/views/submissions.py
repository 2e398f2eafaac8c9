"""What a submitted form can come to besides being saved, and the sentences for it."""

from collections.abc import Mapping
from dataclasses import dataclass


class ActionRefused(Exception):
    """A person may not do this. The text is a sentence for that person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormErrors:
    """The sentences to show in a form that was not saved, by block id."""

    errors: Mapping[str, str]


SUBMISSION_TIMEOUT_SECONDS = 2.5
"""Seconds; Slack waits three for the acknowledgement."""
SAVE_TIMED_OUT = "That took too long. Your input is still here. History shows whether it was saved."
SAVE_FAILED = "This could not be saved just now. Your input is still here; please try again in a minute."
CONFLICT_FOLLOWS = "Somebody else has saved this meanwhile. Their changes appear here in a moment."
