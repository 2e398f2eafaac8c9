"""Who may steer which level: asked at every step, whatever the step before allowed.

Separate from the helm so that no way to it leads around the gate. Rules: an admin now, in our own workspace,
with a form that we made for this person and this level, not too long ago; everybody else gets a sentence, and
the log a line.
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

NOT_AN_ADMIN = "Only this workspace's admins and owners, and those whom they name, may do that."
FORM_NOT_YOURS = "This form is not yours to use. Please open it again."
FORM_EXPIRED = "This form was open for too long. Please copy what you wrote, and open it again."
NOT_IN_WORKSPACE = "That is not in this workspace."
CHANNEL_ID_PATTERN = re.compile("[CDG][A-Z0-9]+")
GROUP_CHANNEL_ID_PATTERN = re.compile("[CG][A-Z0-9]+")
"""Of channels that are no direct messages, which nobody edits for others."""

log = structlog.get_logger()


class Authorizer:
    """Admits people, in one workspace."""

    def __init__(
        self, admins: AdminRoles, *, workspace: str, key: bytes, clock: Callable[[], float] = time.time
    ) -> None:
        """`key` seals forms, for all processes alike."""
        self._admins = admins
        self._key = key
        self._clock = clock
        self.workspace = Scope(platform=PLATFORM, workspace=workspace)

    async def is_admin(self, user: str) -> bool:
        """Return whether a person is an admin."""
        return await self._admins.is_admin(user)

    async def is_delegated_editor(self, user: str, level: Scope) -> bool:
        """Return whether a person may edit a level without being an admin: a channel, or a thread in it."""
        is_channel = GROUP_CHANNEL_ID_PATTERN.fullmatch(level.channel)
        return bool(is_channel) and await self._admins.is_delegated_editor(user, level.channel)

    async def require_admin(self, user: str, action: str) -> None:
        """Raise `Refused` unless a person is an admin; `what` they want is for the log."""
        if not await self.is_admin(user):
            raise self.deny(user, action, NOT_AN_ADMIN)

    async def require_editor(self, level: Scope, user: str, action: str) -> bool:
        """Return whether a person edits a level without being an admin.

        Raises `Refused` unless they are one, or one let them edit it.
        """
        if await self.is_admin(user):
            return False
        if await self.is_delegated_editor(user, level):
            return True
        raise self.deny(user, action, NOT_AN_ADMIN)

    def for_purpose(self, purpose: str) -> Self:
        """Return a gate that admits the same people, and whose forms are good for this purpose only."""
        key = hmac.new(self._key, purpose.encode(), hashlib.sha256).digest()
        return type(self)(self._admins, workspace=self.workspace.workspace, key=key, clock=self._clock)

    def parse_scope(self, user: str, name: str) -> Scope:
        """Return the level of that name. Raises `Refused` if there is none in this workspace."""
        try:
            level = scoped_config.parse_scope(name, PLATFORM)
        except ValueError:
            raise self.deny(user, "no level", NOT_IN_WORKSPACE) from None
        return self._require_own_workspace(user, level)

    def channel_scope(self, user: str, channel: str, kind: re.Pattern[str] = CHANNEL_ID_PATTERN) -> Scope:
        """Return the level of a channel. Raises `Refused` if that is no channel's id of this kind."""
        if not kind.fullmatch(channel):
            raise self.deny(user, "no channel", NOT_IN_WORKSPACE)
        return replace(self.workspace, channel=channel)

    def sign_form(
        self, user: str, level: Scope, based_on: int, *, lifetime_seconds: float = signed_state.FORM_LIFETIME_SECONDS
    ) -> str:
        """Return the sealed leave to change a level, for a form that shows its version `based_on`."""
        until = self._clock() + lifetime_seconds
        return signed_state.sign(FormState(scope=level, based_on=based_on, user=user, expires_at=until), self._key)

    def verify_form(self, user: str, signed: str) -> FormState:
        """Return what a form allows. Raises `Refused` where it is forged, another's, too old or foreign."""
        try:
            leave = signed_state.verify(signed, self._key)
        except InvalidSignature:
            raise self.deny(user, "forged form", FORM_NOT_YOURS) from None
        if leave.user != user:
            raise self.deny(user, "another's form", FORM_NOT_YOURS)
        if leave.expires_at < self._clock():
            raise self.deny(user, "expired form", FORM_EXPIRED)
        self._require_own_workspace(user, leave.scope)
        return leave

    def deny(self, user: str, action: str, sentence: str) -> ActionRefused:
        """Return the error that tells a person `sentence`, and log `what` was refused."""
        log.warning("Somebody may not steer.", action="steering_denied", user=user, what=action)
        return ActionRefused(sentence)

    def _require_own_workspace(self, user: str, level: Scope) -> Scope:
        if (level.platform, level.workspace) != (PLATFORM, self.workspace.workspace):
            raise self.deny(user, "another workspace", NOT_IN_WORKSPACE)
        return level
