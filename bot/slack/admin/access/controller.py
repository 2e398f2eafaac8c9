"""Access rules and stewards: Home's section about them, and its forms and history.

Only admins may change grants, those of a channel included. A save is refused if another admin has saved
meanwhile; the form then shows both versions. Slack's own admins are not part of the grants, so nobody can
lock them out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.access.grants import NO_GRANTS, Grants, GrantsVersion, collect_ids
from bot.core.access.permission_check import MemberType
from bot.core.chat import scoped_config
from bot.core.config import Scope
from bot.core.errors import GrantsConflict, SurfaceUnavailable
from bot.policy.saved_grants import SavedGrants
from bot.slack import payload
from bot.slack.admin import authorization
from bot.slack.admin.access import form, views
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.signed_state import FormState
from bot.slack.home import HomeReader
from bot.slack.people.directory import People
from bot.slack.views.block_kit import NOTE_FIELD, Block, View, render_notice
from bot.slack.views.listeners import Listeners
from bot.slack.views.submissions import FormErrors

INVALID_SELECTION = "Something in this form is neither a person nor a channel. Please open it again."

log = structlog.get_logger()


class GrantsController:
    """Home's section of access rules and stewards, and its forms and history."""

    def __init__(self, authorizer: Authorizer, saved_grants: SavedGrants, people: People) -> None:
        """Pass an `authorizer` that signs forms for grants only: see `Authorizer.for_purpose`."""
        self._authorizer = authorizer
        self._saved_grants = saved_grants
        self._people = people

    async def __call__(self, reader: HomeReader) -> Sequence[Block]:
        """Return all grants for an admin, and for anybody else the channels that they may edit."""
        if not reader.is_admin:
            channels = await self._saved_grants.list_channels_edited_by(reader.user)
            return views.render_channels_of_steward(
                [scope for scope in channels if await self._authorizer.is_steward(reader.user, scope)]
            )
        versions = await self._saved_grants.record.list_current(self._authorizer.workspace)
        return views.render_overview(self._authorizer.workspace, versions, self._saved_grants.deployment)

    async def open_form(self, user: str, name: str) -> View:
        """Return the form of the workspace, or of the channel of that name."""
        scope = await self._require_admin(user, name, "grant")
        newest = await self._saved_grants.newest_version(scope)
        state = self._authorizer.sign_form(user, scope, newest.number if newest else 0)
        return form.render_form(scope, newest, state, self._saved_grants.deployment)

    async def open_channel_form(self, user: str, channel: str) -> View:
        """Return the form of a channel."""
        return await self.open_form(user, scoped_config.name_scope(self._authorizer.channel_scope(user, channel)))

    async def open_history(self, user: str, name: str, *, news: str = "") -> View:
        """Return the versions of the workspace's grants, or of a channel's."""
        scope = await self._require_admin(user, name, "grants' history")
        versions = await self._saved_grants.record.list_history(scope, limit=views.MAX_VERSIONS_SHOWN + 1)
        state = self._authorizer.sign_form(user, scope, versions[0].number if versions else 0)
        name_of = await self._name_lookup([version.grants for version in versions])
        return views.render_history(scope, versions, state, name_of, news=news)

    async def save_form(self, user: str, view: Mapping[str, Any]) -> View | FormErrors | None:
        """Save a submitted form.

        Returns None if it was saved, the errors if it is wrong, and a form that shows both versions if
        another admin has saved meanwhile.
        """
        await self._authorizer.require_admin(user, "save grants")
        state = self._authorizer.verify_form(user, payload.text(view, "private_metadata"))
        newest = await self._saved_grants.newest_version(state.scope)
        now = newest.grants if newest else NO_GRANTS
        try:
            entered = form.parse_submission(payload.mapping(view, "state", "values"), state.scope, now)
        except form.InvalidSelection:
            return FormErrors(errors={NOTE_FIELD: INVALID_SELECTION})
        if entered.grants == now:
            return None
        if problem := await self._check_members(entered.grants.stewards - now.stewards):
            return FormErrors(errors={form.STEWARDS_FIELD: problem})
        try:
            await self._save_grants(state, entered.grants, entered.note)
        except GrantsConflict as conflict:
            return await self._render_conflict(user, conflict.newest_grants, entered)
        return None

    async def restore_version(self, user: str, view: Mapping[str, Any], number: str) -> View:
        """Save an old version as the newest one; return the history with a sentence about the result."""
        await self._authorizer.require_admin(user, "restore grants")
        state = self._authorizer.verify_form(user, payload.text(view, "private_metadata"))
        versions = await self._saved_grants.record.list_history(state.scope, limit=views.MAX_VERSIONS_SHOWN)
        old = next((version for version in versions if str(version.number) == number), None)
        if old is None:
            raise self._authorizer.denial(user, "restore grants", authorization.NOT_IN_WORKSPACE)
        try:
            await self._save_grants(state, old.grants, f"Restores version {number}.")
        except GrantsConflict as conflict:
            news = conflict.for_people
        else:
            news = f"Restored: version {number} applies again."
        return await self.open_history(user, scoped_config.name_scope(state.scope), news=news)

    async def _check_members(self, named: frozenset[str]) -> str:
        """Return why these people cannot be stewards; an empty text if all are full members."""
        names = await self._people.names(named)
        for user in sorted(named):
            name = names.get(user, user)
            try:
                member_type = await self._people.member_type(user)
            except SurfaceUnavailable:
                return f"Slack could not tell me who {name} is. Please try again in a minute."
            if member_type is not MemberType.MEMBER:
                return f"{name} is not a full member of this workspace. Only full members can be named here."
        return ""

    async def _require_admin(self, user: str, name: str, action: str) -> Scope:
        """Return the workspace or channel of that name. Raises `ActionRefused` unless `user` is an admin."""
        await self._authorizer.require_admin(user, action)
        scope = self._authorizer.parse_scope(user, name)
        if scope.root or (scope.channel and not authorization.GROUP_CHANNEL_ID_PATTERN.fullmatch(scope.channel)):
            raise self._authorizer.denial(user, action, authorization.NOT_IN_WORKSPACE)
        return scope

    async def _save_grants(self, state: FormState, grants: Grants, note: str) -> None:
        author = await self._people.look_up_author(state.user)
        version = await self._saved_grants.save(state.scope, grants, based_on=state.based_on, by=author, note=note)
        log.info(
            "Grants were saved.",
            action="granted",
            user=state.user,
            place=scoped_config.name_scope(state.scope),
            version=version.number,
        )

    async def _render_conflict(self, user: str, newest: GrantsVersion | None, entered: form.SubmittedGrants) -> View:
        if newest is None:  # versions are never deleted, but a database may be restored from a backup
            return render_notice(authorization.FORM_NOT_YOURS)
        state = self._authorizer.sign_form(user, newest.scope, newest.number)
        name = await self._name_lookup([newest.grants, entered.grants])
        return form.render_conflict(newest, entered, state, self._saved_grants.deployment, name)

    async def _name_lookup(self, grants: Sequence[Grants]) -> Callable[[str], str]:
        """Return the function that shows an id with its name."""
        names = await self._people.names(frozenset[str]().union(*map(collect_ids, grants)))
        return lambda user: f"{names[user]} ({user})" if user in names else user


def register(app: AsyncApp, controller: GrantsController, listeners: Listeners) -> None:
    """Register what opens, saves and restores grants."""
    opens, updates = listeners.opens, listeners.updates
    app.action(views.EDIT_GRANTS_ACTION)(opens(lambda pressed: controller.open_form(pressed.user, pressed.value)))
    app.action(views.EDIT_CHANNEL_GRANTS_ACTION)(
        opens(lambda chosen: controller.open_channel_form(chosen.user, chosen.channel), and_publishes=True)
    )
    app.action(views.GRANTS_HISTORY_ACTION)(opens(lambda pressed: controller.open_history(pressed.user, pressed.value)))
    app.action(views.RESTORE_GRANTS_ACTION)(
        updates(
            lambda pressed: controller.restore_version(pressed.user, pressed.view, pressed.value), and_publishes=True
        )
    )
    app.view(form.GRANTS_FORM_CALLBACK)(
        listeners.saves(lambda form: controller.save_form(form.user, form.view), log_action="grants_unsaved")
    )
