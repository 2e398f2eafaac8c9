"""Bolt listeners that open a view, change one, or save a form: what all modules with buttons share.

Slack waits three seconds for an acknowledgement, so a listener starts its work in the background and acknowledges
at once. Only a submission is answered in its acknowledgement, with errors or with another view:

    listeners = Listeners(modals, worker.run_in_background, home_tab)
    app.action("edit")(listeners.opens(lambda pressed: controller.open_form(pressed.user, pressed.value)))
    app.view("form")(listeners.saves(lambda form: controller.save_form(form.user, form.view), log_action="unsaved"))

Register them before the listener that acknowledges everything else (`bolt_app`): Bolt takes the first that matches.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from slack_bolt.async_app import AsyncAck

from bot.conversation.worker import RunInBackground
from bot.slack import payload
from bot.slack.views.block_kit import NOTE_FIELD, View
from bot.slack.views.modals import Modals
from bot.slack.views.submissions import (
    CONFLICT_FOLLOWS,
    SAVE_FAILED,
    SAVE_TIMED_OUT,
    ActionRefused,
    FormErrors,
    finish_in_time,
)

Listener: TypeAlias = Callable[..., Awaitable[None]]
RenderHome: TypeAlias = Callable[[str], Coroutine[Any, Any, View]]
"""Renders a person's Home tab."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """The payload of a pressed button, a choice or a submitted form."""

    body: Mapping[str, Any]

    @property
    def user(self) -> str:
        """Slack's id of the person."""
        return payload.text(self.body, "user", "id")

    @property
    def trigger(self) -> str:
        """The trigger that opens a view within three seconds."""
        return payload.text(self.body, "trigger_id")

    @property
    def view(self) -> Mapping[str, Any]:
        """The view that holds the element; empty for an element of a message."""
        return payload.mapping(self.body, "view")

    @property
    def value(self) -> str:
        """Value of the pressed button."""
        return self._element("value")

    @property
    def channel(self) -> str:
        """Id of the channel that was chosen from a list."""
        return self._element("selected_conversation")

    @property
    def option(self) -> str:
        """Value of the option that was chosen from a list."""
        return self._element("selected_option", "value")

    def _element(self, *path: str) -> str:
        return payload.text(next(iter(payload.items(self.body, "actions")), None), *path)


class Listeners:
    """Makes listeners. Each takes `body` and `ack`, the names that Bolt passes."""

    def __init__(self, modals: Modals, run_in_background: RunInBackground, render_home: RenderHome) -> None:
        self.modals = modals
        self._run_in_background = run_in_background
        self._render_home = render_home

    def runs(self, work: Callable[[Interaction], Coroutine[Any, Any, None]]) -> Listener:
        """Return a listener that does `work` in the background."""

        async def listener(body: dict[str, Any], ack: AsyncAck) -> None:
            self._run_in_background(work(Interaction(body)))
            await ack()

        return listener

    def opens(
        self, render: Callable[[Interaction], Coroutine[Any, Any, View]], *, and_publishes: bool = False
    ) -> Listener:
        """Return a listener that opens a view, on top of the modal that holds the element, if one does.

        `and_publishes` also shows the person's Home tab anew. A list of channels needs that: Slack reports no
        second choice of the channel that the list already shows.
        """

        async def work(interaction: Interaction) -> None:
            on_top = payload.text(interaction.view, "type") == "modal"
            opening = self.modals.open_view(interaction.trigger, render(interaction), on_top=on_top)
            publishing = [self.publish_home(interaction.user)] if and_publishes else []
            await asyncio.gather(opening, *publishing)

        return self.runs(work)

    def updates(
        self, render: Callable[[Interaction], Coroutine[Any, Any, View]], *, and_publishes: bool = False
    ) -> Listener:
        """Return a listener that replaces the view, and then shows Home anew if it `and_publishes`."""

        async def work(interaction: Interaction) -> None:
            await self.modals.update_view(interaction.view, render(interaction))
            if and_publishes:
                await self.publish_home(interaction.user)

        return self.runs(work)

    def saves(
        self,
        save: Callable[[Interaction], Awaitable[View | FormErrors | None]],
        *,
        log_action: str,
        timed_out: str = SAVE_TIMED_OUT,
    ) -> Listener:
        """Return a listener that saves a form; it shows errors, or another view, or closes the form."""

        async def listener(body: dict[str, Any], ack: AsyncAck) -> None:
            form = Interaction(body)
            try:
                saved = await finish_in_time(save(form), timed_out=timed_out, failed=SAVE_FAILED, log_action=log_action)
            except ActionRefused as refused:
                saved = FormErrors(errors={NOTE_FIELD: str(refused)})
            match saved:
                case None:
                    self.start_publishing(form.user)
                    await ack(response_action="clear")
                case FormErrors(errors=errors):
                    await ack(response_action="errors", errors=dict(errors))
                case view:
                    await self.answer(ack, form, view, meanwhile=CONFLICT_FOLLOWS)

        return listener

    async def answer(self, ack: AsyncAck, form: Interaction, view: View, *, meanwhile: str) -> None:
        """Show another view in place of a submitted form; see `Modals.answer_submission`."""
        await self.modals.answer_submission(
            ack, form.view, view, meanwhile=meanwhile, run_in_background=self._run_in_background
        )

    def start_publishing(self, user: str) -> None:
        """Show a person's Home tab anew, in the background."""
        self._run_in_background(self.publish_home(user))

    async def publish_home(self, user: str) -> None:
        """Show a person's Home tab anew."""
        await self.modals.publish_home(user, self._render_home(user))
