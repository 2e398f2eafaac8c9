"""What people operate to change who may do what, passed to `Granting`; views are shown beside.

Separate from `listeners` because this is about grants alone. Rules are those of `listeners`: everything is
acknowledged at once, and only a submission is answered in its acknowledgement.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.errors import StoreError
from bot.slack import payload
from bot.slack.admin.access import form, views
from bot.slack.admin.access.controller import GrantsController
from bot.slack.admin.prompts.form import NOTE_FIELD, place_errors
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

RenderHome = Callable[[str], Coroutine[Any, Any, View]]

log = structlog.get_logger()


def register(
    app: AsyncApp, granting: GrantsController, screen: Modals, aside: RunInBackground, home: RenderHome
) -> None:
    """Let the app pass on what concerns grants; `home` makes somebody's Home tab."""
    desk = GrantsListeners(granting, screen, aside, home)
    app.action(views.EDIT_GRANTS_ACTION)(desk.open_form)
    app.action(views.EDIT_CHANNEL_GRANTS_ACTION)(desk.open_channel_form)
    app.action(views.GRANTS_HISTORY_ACTION)(desk.open_history)
    app.action(views.RESTORE_GRANTS_ACTION)(desk.restore_version)
    app.view(form.GRANTS_FORM_CALLBACK)(desk.save_form)


class GrantsListeners:
    """The listeners; their parameters have the names that Bolt gives."""

    def __init__(
        self, controller: GrantsController, modals: Modals, run_in_background: RunInBackground, home: RenderHome
    ) -> None:
        self._controller = controller
        self._modals = modals
        self._run_in_background = run_in_background
        self._home = home

    async def open_form(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open a form."""
        self._open(body, self._controller.open_form(_user(body), payload.text(_pressed_element(body), "value")))
        await ack()

    async def open_channel_form(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the form of a channel that was chosen; Home is shown anew, so that it can be chosen again."""
        channel = payload.text(_pressed_element(body), "selected_conversation")
        self._open(body, self._controller.open_channel_form(_user(body), channel))
        self._publish(_user(body))
        await ack()

    async def open_history(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the versions."""
        self._open(body, self._controller.open_history(_user(body), payload.text(_pressed_element(body), "value")))
        await ack()

    async def restore_version(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Restore a version."""
        user, view = _user(body), payload.mapping(body, "view")
        making = self._controller.restore_version(user, view, payload.text(_pressed_element(body), "value"))
        shown = partial(self._modals.update_view, payload.text(view, "id"), payload.text(view, "hash"))

        async def update() -> None:
            await shown(making)
            await self._modals.publish_home(user, self._home(user))

        self._run_in_background(update())
        await ack()

    async def save_form(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Save a form; Slack is told what is wrong with it, or to close it."""
        user, view = _user(body), payload.mapping(body, "view")
        match await self._save(user, view):
            case None:
                self._publish(user)
                await ack(response_action="clear")
            case FormErrors(errors=wrong):
                await ack(response_action="errors", errors=dict(wrong))
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
            log.warning("A form was not saved.", action="grants_unsaved", error=error.code)
            sentence = SAVE_FAILED
        return FormErrors(errors=place_errors({NOTE_FIELD: sentence}, payload.items(view, "blocks")))

    def _publish(self, user: str) -> None:
        self._run_in_background(self._modals.publish_home(user, self._home(user)))

    def _open(self, body: Mapping[str, Any], making: Coroutine[Any, Any, View]) -> None:
        self._run_in_background(self._modals.open_view(payload.text(body, "trigger_id"), making))


def _user(body: Mapping[str, Any]) -> str:
    return payload.text(body, "user", "id")


def _pressed_element(body: Mapping[str, Any]) -> object:
    return next(iter(payload.items(body, "actions")), None)
