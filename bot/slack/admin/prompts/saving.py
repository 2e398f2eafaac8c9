"""Saves what a person entered, and renders the form that shows both versions after a conflict.

Forms, histories and drafts all save through here. A version that the person has not seen is never
overwritten.
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.core.chat import scoped_config
from bot.core.config import ConfigVersion, ScopeConfig
from bot.policy.config_editor import ConfigEditor, EditableScope
from bot.slack.admin import authorization
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.prompts import editor_views, form
from bot.slack.admin.prompts.form import ModelChoices
from bot.slack.admin.prompts.text_parts import TextPart
from bot.slack.admin.signed_state import FormState
from bot.slack.people.directory import People
from bot.slack.views import block_kit
from bot.slack.views.block_kit import View

log = structlog.get_logger()


class ConfigSaver:
    """Saves configurations; the caller has already authorized the person."""

    def __init__(
        self,
        authorizer: Authorizer,
        config_editor: ConfigEditor,
        people: People,
        models: Callable[[], Awaitable[ModelChoices]],
    ) -> None:
        """`models` never raises, and takes a second at most."""
        self._authorizer = authorizer
        self._config_editor = config_editor
        self.people = people
        self._models = models

    async def save_config(
        self, state: FormState, config: ScopeConfig, note: str, *, is_steward: bool = False
    ) -> ConfigVersion:
        """Add a version. Raises `ConfigRefused` and `VersionConflict`."""
        author = await self.people.look_up_author(state.user)
        version = await self._config_editor.save(
            state.scope, config, based_on=state.based_on, by=author, note=note, is_steward=is_steward
        )
        log.info(
            "A configuration was saved.",
            action="steered",
            user=state.user,
            place=scoped_config.name_scope(state.scope),
            version=version.number,
        )
        return version

    async def render_conflict(
        self,
        user: str,
        editable: EditableScope,
        newest: ConfigVersion | None,
        config: ScopeConfig,
        note: str,
        entered_parts: Sequence[TextPart] = (),
    ) -> View:
        """Return the form with the reader's own input, below the version that was saved meanwhile.

        `editable` is the scope before that version was saved; `entered_parts` as in `form.render_fields`.
        """
        if newest is None:  # versions are never deleted, but a database may be restored from a backup
            return block_kit.render_notice(authorization.FORM_NOT_YOURS)
        form_state = self._authorizer.sign_form(user, editable.scope, newest.number)
        fields = form.render_fields(
            editable, config, models=await self._models(), note=note, entered_parts=entered_parts
        )
        return editor_views.render_conflict(editable, newest, config, fields, form_state)
