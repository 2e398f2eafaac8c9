"""Structured logs: readable lines on a terminal, JSON elsewhere.

A line is a sentence, a stable `action`, and the turn that is bound at that moment:

    {"event": "A turn has ended.", "action": "turn_done", "turn": 7, "attempt": 1, "level": "info", ...}

Never logged: the text of a message, a prompt, a token, or the text of an exception, which may hold any of these.
What a model server says of an error is logged, without the bot's secrets, which it may repeat.
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
"""In characters; a shorter text may be part of an ordinary word."""


def configure(level: str, form: Literal["auto", "console", "json"], *, secrets: Collection[str] = ()) -> None:
    """Send logs to standard error; `auto` is the console form on a terminal, JSON elsewhere.

    The `secrets` are removed from whatever is logged.
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
    """Return the text with each secret replaced by `[removed]`."""
    for secret in secrets:
        if len(secret) >= MIN_SECRET_LENGTH:
            text = text.replace(secret, "[removed]")
    return text


def _remove_secrets_from_event(secrets: Collection[str], _logger: object, _method: str, event: EventDict) -> EventDict:
    return {name: remove_secrets(secrets, value) if isinstance(value, str) else value for name, value in event.items()}


def describe_error(error: BaseException) -> str:
    """Return the class of an error and where it was raised, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    return f"{type(error).__name__}{place}"
