"""The signed state of a form, kept in its `private_metadata`. Pure.

Slack sends `private_metadata` back with a submission, and people can forge it. So it is signed with
HMAC-SHA256, and names the scope, the version that was shown, the person and the expiry. A valid signature
does not say that the person is still an admin; `authorization` checks that separately.

    <64 hex digits>["slack", "channel T1/C1", 3, "U0ADA", 1790000000.0]
"""

import hashlib
import hmac
import json
from dataclasses import dataclass

from bot.core.chat import scoped_config
from bot.core.config import Scope

_SIGNATURE_CHARACTERS = 64
"""Length of a signature."""
FORM_LIFETIME_SECONDS = 12 * 3_600.0
"""A form that was open for longer was forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """What a form may save: one person's change to one scope, based on one version."""

    scope: Scope
    based_on: int
    """Number of the version that the form shows, 0 if nothing was saved before."""
    user: str
    """Slack's id of the person who opened the form."""
    expires_at: float
    """In seconds since 1970."""


class InvalidSignature(ValueError):
    """The text was not signed with this key."""


def sign(state: FormState, key: bytes) -> str:
    """Return a form's state as text, short enough for `private_metadata`."""
    scope_name = scoped_config.name_scope(state.scope)
    content = json.dumps([state.scope.platform, scope_name, state.based_on, state.user, state.expires_at])
    return f"{_signature(content, key)}{content}"


def verify(text: str, key: bytes) -> FormState:
    """Return the state that `sign` wrote with this key. Raises `InvalidSignature` for anything else."""
    signature, content = text[:_SIGNATURE_CHARACTERS], text[_SIGNATURE_CHARACTERS:]
    if not hmac.compare_digest(_encode(signature), _encode(_signature(content, key))):
        raise InvalidSignature
    platform, scope_name, based_on, user, expires_at = json.loads(content)
    return FormState(
        scope=scoped_config.parse_scope(scope_name, platform), based_on=based_on, user=user, expires_at=expires_at
    )


def _signature(content: str, key: bytes) -> str:
    return hmac.new(key, _encode(content), hashlib.sha256).hexdigest()


def _encode(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # what is forged may hold anything
