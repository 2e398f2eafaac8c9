"""Leave to change one level, given to one admin with one form, and sealed so that nobody can make one.

Separate because forms travel through people's hands. Pure. Rules: a mandate names its level, the version that
was edited, its admin and its end, and nothing else; whether that admin still is one is asked again elsewhere.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass

from bot.core.chat import scoped_config
from bot.core.config import Scope

_SIGNATURE_CHARACTERS = 64
"""Characters of a seal."""
FORM_LIFETIME_SECONDS = 12 * 3_600.0
"""Seconds: a form that was open for longer was forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """What its holder may change."""

    scope: Scope
    based_on: int
    """Number of the version that was shown, 0 where there was none."""
    user: str
    """Platform's id of the person."""
    expires_at: float
    """In seconds since 1970."""


class InvalidSignature(ValueError):
    """We never made this."""


def sign(state: FormState, key: bytes) -> str:
    """Return a mandate as text, short enough for `private_metadata`."""
    level = scoped_config.name_scope(state.scope)
    content = json.dumps([state.scope.platform, level, state.based_on, state.user, state.expires_at])
    return f"{_signature(content, key)}{content}"


def verify(text: str, key: bytes) -> FormState:
    """Return the mandate that `seal` wrote with this key. Raises `Forged` for anything else."""
    mark, content = text[:_SIGNATURE_CHARACTERS], text[_SIGNATURE_CHARACTERS:]
    if not hmac.compare_digest(_encode(mark), _encode(_signature(content, key))):
        raise InvalidSignature
    platform, level, based_on, admin, until = json.loads(content)
    return FormState(scope=scoped_config.parse_scope(level, platform), based_on=based_on, user=admin, expires_at=until)


def _signature(content: str, key: bytes) -> str:
    return hmac.new(key, _encode(content), hashlib.sha256).hexdigest()


def _encode(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # what is forged may hold anything
