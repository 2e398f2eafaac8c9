"""What a submitted form or a pressed button can come to, and the time limit of its acknowledgement.

A use case raises `ActionRefused` with a sentence for the person, or returns `FormErrors` for the fields of its form.
`finish_in_time` turns a failure of the database, and one that takes too long, into such a sentence.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import structlog

from bot.core.errors import StoreError

ACK_TIMEOUT_SECONDS = 2.5
"""Slack waits three seconds for the acknowledgement."""
SAVE_TIMED_OUT = "That took too long. Your input is still here. History shows whether it was saved."
SAVE_FAILED = "This could not be saved just now. Your input is still here; please try again in a minute."
CONFLICT_FOLLOWS = "Somebody else has saved this meanwhile. Their changes appear here in a moment."

Result = TypeVar("Result")

log = structlog.get_logger()


class ActionRefused(Exception):
    """A person may not do this, or it cannot be done. The text is a sentence for that person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormErrors:
    """The sentences to show in a form that was not saved, by block id."""

    errors: Mapping[str, str]


async def finish_in_time(work: Awaitable[Result], *, timed_out: str, failed: str, log_action: str) -> Result:
    """Return what `work` returns, early enough to be part of the acknowledgement.

    Raises `ActionRefused` with the sentence `timed_out`, or with `failed` after a `StoreError`.
    """
    try:
        async with asyncio.timeout(ACK_TIMEOUT_SECONDS):
            return await work
    except TimeoutError as error:
        log.warning("An action took too long.", action=log_action, error="TimeoutError")
        raise ActionRefused(timed_out) from error
    except StoreError as error:
        log.warning("An action failed at the database.", action=log_action, error=error.code)
        raise ActionRefused(failed) from error
