"""Saving what an admin entered, and what is shown where somebody else was faster.

Separate because forms, histories and drafts all end here. Rule: nothing is overwritten unless its admin has
seen what it is.
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.core import steering
from bot.core.domain import Author, Steering, Version
from bot.editing import Editing, Level
from bot.slack.admin import editor, form, gate, kit
from bot.slack.admin.form import Models
from bot.slack.admin.gate import Gate
from bot.slack.admin.kit import View
from bot.slack.admin.mandate import Mandate
from bot.slack.admin.parts import Part
from bot.slack.people import People

log = structlog.get_logger()


class Saving:
    """Saves in the name of admins; who they are, and what they may, was asked before."""

    def __init__(
        self, gate: Gate, editing: Editing, people: People, models: Callable[[], Awaitable[Models]]
    ) -> None:
        """`models` never raises, and takes a second at most."""
        self._gate = gate
        self._editing = editing
        self._people = people
        self._models = models

    async def author(self, user: str) -> Author:
        """Return somebody by name."""
        names = await self._people.names({user})
        return Author(id=user, name=names.get(user, ""))

    async def save(
        self, leave: Mandate, entered: Steering, note: str, *, is_delegated: bool = False
    ) -> Version:
        """Add a version. Raises `SteeringRefused` and `Conflict`."""
        by = await self.author(leave.admin)
        version = await self._editing.save(
            leave.level, entered, based_on=leave.based_on, by=by, note=note, is_delegated=is_delegated
        )
        log.info(
            "An admin has changed what applies.",
            action="steered",
            user=leave.admin,
            place=steering.place(leave.level),
            version=version.number,
        )
        return version

    async def conflict(
        self,
        user: str,
        level: Level,
        newest: Version | None,
        entered: Steering,
        note: str,
        written: Sequence[Part] = (),
    ) -> View:
        """Return the form with what came between; `level` is that of what was entered.

        `written` as in `form.blocks`.
        """
        if newest is None:  # versions are never removed, but a database may be put back
            return kit.notice(gate.NOT_YOURS)
        mandate = self._gate.mandate(user, level.key, newest.number)
        fields = form.blocks(level, entered, models=await self._models(), note=note, written=written)
        return editor.conflict(level, newest, entered, fields, mandate)
