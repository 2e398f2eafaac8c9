"""What people operate in Slack to steer, passed to the helm; views are shown beside.

Separate from the helm because this knows Bolt and Slack's payloads. Rules: everything is acknowledged at
once, and shown after that; only a submission is answered in its acknowledgement, and so within three seconds.
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
from bot.slack.admin import commands, editor, form, history, welcome
from bot.slack.admin.helm import Helm
from bot.slack.admin.kit import View
from bot.slack.admin.screen import Aside, Screen
from bot.slack.admin.submissions import CONFLICT, PATIENCE, TOO_LATE, UNSAVED, Refused, Wrong

UNREAD = "I can't reach my database right now. Please try again in a minute."

log = structlog.get_logger()


def register(app: AsyncApp, helm: Helm, screen: Screen, aside: Aside) -> None:
    """Let the app pass on what concerns steering. Call it before what takes everything that is left."""
    desk = _Desk(helm, screen, aside)
    app.event("app_home_opened")(desk.home)
    app.command(commands.COMMAND)(desk.command)
    app.shortcut(commands.EDIT_PROMPTS)(desk.choose)
    app.shortcut(commands.WHY)(desk.why)
    app.action(re.compile(editor.EDIT))(desk.edit)
    app.action(editor.EDIT_CHANNEL)(desk.edit_channel)
    app.action(welcome.APPLYING)(desk.applying)
    app.action(editor.HISTORY)(desk.history)
    app.action(form.MORE)(desk.more)
    app.action(history.RESTORE)(desk.restore)
    app.view(editor.SUBMITTED)(desk.submitted)


class _Desk:
    """The listeners; their parameters have the names that Bolt gives."""

    def __init__(self, helm: Helm, screen: Screen, aside: Aside) -> None:
        self._helm = helm
        self._screen = screen
        self._aside = aside

    async def home(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Show the Home tab to who looks at it."""
        if payload.text(body, "event", "tab") == "home":
            self._publish(payload.text(body, "event", "user"))
        await ack()

    async def command(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Carry out the slash command."""
        user, channel = payload.text(body, "user_id"), payload.text(body, "channel_id")
        match commands.asked(payload.text(body, "text")):
            case "prompt":
                self._open(body, self._helm.edit_channel(user, channel))
                await ack()
            case "show":
                await ack(**await self._shown(user, channel))
            case _:
                await ack(commands.HELP)

    async def choose(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Ask what to edit."""
        self._open(body, self._helm.choose(_user(body)))
        await ack()

    async def why(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Tell how an answer came about."""
        message = payload.mapping(body, "message")
        ts = payload.text(message, "ts")
        root = payload.text(message, "thread_ts") or ts
        channel = payload.text(body, "channel", "id")
        self._open(body, self._helm.why(_user(body), channel, root, ts))
        await ack()

    async def edit(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the form of a level."""
        self._open(body, self._helm.edit(_user(body), payload.text(_pressed(body), "value")))
        await ack()

    async def edit_channel(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the form of the channel that was chosen from a list.

        Home is shown anew, since a list that keeps its choice would not tell of the same one again.
        """
        user, channel = _user(body), payload.text(_pressed(body), "selected_conversation")
        self._open(body, self._helm.edit_channel(user, channel))
        self._publish(user)
        await ack()

    async def applying(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Show what applies in the channel that was chosen, and Home anew."""
        user, channel = _user(body), payload.text(_pressed(body), "selected_conversation")
        self._open(body, self._helm.applying_in(user, channel))
        self._publish(user)
        await ack()

    async def history(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the versions of a level."""
        self._open(body, self._helm.history(_user(body), payload.text(_pressed(body), "value")))
        await ack()

    async def more(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Make room for a longer prompt; nothing is read or saved."""
        self._update(body, _more(payload.mapping(body, "view")))
        await ack()

    async def restore(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Restore a version."""
        user, number = _user(body), payload.text(_pressed(body), "value")
        self._update(body, self._helm.restore(user, payload.mapping(body, "view"), number), user)
        await ack()

    async def submitted(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Save a form; Slack is told what is wrong with it, or to close it."""
        user, view = _user(body), payload.mapping(body, "view")
        match await self._saved(user, view):
            case None:
                self._publish(user)
                await ack(response_action="clear")
            case Wrong(errors=errors):
                await ack(response_action="errors", errors=dict(errors))
            case newer:
                await self._screen.answer(ack, view, newer, meanwhile=CONFLICT, aside=self._aside)

    async def _saved(self, user: str, view: Mapping[str, Any]) -> View | Wrong | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._helm.save(user, view)
        except Refused as refused:
            sentence = str(refused)
        except TimeoutError:
            sentence = TOO_LATE
        except StoreError as error:
            log.warning("What an admin set was not saved.", action="steering_unsaved", error=error.code)
            sentence = UNSAVED
        return Wrong(errors=form.errors({form.NOTE: sentence}, payload.items(view, "blocks")))

    async def _shown(self, user: str, channel: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(PATIENCE):
                return commands.shown(await self._helm.applying(user, channel))
        except Refused as refused:
            return {"text": str(refused)}
        except (StoreError, TimeoutError) as error:
            log.warning("What applies was not read.", action="steering_unread", error=type(error).__name__)
            return {"text": UNREAD}

    def _publish(self, user: str) -> None:
        self._aside(self._screen.publish(user, self._helm.home(user)))

    def _open(self, body: Mapping[str, Any], making: Coroutine[Any, Any, View]) -> None:
        is_modal = payload.text(body, "view", "type") == "modal"
        self._aside(self._screen.open(payload.text(body, "trigger_id"), making, above=is_modal))

    def _update(self, body: Mapping[str, Any], making: Coroutine[Any, Any, View], user: str = "") -> None:
        """Show something else in the view that was operated; then the Home tab of `user` anew."""
        view = payload.mapping(body, "view")
        shown = partial(self._screen.update, payload.text(view, "id"), payload.text(view, "hash"))

        async def update() -> None:
            await shown(making)
            if user:
                await self._screen.publish(user, self._helm.home(user))

        self._aside(update())


async def _more(view: Mapping[str, Any]) -> View:
    return editor.with_more_room(view)


def _user(body: Mapping[str, Any]) -> str:
    return payload.text(body, "user", "id")


def _pressed(body: Mapping[str, Any]) -> object:
    return next(iter(payload.items(body, "actions")), None)
