"""Drafts: an admin tries a prompt in a thread of their direct messages before publishing it.

`start_draft` stores the draft, opens the thread and asks the question there; the bot answers it with the
draft. The buttons below the first message publish the draft, edit it or discard it. Each carries its own
signed state, so it works after the form is closed and in another process. Only the draft's author may use
them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.core.access.permission_check import AccessRefusal
from bot.core.chat import scoped_config
from bot.core.chat.drafts import DRAFT_LIFETIME_SECONDS, Draft
from bot.core.config import ScopeConfig
from bot.core.errors import ConfigRefused, SurfaceError, TooManyQuestions, VersionConflict
from bot.core.turns import AddressingKind, IncomingMessage, ThreadKey
from bot.policy.config_editor import ConfigEditor
from bot.ports import Drafts
from bot.slack import payload
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.prompts import draft_view, editor_views, form
from bot.slack.admin.prompts.form import ModelChoices
from bot.slack.admin.prompts.saving import ConfigSaver
from bot.slack.admin.signed_state import FormState
from bot.slack.messages import PLATFORM
from bot.slack.views import block_kit
from bot.slack.views.block_kit import View
from bot.slack.views.direct_messages import DirectMessages
from bot.slack.views.submissions import FormErrors

QUESTION_MISSING = "Write a question here, as people would ask it."
DIRECT_MESSAGE_FAILED = "I could not write to you in our direct messages. Your input is still here; please try again."
DRAFT_GONE = "This draft is no longer there: it was published or discarded, or it has expired."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRequest:
    """A draft and a test question, as an admin submitted them."""

    state: FormState
    old_config: ScopeConfig
    """What the scope sets now."""
    config: ScopeConfig
    note: str
    question: str


class DraftController:
    """The drafts of one workspace: tried, edited, published or discarded."""

    def __init__(
        self,
        authorizer: Authorizer,
        config_editor: ConfigEditor,
        drafts: Drafts,
        saver: ConfigSaver,
        direct_messages: DirectMessages,
        *,
        models: Callable[[], Awaitable[ModelChoices]],
        ask: Callable[[IncomingMessage], Awaitable[object]],
    ) -> None:
        """`models` never raises; `ask` records a question for the bot to answer."""
        self._authorizer = authorizer
        self._config_editor = config_editor
        self._drafts = drafts
        self._saver = saver
        self._direct_messages = direct_messages
        self._models = models
        self._ask = ask

    async def parse_request(self, user: str, view: Mapping[str, Any]) -> DraftRequest | FormErrors:
        """Return the draft and question of a form, or the errors that saving it would show."""
        state = self._authorizer.verify_form(user, payload.text(view, "private_metadata"))
        is_steward = await self._authorizer.require_editor(state.scope, user, "try")
        editable = await self._config_editor.load_scope(state.scope, is_steward=is_steward)
        values = payload.mapping(view, "state", "values")
        entered, question = form.parse_submission(values, editable), form.parse_question(values)
        errors = {**editable.find_problems(entered.config), **entered.errors}
        if not question:
            errors[form.QUESTION_FIELD] = QUESTION_MISSING
        if errors:
            return FormErrors(errors=form.place_errors(errors, payload.items(view, "blocks")))
        return DraftRequest(
            state=state, old_config=editable.config, config=entered.config, note=entered.note, question=question
        )

    async def start_draft(self, request: DraftRequest) -> View:
        """Open a thread with the draft, ask its question there, and return a link to the thread."""
        state = request.state
        try:
            thread = await self._store_draft(request)
            message_id = await self._direct_messages.reply(
                thread, request.question, draft_view.render_question(request.question)
            )
        except SurfaceError as error:
            log.warning("A draft could not be tried.", action="trial_failed", error=str(error))
            return block_kit.render_notice(DIRECT_MESSAGE_FAILED)
        incoming = IncomingMessage(
            thread=thread,
            message_id=message_id,
            author=await self._saver.people.look_up_author(state.user),
            text=request.question,
            addressed=AddressingKind.DIRECT,
            sent_at=float(message_id),
        )
        try:
            await self._ask(incoming)
        except TooManyQuestions:
            return block_kit.render_notice(AccessRefusal.TOO_OFTEN.for_people)
        place = scoped_config.name_scope(state.scope)
        log.info("An admin tries a draft.", action="draft_tried", user=state.user, place=place)
        return draft_view.render_started(self._direct_messages.link_to(thread))

    async def publish_draft(self, user: str, thread: ThreadKey, signed: str) -> View | None:
        """Save the draft of a thread; return a view with the reason if it cannot be saved."""
        draft, state, is_steward = await self._require_draft(user, thread, signed, "publish")
        editable = await self._config_editor.load_scope(draft.scope, is_steward=is_steward)
        try:
            version = await self._saver.save_config(state, draft.config, draft.note, is_steward=is_steward)
        except ConfigRefused as refused:
            return block_kit.render_notice(" ".join(refused.problems.values()))
        except VersionConflict as conflict:
            if conflict.newest is None or conflict.newest.config != draft.config:
                return await self._saver.render_conflict(user, editable, conflict.newest, draft.config, draft.note)
            version = conflict.newest  # it was published from its form, or twice at once
        await self._drafts.delete_draft(thread)
        await self._direct_messages.update_first_message(thread, "Published", draft_view.render_published(version))
        return None

    async def open_editor(self, user: str, thread: ThreadKey, signed: str) -> View:
        """Return the form of the draft's scope, filled in with the draft."""
        draft, state, is_steward = await self._require_draft(user, thread, signed, "edit a draft")
        editable = await self._config_editor.load_scope(draft.scope, is_steward=is_steward)
        if editable.newest_version and editable.version_number != draft.based_on:
            return await self._saver.render_conflict(user, editable, editable.newest_version, draft.config, draft.note)
        form_state = self._authorizer.sign_form(user, state.scope, draft.based_on)
        return editor_views.render_draft_editor(editable, draft, form_state, await self._models())

    async def discard_draft(self, user: str, thread: ThreadKey, signed: str) -> None:
        """Delete the draft of a thread."""
        draft, _leave, _is_steward = await self._require_draft(user, thread, signed, "discard")
        await self._drafts.delete_draft(thread)
        await self._direct_messages.update_first_message(thread, "Discarded", draft_view.render_discarded(draft.scope))

    async def _store_draft(self, request: DraftRequest) -> ThreadKey:
        """Open a thread for the draft and store the draft. Raises `SurfaceError`."""
        state = request.state
        form_state = self._authorizer.sign_form(
            state.user, state.scope, state.based_on, lifetime_seconds=DRAFT_LIFETIME_SECONDS
        )
        thread = await self._direct_messages.start_thread(
            state.user,
            draft_view.draft_title(state.scope, state.based_on + 1),
            draft_view.render_first_message(
                state.scope, request.old_config, request.config, state.based_on, form_state
            ),
        )
        draft = Draft(
            thread=thread,
            scope=state.scope,
            based_on=state.based_on,
            config=request.config,
            author=state.user,
            note=request.note,
        )
        await self._drafts.save_draft(draft, lifetime=DRAFT_LIFETIME_SECONDS)
        return thread

    async def _require_draft(
        self, user: str, thread: ThreadKey, signed: str, action: str
    ) -> tuple[Draft, FormState, bool]:
        """Return the draft of a thread, the state of its button, and whether its author is a steward.

        Raises `ActionRefused`.
        """
        state = self._authorizer.verify_form(user, signed)
        is_steward = await self._authorizer.require_editor(state.scope, user, action)
        draft = await self._drafts.find_draft(thread)
        if draft is None or (draft.author, draft.scope, draft.based_on) != (user, state.scope, state.based_on):
            raise self._authorizer.denial(user, action, DRAFT_GONE)
        return draft, state, is_steward

    def direct_thread(self, channel: str, root: str) -> ThreadKey:
        """Return a thread of direct messages in this workspace."""
        workspace = self._authorizer.workspace.workspace
        return ThreadKey(platform=PLATFORM, workspace=workspace, channel=channel, root=root)
