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

from bot.core import steering
from bot.core.domain import PromptKey
from bot.slack.admin import mandate
from bot.slack.admin.admins import Admins
from bot.slack.admin.mandate import Forged, Mandate
from bot.slack.admin.submissions import Refused
from bot.slack.parse import PLATFORM

NOT_AN_ADMIN = "Only this workspace's admins and owners, and those whom they name, may do that."
NOT_YOURS = "This form is not yours to use. Please open it again."
TOO_OLD = "This form was open for too long. Please copy what you wrote, and open it again."
NOT_HERE = "That is not in this workspace."
CHANNEL = re.compile("[CDG][A-Z0-9]+")
SHARABLE = re.compile("[CG][A-Z0-9]+")
"""Of channels that are no direct messages, which nobody edits for others."""

log = structlog.get_logger()


class Gate:
    """Admits people, in one workspace."""

    def __init__(
        self, admins: Admins, *, workspace: str, key: bytes, clock: Callable[[], float] = time.time
    ) -> None:
        """`key` seals forms, for all processes alike."""
        self._admins = admins
        self._key = key
        self._clock = clock
        self.workspace = PromptKey(platform=PLATFORM, workspace=workspace)

    async def knows(self, user: str) -> bool:
        """Return whether a person is an admin."""
        return await self._admins.includes(user)

    async def edits(self, user: str, level: PromptKey) -> bool:
        """Return whether a person may edit a level without being an admin: a channel, or a thread in it."""
        is_channel = SHARABLE.fullmatch(level.channel)
        return bool(is_channel) and await self._admins.edits(user, level.channel)

    async def admit(self, user: str, what: str) -> None:
        """Raise `Refused` unless a person is an admin; `what` they want is for the log."""
        if not await self.knows(user):
            raise self.refusal(user, what, NOT_AN_ADMIN)

    async def admit_to(self, level: PromptKey, user: str, what: str) -> bool:
        """Return whether a person edits a level without being an admin.

        Raises `Refused` unless they are one, or one let them edit it.
        """
        if await self.knows(user):
            return False
        if await self.edits(user, level):
            return True
        raise self.refusal(user, what, NOT_AN_ADMIN)

    def apart(self, purpose: str) -> Self:
        """Return a gate that admits the same people, and whose forms are good for this purpose only."""
        key = hmac.new(self._key, purpose.encode(), hashlib.sha256).digest()
        return type(self)(self._admins, workspace=self.workspace.workspace, key=key, clock=self._clock)

    def level(self, user: str, name: str) -> PromptKey:
        """Return the level of that name. Raises `Refused` if there is none in this workspace."""
        try:
            level = steering.level(name, PLATFORM)
        except ValueError:
            raise self.refusal(user, "no level", NOT_HERE) from None
        return self._here(user, level)

    def channel(self, user: str, channel: str, kind: re.Pattern[str] = CHANNEL) -> PromptKey:
        """Return the level of a channel. Raises `Refused` if that is no channel's id of this kind."""
        if not kind.fullmatch(channel):
            raise self.refusal(user, "no channel", NOT_HERE)
        return replace(self.workspace, channel=channel)

    def mandate(self, user: str, level: PromptKey, based_on: int, *, lasts: float = mandate.LASTS) -> str:
        """Return the sealed leave to change a level, for a form that shows its version `based_on`."""
        until = self._clock() + lasts
        return mandate.seal(Mandate(level=level, based_on=based_on, admin=user, until=until), self._key)

    def leave(self, user: str, sealed: str) -> Mandate:
        """Return what a form allows. Raises `Refused` where it is forged, another's, too old or foreign."""
        try:
            leave = mandate.unseal(sealed, self._key)
        except Forged:
            raise self.refusal(user, "forged form", NOT_YOURS) from None
        if leave.admin != user:
            raise self.refusal(user, "another's form", NOT_YOURS)
        if leave.until < self._clock():
            raise self.refusal(user, "expired form", TOO_OLD)
        self._here(user, leave.level)
        return leave

    def refusal(self, user: str, what: str, sentence: str) -> Refused:
        """Return the error that tells a person `sentence`, and log `what` was refused."""
        log.warning("Somebody may not steer.", action="steering_denied", user=user, what=what)
        return Refused(sentence)

    def _here(self, user: str, level: PromptKey) -> PromptKey:
        if (level.platform, level.workspace) != (PLATFORM, self.workspace.workspace):
            raise self.refusal(user, "another workspace", NOT_HERE)
        return level
