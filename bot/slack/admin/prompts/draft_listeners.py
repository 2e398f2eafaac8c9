"""Bolt listeners of drafts: the form's "Try it", and the buttons below a draft's first message."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.turns import ThreadKey
from bot.slack import payload
from bot.slack.admin.prompts import draft_view, form
from bot.slack.admin.prompts import modals as editor
from bot.slack.admin.prompts.drafts import DraftController
from bot.slack.views.block_kit import View
from bot.slack.views.modals import Modals
from bot.slack.views.submissions import FormErrors

RunInBackground = Callable[[Coroutine[Any, Any, None]], None]
"""Has something done beside; whoever calls it does not wait."""


def register(app: AsyncApp, trials: DraftController, screen: Modals, aside: RunInBackground) -> None:
    """Let the app pass on what concerns drafts. Call it before what takes everything that is left."""
    desk = DraftListeners(trials, screen, aside)
    app.action(form.TRY_ACTION)(desk.try_draft)
    app.action(draft_view.PUBLISH_ACTION)(desk.publish_draft)
    app.action(draft_view.EDIT_DRAFT_ACTION)(desk.open_editor)
    app.action(draft_view.DISCARD_ACTION)(desk.discard_draft)


class DraftListeners:
    """The listeners; their parameters have the names that Bolt gives."""

    def __init__(self, controller: DraftController, modals: Modals, run_in_background: RunInBackground) -> None:
        self._controller = controller
        self._modals = modals
        self._run_in_background = run_in_background

    async def try_draft(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Try what a form says, and tell where; what is wrong with it is told in the form."""
        user, view = payload.text(body, "user", "id"), payload.mapping(body, "view")
        trigger = payload.text(body, "trigger_id")

        async def tried() -> None:
            match await self._controller.parse_request(user, view):
                case FormErrors(errors=errors):
                    shown, at = editor.add_errors(view, errors), payload.text(view, "hash")
                    await self._modals.update_view(payload.text(view, "id"), at, _return_view(shown))
                case wish:
                    await self._modals.open_view(trigger, self._controller.start_draft(wish), on_top=True)

        self._run_in_background(self._modals.run_and_tell(trigger, tried(), on_top=True))
        await ack()

    async def publish_draft(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Publish a draft."""
        self._run_and_tell(body, self._controller.publish_draft(*self._pressed_button(body)))
        await ack()

    async def open_editor(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the form with a draft in it."""
        opened = self._modals.open_view(
            payload.text(body, "trigger_id"), self._controller.open_editor(*self._pressed_button(body))
        )
        self._run_in_background(opened)
        await ack()

    async def discard_draft(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Discard a draft."""
        self._run_and_tell(body, self._controller.discard_draft(*self._pressed_button(body)))
        await ack()

    def _run_and_tell(self, body: Mapping[str, Any], doing: Coroutine[Any, Any, View | None]) -> None:
        self._run_in_background(self._modals.run_and_tell(payload.text(body, "trigger_id"), doing))

    def _pressed_button(self, body: Mapping[str, Any]) -> tuple[str, ThreadKey, str]:
        """Return who pressed a button of a message, in which thread, and its value."""
        shown, pressed = payload.mapping(body, "message"), next(iter(payload.items(body, "actions")), None)
        root = payload.text(shown, "thread_ts") or payload.text(shown, "ts")
        thread = self._controller.direct_thread(payload.text(body, "channel", "id"), root)
        return payload.text(body, "user", "id"), thread, payload.text(pressed, "value")


async def _return_view(view: View) -> View:
    return view
