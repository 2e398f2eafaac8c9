"""The prompt editor's use cases: what each command, button and form does, and which view it returns.

`listeners` calls these methods with ids from Slack's payloads. Each one first asks the `Authorizer`, then
reads or saves through `ConfigEditor`, and passes the result to the pure functions that render views.
`ConfigEditor` checks the locks once more when it saves. A refused action changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.core.chat import scoped_config
from bot.core.chat.scoped_config import direct_messages_scope
from bot.core.config import Scope
from bot.core.errors import ConfigRefused, VersionConflict
from bot.policy.config_editor import ConfigEditor
from bot.ports import Votes
from bot.slack import payload
from bot.slack.admin import authorization
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.prompts import editor_views, form, history
from bot.slack.admin.prompts.explanations import AnswerExplainer
from bot.slack.admin.prompts.form import ModelChoices
from bot.slack.admin.prompts.saving import ConfigSaver
from bot.slack.home import HomeTab, welcome
from bot.slack.views import wording
from bot.slack.views.block_kit import Block, View
from bot.slack.views.submissions import FormErrors


class PromptController:
    """The prompt editor of one workspace: a method for each thing that a person does."""

    def __init__(
        self,
        authorizer: Authorizer,
        home: HomeTab,
        config_editor: ConfigEditor,
        explainer: AnswerExplainer,
        votes: Votes,
        saver: ConfigSaver,
        models: Callable[[], Awaitable[ModelChoices]],
    ) -> None:
        """`models` never raises, and takes a second at most."""
        self._authorizer = authorizer
        self._home = home
        self._config_editor = config_editor
        self._explainer = explainer
        self._votes = votes
        self._saver = saver
        self._models = models
        self._direct = direct_messages_scope(authorizer.workspace)

    # Looking

    async def render_home(self, user: str) -> View:
        """Return a person's Home tab."""
        return await self._home(user)

    async def show_effective(self, user: str, channel: str) -> list[Block]:
        """Return the configuration of a channel as blocks. Only admins see the prompt."""
        return await self._render_effective(user, self._authorizer.channel_scope(user, channel))

    async def open_effective(self, user: str, channel: str) -> View:
        """Return the configuration of a channel as a view."""
        scope = self._authorizer.channel_scope(user, channel, authorization.GROUP_CHANNEL_ID_PATTERN)
        return welcome.render_effective(
            scope, await self._render_effective(user, scope, max_prompt_characters=scoped_config.MAX_PROMPT_CHARACTERS)
        )

    async def open_scope_chooser(self, user: str) -> View:
        """Return the modal that asks which scope to edit."""
        await self._authorizer.require_admin(user, "choose")
        return editor_views.render_scope_chooser(self._authorizer.workspace, self._direct)

    async def open_editor(self, user: str, name: str) -> View:
        """Return the form of the scope of that name."""
        scope = self._authorizer.parse_scope(user, name)
        is_steward = await self._authorizer.require_editor(scope, user, "edit")
        editable = await self._config_editor.load_scope(scope, is_steward=is_steward)
        return editor_views.render_editor(
            editable, self._authorizer.sign_form(user, editable.scope, editable.version_number), await self._models()
        )

    async def open_channel_editor(self, user: str, channel: str) -> View:
        """Return the form of a channel."""
        return await self.open_editor(user, scoped_config.name_scope(self._authorizer.channel_scope(user, channel)))

    async def open_history(self, user: str, name: str) -> View:
        """Return the versions of the scope of that name."""
        scope = self._authorizer.parse_scope(user, name)
        await self._authorizer.require_editor(scope, user, "history")
        return await self._render_history(user, scope)

    async def open_explanation(self, user: str, channel: str, root: str, ts: str) -> View:
        """Return the view that explains an answer; see `AnswerExplainer.explain`."""
        return await self._explainer.explain(user, channel, root, ts)

    # Changing

    async def save_form(self, user: str, view: Mapping[str, Any]) -> View | FormErrors | None:
        """Save a submitted form.

        Returns None if it was saved, the errors if it is wrong, and a form that shows both versions if
        another person has saved meanwhile.
        """
        state = self._authorizer.verify_form(user, payload.text(view, "private_metadata"))
        is_steward = await self._authorizer.require_editor(state.scope, user, "save")
        editable = await self._config_editor.load_scope(state.scope, is_steward=is_steward)
        entered = form.parse_submission(payload.mapping(view, "state", "values"), editable)
        if wrong := {**editable.find_problems(entered.config), **entered.errors}:
            return FormErrors(errors=form.place_errors(wrong, payload.items(view, "blocks")))
        if entered.config == editable.config:
            return None  # unchanged, or another person has just saved the same
        try:
            await self._saver.save_config(state, entered.config, entered.note, is_steward=is_steward)
        except ConfigRefused as refused:
            return FormErrors(errors=form.place_errors(refused.problems, payload.items(view, "blocks")))
        except VersionConflict as conflict:
            return await self._saver.render_conflict(
                user, editable, conflict.newest, entered.config, entered.note, entered.parts
            )
        return None

    async def restore_version(self, user: str, view: Mapping[str, Any], number: str) -> View:
        """Save an old version as the newest one; return the history with a sentence about the result."""
        state = self._authorizer.verify_form(user, payload.text(view, "private_metadata"))
        is_steward = await self._authorizer.require_editor(state.scope, user, "restore")
        versions = await self._config_editor.versions.list_history(state.scope, limit=history.MAX_VERSIONS_SHOWN)
        old = next((version for version in versions if str(version.number) == number), None)
        if old is None:
            raise self._authorizer.denial(user, "restore", authorization.NOT_IN_WORKSPACE)
        try:
            note = f"Restores version {number}."
            await self._saver.save_config(state, old.config, note, is_steward=is_steward)
        except ConfigRefused as refused:
            news = " ".join(refused.problems.values())
        except VersionConflict as conflict:
            news = conflict.for_people
        else:
            news = f"Restored: version {number} applies again."
        return await self._render_history(user, state.scope, news=news)

    async def _render_effective(
        self, user: str, scope: Scope, *, max_prompt_characters: int = wording.MAX_PROMPT_CHARACTERS
    ) -> list[Block]:
        effective, is_admin = (
            (await self._config_editor.load_scope(scope)).effective_config(),
            await self._authorizer.is_admin(user),
        )
        return wording.render_effective(effective, with_prompt=is_admin, max_prompt_characters=max_prompt_characters)

    async def _render_history(self, user: str, scope: Scope, *, news: str = "") -> View:
        versions = await self._config_editor.versions.list_history(scope, limit=history.MAX_VERSIONS_SHOWN + 1)
        newest = versions[0].number if versions else 0
        scores = await self._votes.count_votes_by_version([version.id for version in versions])
        state = self._authorizer.sign_form(user, scope, newest)
        return history.render_history(scope, versions, state, scores=scores, news=news)
