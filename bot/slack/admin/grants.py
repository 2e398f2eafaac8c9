"""Who may ask, and who may steer, as Home shows it and as admins change it.

Separate from the helm because it is no level, and only admins may touch it: who may edit a single channel is
never asked here. Rules: every method passes the gate first; nothing is overwritten unseen; the admins whom
Slack names are none of what is set here, so that nobody can lock them out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from bot.access import Access
from bot.core import steering
from bot.core.access import Standing
from bot.core.domain import Author, PromptKey
from bot.core.errors import SurfaceUnavailable
from bot.core.granting import NOTHING, Grants, GrantsConflict, GrantsVersion, ids
from bot.slack import payload
from bot.slack.admin import gate, grants_form, grants_views
from bot.slack.admin.form import NOTE, errors
from bot.slack.admin.gate import Gate
from bot.slack.admin.home import Reader
from bot.slack.admin.kit import Block, View, notice
from bot.slack.admin.mandate import Mandate
from bot.slack.admin.submissions import Wrong
from bot.slack.people import People

ODD = "Something in this form is neither a person nor a channel. Please open it again."

log = structlog.get_logger()


class Granting:
    """A section of Home, and the views behind it."""

    def __init__(self, gate: Gate, access: Access, people: People) -> None:
        """`gate` seals these forms with a key of their own: see `Gate.apart`."""
        self._gate = gate
        self._access = access
        self._people = people

    async def __call__(self, reader: Reader) -> Sequence[Block]:
        """Return the section: for admins all that is set, for others the channels that they may edit."""
        if not reader.is_admin:
            mine = await self._access.delegated(reader.user)
            return grants_views.delegated([key for key in mine if await self._gate.edits(reader.user, key)])
        versions = await self._access.record.current(self._gate.workspace)
        return grants_views.overview(self._gate.workspace, versions, self._access.deployment)

    async def edit(self, user: str, name: str) -> View:
        """Return the form of the workspace, or of the channel of that name."""
        key = await self._admitted(user, name, "grant")
        newest = await self._access.newest(key)
        leave = self._gate.mandate(user, key, newest.number if newest else 0)
        return grants_form.form(key, newest, leave, self._access.deployment)

    async def edit_channel(self, user: str, channel: str) -> View:
        """Return the form of a channel."""
        return await self.edit(user, steering.place(self._gate.channel(user, channel)))

    async def history(self, user: str, name: str, *, news: str = "") -> View:
        """Return the versions of the workspace's grants, or of a channel's."""
        key = await self._admitted(user, name, "grants' history")
        versions = await self._access.record.history(key, limit=grants_views.SHOWN + 1)
        leave = self._gate.mandate(user, key, versions[0].number if versions else 0)
        name_of = await self._names([version.grants for version in versions])
        return grants_views.history(key, versions, leave, name_of, news=news)

    async def save(self, user: str, view: Mapping[str, Any]) -> View | Wrong | None:
        """Save what was submitted; return None, or what is wrong, or the form with what came between."""
        await self._gate.admit(user, "save grants")
        leave = self._gate.leave(user, payload.text(view, "private_metadata"))
        newest = await self._access.newest(leave.level)
        now = newest.grants if newest else NOTHING
        try:
            entered = grants_form.read(payload.mapping(view, "state", "values"), leave.level, now)
        except grants_form.Odd:
            return Wrong(errors=errors({NOTE: ODD}, payload.items(view, "blocks")))
        if entered.grants == now:
            return None
        if wrong := await self._no_members(entered.grants.stewards - now.stewards):
            return Wrong(errors=errors({grants_form.STEWARDS: wrong}, payload.items(view, "blocks")))
        try:
            await self._save(leave, entered.grants, entered.note)
        except GrantsConflict as conflict:
            return await self._conflict(user, conflict.found, entered)
        return None

    async def restore(self, user: str, view: Mapping[str, Any], number: str) -> View:
        """Save an old version once more; return the versions there are now, and what came of it."""
        await self._gate.admit(user, "restore grants")
        leave = self._gate.leave(user, payload.text(view, "private_metadata"))
        versions = await self._access.record.history(leave.level, limit=grants_views.SHOWN)
        old = next((version for version in versions if str(version.number) == number), None)
        if old is None:
            raise self._gate.refusal(user, "restore grants", gate.NOT_HERE)
        try:
            await self._save(leave, old.grants, f"Restores version {number}.")
        except GrantsConflict as conflict:
            news = conflict.for_people
        else:
            news = f"Restored: what version {number} says holds again."
        return await self.history(user, steering.place(leave.level), news=news)

    async def _no_members(self, named: frozenset[str]) -> str:
        """Return what forbids to let those steer who are newly named; nothing if all are members."""
        names = await self._people.names(named)
        for each in sorted(named):
            called = names.get(each, each)
            try:
                standing = await self._people.standing(each)
            except SurfaceUnavailable:
                return f"Slack does not say just now who {called} is. Please try again in a minute."
            if standing is not Standing.MEMBER:
                return f"{called} is no full member of this workspace, and only these can be named here."
        return ""

    async def _admitted(self, user: str, name: str, what: str) -> PromptKey:
        """Return the workspace or channel of that name, for an admin."""
        await self._gate.admit(user, what)
        key = self._gate.level(user, name)
        if key.root or (key.channel and not gate.SHARABLE.fullmatch(key.channel)):
            raise self._gate.refusal(user, what, gate.NOT_HERE)
        return key

    async def _save(self, leave: Mandate, grants: Grants, note: str) -> None:
        names = await self._people.names({leave.admin})
        by = Author(id=leave.admin, name=names.get(leave.admin, ""))
        version = await self._access.save(leave.level, grants, based_on=leave.based_on, by=by, note=note)
        log.info(
            "An admin has changed who may do what.",
            action="granted",
            user=leave.admin,
            place=steering.place(leave.level),
            version=version.number,
        )

    async def _conflict(self, user: str, newest: GrantsVersion | None, entered: grants_form.Entered) -> View:
        if newest is None:  # versions are never removed, but a database may be put back
            return notice(gate.NOT_YOURS)
        leave = self._gate.mandate(user, newest.key, newest.number)
        name = await self._names([newest.grants, entered.grants])
        return grants_form.conflict(newest, entered, leave, self._access.deployment, name)

    async def _names(self, grants: Sequence[Grants]) -> Callable[[str], str]:
        """Return what says, for people, what the ids in grants are called."""
        names = await self._people.names(frozenset[str]().union(*map(ids, grants)))
        return lambda each: f"{names[each]} ({each})" if each in names else each
