"""What people operate in Slack to try a draft, passed to the trials; views are shown beside.

Separate from `listeners`, which is about what applies at once. Rule as there: everything is acknowledged at
once, and shown after that.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.domain import ThreadKey
from bot.slack import payload
from bot.slack.admin import editor, form, trial
from bot.slack.admin.kit import View
from bot.slack.admin.screen import Screen
from bot.slack.admin.submissions import Wrong
from bot.slack.admin.trials import Trials

Aside = Callable[[Coroutine[Any, Any, None]], None]
"""Has something done beside; whoever calls it does not wait."""


def register(app: AsyncApp, trials: Trials, screen: Screen, aside: Aside) -> None:
    """Let the app pass on what concerns drafts. Call it before what takes everything that is left."""
    desk = _Desk(trials, screen, aside)
    app.action(form.TRY)(desk.try_)
    app.action(trial.PUBLISH)(desk.publish)
    app.action(trial.EDIT)(desk.edit)
    app.action(trial.DISCARD)(desk.discard)


class _Desk:
    """The listeners; their parameters have the names that Bolt gives."""

    def __init__(self, trials: Trials, screen: Screen, aside: Aside) -> None:
        self._trials = trials
        self._screen = screen
        self._aside = aside

    async def try_(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Try what a form says, and tell where; what is wrong with it is told in the form."""
        user, view = payload.text(body, "user", "id"), payload.mapping(body, "view")
        trigger = payload.text(body, "trigger_id")

        async def tried() -> None:
            match await self._trials.wish(user, view):
                case Wrong(errors=errors):
                    shown, at = editor.with_errors(view, errors), payload.text(view, "hash")
                    await self._screen.update(payload.text(view, "id"), at, _ready(shown))
                case wish:
                    await self._screen.open(trigger, self._trials.begin(wish), above=True)

        self._aside(self._screen.tell(trigger, tried(), above=True))
        await ack()

    async def publish(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Publish a draft."""
        self._tell(body, self._trials.publish(*self._pressed(body)))
        await ack()

    async def edit(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the form with a draft in it."""
        opened = self._screen.open(payload.text(body, "trigger_id"), self._trials.edit(*self._pressed(body)))
        self._aside(opened)
        await ack()

    async def discard(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Discard a draft."""
        self._tell(body, self._trials.discard(*self._pressed(body)))
        await ack()

    def _tell(self, body: Mapping[str, Any], doing: Coroutine[Any, Any, View | None]) -> None:
        self._aside(self._screen.tell(payload.text(body, "trigger_id"), doing))

    def _pressed(self, body: Mapping[str, Any]) -> tuple[str, ThreadKey, str]:
        """Return who pressed a button of a message, in which thread, and its value."""
        shown, pressed = payload.mapping(body, "message"), next(iter(payload.items(body, "actions")), None)
        root = payload.text(shown, "thread_ts") or payload.text(shown, "ts")
        thread = self._trials.thread(payload.text(body, "channel", "id"), root)
        return payload.text(body, "user", "id"), thread, payload.text(pressed, "value")


async def _ready(view: View) -> View:
    return view
