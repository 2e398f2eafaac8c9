"""Structured logs: for people on a terminal, as JSON for machines.

Separate because it decides what may be written: a sentence, a stable `action`, and the bound turn. Never
message text, a prompt, a token, or the text of an exception, which may hold any of these. What a server says
of an error is written, but no secret of ours, which it may repeat.
"""

import logging
import sys
import traceback
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Literal

import structlog
from structlog.typing import EventDict

MIN_SECRET_LENGTH = 6
"""Characters; anything shorter may be part of a word."""


def configure(level: str, form: Literal["auto", "console", "json"], *, secrets: Collection[str] = ()) -> None:
    """Send logs to standard error; `auto` is the console form on a terminal, JSON elsewhere.

    None of the `secrets` is written, whoever says it.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    on_console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer = structlog.dev.ConsoleRenderer() if on_console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            partial(_remove_secrets_from_event, secrets),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries print bodies and headers at DEBUG, and Slack's client whole payloads at INFO.
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(name)s: %(message)s")
    for library in ("slack_bolt", "slack_sdk", "httpx", "aiohttp"):
        logging.getLogger(library).setLevel(logging.CRITICAL)


def remove_secrets(secrets: Collection[str], text: str) -> str:
    """Return a text in which no secret stands."""
    for secret in secrets:
        if len(secret) >= MIN_SECRET_LENGTH:
            text = text.replace(secret, "[removed]")
    return text


def _remove_secrets_from_event(secrets: Collection[str], _logger: object, _method: str, event: EventDict) -> EventDict:
    return {name: remove_secrets(secrets, value) if isinstance(value, str) else value for name, value in event.items()}


def describe_error(error: BaseException) -> str:
    """Return the class of an error and the place it came from, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    return f"{type(error).__name__}{place}"
