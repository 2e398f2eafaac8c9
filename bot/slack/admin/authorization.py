"""Authorization: who may change what, checked at each step whatever an earlier step allowed.

A press of a button must come from an admin, or from a steward of the channel. A submitted form must also
carry state that this bot signed, for this person, for a scope of this workspace, not too long ago
(`signed_state`). Anybody else gets a sentence (`ActionRefused`), and the log gets a line with
`action="steering_denied"`.

    admin opens a form     -> require_editor, sign_form(user, scope, version 3)
    admin submits it       -> verify_form, require_editor, save on top of version 3
    someone forges either  -> ActionRefused
"""

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Self

import structlog

from bot.core.chat import scoped_config
from bot.core.config import Scope
from bot.slack.admin import signed_state
from bot.slack.admin.signed_state import FormState, InvalidSignature
from bot.slack.messages import PLATFORM
from bot.slack.people.roles import AdminRoles
from bot.slack.views.submissions import ActionRefused

NOT_AN_ADMIN = "Only admins of this workspace, and people whom they have named, may do that."
FORM_NOT_YOURS = "This form is not valid for you. Please open it again."
FORM_EXPIRED = "This form was open for too long. Please copy your input, and open it again."
NOT_IN_WORKSPACE = "That is not in this workspace."
CHANNEL_ID_PATTERN = re.compile("[CDG][A-Z0-9]+")
GROUP_CHANNEL_ID_PATTERN = re.compile("[CG][A-Z0-9]+")
"""Channels without direct messages: a steward cannot be named for those."""

log = structlog.get_logger()


class Authorizer:
    """Checks people and signs their forms, in one workspace."""

    def __init__(
        self, admins: AdminRoles, *, workspace: str, key: bytes, clock: Callable[[], float] = time.time
    ) -> None:
        """`key` signs forms; all processes of the bot share it."""
        self._admins = admins
        self._key = key
        self._clock = clock
        self.workspace = Scope(platform=PLATFORM, workspace=workspace)

    async def is_admin(self, user: str) -> bool:
        """Return whether a person is an admin. Raises `StoreError`."""
        return await self._admins.is_admin(user)

    async def is_steward(self, user: str, scope: Scope) -> bool:
        """Return whether a person is a steward of the scope's channel. Raises `StoreError`."""
        is_channel = GROUP_CHANNEL_ID_PATTERN.fullmatch(scope.channel)
        return bool(is_channel) and await self._admins.is_steward(user, scope.channel)

    async def require_admin(self, user: str, action: str) -> None:
        """Raise `ActionRefused` unless a person is an admin. `action` is for the log."""
        if not await self.is_admin(user):
            raise self.denial(user, action, NOT_AN_ADMIN)

    async def require_editor(self, scope: Scope, user: str, action: str) -> bool:
        """Return whether a person who may edit a scope is a steward, and not an admin.

        Raises `ActionRefused` if they may not edit it. `action` is for the log.
        """
        if await self.is_admin(user):
            return False
        if await self.is_steward(user, scope):
            return True
        raise self.denial(user, action, NOT_AN_ADMIN)

    def for_purpose(self, purpose: str) -> Self:
        """Return an authorizer for the same people whose forms are valid for one purpose only."""
        key = hmac.new(self._key, purpose.encode(), hashlib.sha256).digest()
        return type(self)(self._admins, workspace=self.workspace.workspace, key=key, clock=self._clock)

    def parse_scope(self, user: str, name: str) -> Scope:
        """Return the scope of that name. Raises `ActionRefused` if it is not in this workspace."""
        try:
            scope = scoped_config.parse_scope(name, PLATFORM)
        except ValueError:
            raise self.denial(user, "no scope", NOT_IN_WORKSPACE) from None
        return self._require_own_workspace(user, scope)

    def channel_scope(self, user: str, channel: str, kind: re.Pattern[str] = CHANNEL_ID_PATTERN) -> Scope:
        """Return a channel's scope. Raises `ActionRefused` unless `channel` matches `kind`."""
        if not kind.fullmatch(channel):
            raise self.denial(user, "no channel", NOT_IN_WORKSPACE)
        return replace(self.workspace, channel=channel)

    def sign_form(
        self, user: str, scope: Scope, based_on: int, *, lifetime_seconds: float = signed_state.FORM_LIFETIME_SECONDS
    ) -> str:
        """Return the signed state of a form that shows version `based_on` of a scope."""
        expires_at = self._clock() + lifetime_seconds
        return signed_state.sign(FormState(scope=scope, based_on=based_on, user=user, expires_at=expires_at), self._key)

    def verify_form(self, user: str, signed: str) -> FormState:
        """Return a form's state. Raises `ActionRefused` if it is forged, expired or another person's."""
        try:
            state = signed_state.verify(signed, self._key)
        except InvalidSignature:
            raise self.denial(user, "forged form", FORM_NOT_YOURS) from None
        if state.user != user:
            raise self.denial(user, "another's form", FORM_NOT_YOURS)
        if state.expires_at < self._clock():
            raise self.denial(user, "expired form", FORM_EXPIRED)
        self._require_own_workspace(user, state.scope)
        return state

    def denial(self, user: str, action: str, sentence: str) -> ActionRefused:
        """Return the error that shows `sentence` to a person, and log the denied `action`."""
        log.warning("An action was denied.", action="steering_denied", user=user, what=action)
        return ActionRefused(sentence)

    def _require_own_workspace(self, user: str, scope: Scope) -> Scope:
        if (scope.platform, scope.workspace) != (PLATFORM, self.workspace.workspace):
            raise self.denial(user, "another workspace", NOT_IN_WORKSPACE)
        return scope
