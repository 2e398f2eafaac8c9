"""Bolt listeners of the prompt editor, the Home tab, the slash command and the shortcuts.

Each listener reads ids from Slack's payload, starts the use case in the background and acknowledges. A
submitted form and the slash command are different: their result is part of the acknowledgement, for which
Slack waits three seconds.
"""

import asyncio
import re
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.errors import StoreError
from bot.slack import payload
from bot.slack.admin.prompts import form, history
from bot.slack.admin.prompts import modals as editor
from bot.slack.admin.prompts.controller import PromptController
from bot.slack.home import slash_command, welcome
from bot.slack.views.block_kit import View
from bot.slack.views.modals import Modals, RunInBackground
from bot.slack.views.submissions import (
    CONFLICT_FOLLOWS,
    SAVE_FAILED,
    SAVE_TIMED_OUT,
    SUBMISSION_TIMEOUT_SECONDS,
    ActionRefused,
    FormErrors,
)

READ_FAILED = "I can't reach my database right now. Please try again in a minute."

log = structlog.get_logger()


def register(app: AsyncApp, helm: PromptController, screen: Modals, aside: RunInBackground) -> None:
    """Let the app pass on what concerns steering. Call it before what takes everything that is left."""
    desk = PromptListeners(helm, screen, aside)
    app.event("app_home_opened")(desk.show_home)
    app.command(slash_command.SLASH_COMMAND)(desk.run_command)
    app.shortcut(slash_command.EDIT_PROMPTS_SHORTCUT)(desk.open_scope_chooser)
    app.shortcut(slash_command.EXPLAIN_SHORTCUT)(desk.open_explanation)
    app.action(re.compile(editor.EDIT_ACTION))(desk.open_editor)
    app.action(editor.EDIT_CHANNEL_ACTION)(desk.open_channel_editor)
    app.action(welcome.EFFECTIVE_CONFIG_ACTION)(desk.open_effective)
    app.action(editor.HISTORY_ACTION)(desk.open_history)
    app.action(form.ADD_PART_ACTION)(desk.add_prompt_part)
    app.action(history.RESTORE_ACTION)(desk.restore_version)
    app.view(editor.CONFIG_FORM_CALLBACK)(desk.save_form)


class PromptListeners:
    """The listeners; their parameters have the names that Bolt gives."""

    def __init__(self, controller: PromptController, modals: Modals, run_in_background: RunInBackground) -> None:
        self._controller = controller
        self._modals = modals
        self._run_in_background = run_in_background

    async def show_home(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Show the Home tab to who looks at it."""
        if payload.text(body, "event", "tab") == "home":
            self._publish(payload.text(body, "event", "user"))
        await ack()

    async def run_command(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Carry out the slash command."""
        user, channel = payload.text(body, "user_id"), payload.text(body, "channel_id")
        match slash_command.parse_subcommand(payload.text(body, "text")):
            case "prompt":
                self._open(body, self._controller.open_channel_editor(user, channel))
                await ack()
            case "show":
                await ack(**await self._show_effective(user, channel))
            case _:
                await ack(slash_command.HELP_TEXT)

    async def open_scope_chooser(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Ask what to edit."""
        self._open(body, self._controller.open_scope_chooser(_user(body)))
        await ack()

    async def open_explanation(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Tell how an answer came about."""
        message = payload.mapping(body, "message")
        ts = payload.text(message, "ts")
        root = payload.text(message, "thread_ts") or ts
        channel = payload.text(body, "channel", "id")
        self._open(body, self._controller.open_explanation(_user(body), channel, root, ts))
        await ack()

    async def open_editor(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the form of a level."""
        self._open(body, self._controller.open_editor(_user(body), payload.text(_pressed_element(body), "value")))
        await ack()

    async def open_channel_editor(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the form of the channel that was chosen from a list.

        Home is shown anew, since a list that keeps its choice would not tell of the same one again.
        """
        user, channel = _user(body), payload.text(_pressed_element(body), "selected_conversation")
        self._open(body, self._controller.open_channel_editor(user, channel))
        self._publish(user)
        await ack()

    async def open_effective(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Show what applies in the channel that was chosen, and Home anew."""
        user, channel = _user(body), payload.text(_pressed_element(body), "selected_conversation")
        self._open(body, self._controller.open_effective(user, channel))
        self._publish(user)
        await ack()

    async def open_history(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the versions of a level."""
        self._open(body, self._controller.open_history(_user(body), payload.text(_pressed_element(body), "value")))
        await ack()

    async def add_prompt_part(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Make room for a longer prompt; nothing is read or saved."""
        self._update(body, _add_prompt_part(payload.mapping(body, "view")))
        await ack()

    async def restore_version(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Restore a version."""
        user, number = _user(body), payload.text(_pressed_element(body), "value")
        self._update(body, self._controller.restore_version(user, payload.mapping(body, "view"), number), user)
        await ack()

    async def save_form(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Save a form; Slack is told what is wrong with it, or to close it."""
        user, view = _user(body), payload.mapping(body, "view")
        match await self._save(user, view):
            case None:
                self._publish(user)
                await ack(response_action="clear")
            case FormErrors(errors=errors):
                await ack(response_action="errors", errors=dict(errors))
            case newer:
                await self._modals.answer_submission(
                    ack, view, newer, meanwhile=CONFLICT_FOLLOWS, run_in_background=self._run_in_background
                )

    async def _save(self, user: str, view: Mapping[str, Any]) -> View | FormErrors | None:
        try:
            async with asyncio.timeout(SUBMISSION_TIMEOUT_SECONDS):
                return await self._controller.save_form(user, view)
        except ActionRefused as refused:
            sentence = str(refused)
        except TimeoutError:
            sentence = SAVE_TIMED_OUT
        except StoreError as error:
            log.warning("A form was not saved.", action="steering_unsaved", error=error.code)
            sentence = SAVE_FAILED
        return FormErrors(errors=form.place_errors({form.NOTE_FIELD: sentence}, payload.items(view, "blocks")))

    async def _show_effective(self, user: str, channel: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(SUBMISSION_TIMEOUT_SECONDS):
                return slash_command.render_response(await self._controller.show_effective(user, channel))
        except ActionRefused as refused:
            return {"text": str(refused)}
        except (StoreError, TimeoutError) as error:
            log.warning("A configuration was not read.", action="steering_unread", error=type(error).__name__)
            return {"text": READ_FAILED}

    def _publish(self, user: str) -> None:
        self._run_in_background(self._modals.publish_home(user, self._controller.render_home(user)))

    def _open(self, body: Mapping[str, Any], making: Coroutine[Any, Any, View]) -> None:
        is_modal = payload.text(body, "view", "type") == "modal"
        self._run_in_background(self._modals.open_view(payload.text(body, "trigger_id"), making, on_top=is_modal))

    def _update(self, body: Mapping[str, Any], making: Coroutine[Any, Any, View], user: str = "") -> None:
        """Show something else in the view that was operated; then the Home tab of `user` anew."""
        view = payload.mapping(body, "view")
        shown = partial(self._modals.update_view, payload.text(view, "id"), payload.text(view, "hash"))

        async def update() -> None:
            await shown(making)
            if user:
                await self._modals.publish_home(user, self._controller.render_home(user))

        self._run_in_background(update())


async def _add_prompt_part(view: Mapping[str, Any]) -> View:
    return editor.add_prompt_part(view)


def _user(body: Mapping[str, Any]) -> str:
    return payload.text(body, "user", "id")


def _pressed_element(body: Mapping[str, Any]) -> object:
    return next(iter(payload.items(body, "actions")), None)
