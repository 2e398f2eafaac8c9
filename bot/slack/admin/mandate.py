"""Leave to change one level, given to one admin with one form, and sealed so that nobody can make one.

Separate because forms travel through people's hands. Pure. Rules: a mandate names its level, the version that
was edited, its admin and its end, and nothing else; whether that admin still is one is asked again elsewhere.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass

from bot.core import steering
from bot.core.domain import PromptKey

_MARK = 64
"""Characters of a seal."""
LASTS = 12 * 3_600.0
"""Seconds: a form that was open for longer was forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """What its holder may change."""

    level: PromptKey
    based_on: int
    """Number of the version that was shown, 0 where there was none."""
    admin: str
    """Platform's id of the person."""
    until: float
    """In seconds since 1970."""


class Forged(ValueError):
    """We never made this."""


def seal(mandate: Mandate, key: bytes) -> str:
    """Return a mandate as text, short enough for `private_metadata`."""
    level = steering.place(mandate.level)
    content = json.dumps([mandate.level.platform, level, mandate.based_on, mandate.admin, mandate.until])
    return f"{_mark(content, key)}{content}"


def unseal(text: str, key: bytes) -> Mandate:
    """Return the mandate that `seal` wrote with this key. Raises `Forged` for anything else."""
    mark, content = text[:_MARK], text[_MARK:]
    if not hmac.compare_digest(_bytes(mark), _bytes(_mark(content, key))):
        raise Forged
    platform, level, based_on, admin, until = json.loads(content)
    return Mandate(level=steering.level(level, platform), based_on=based_on, admin=admin, until=until)


def _mark(content: str, key: bytes) -> str:
    return hmac.new(key, _bytes(content), hashlib.sha256).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # what is forged may hold anything
