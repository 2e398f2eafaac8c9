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
from bot.slack.admin import grants_form, grants_views
from bot.slack.admin.form import NOTE, errors
from bot.slack.admin.grants import Granting
from bot.slack.admin.kit import View
from bot.slack.admin.screen import Aside, Screen
from bot.slack.admin.submissions import CONFLICT, PATIENCE, TOO_LATE, UNSAVED, Refused, Wrong

MakeHome = Callable[[str], Coroutine[Any, Any, View]]

log = structlog.get_logger()


def register(app: AsyncApp, granting: Granting, screen: Screen, aside: Aside, home: MakeHome) -> None:
    """Let the app pass on what concerns grants; `home` makes somebody's Home tab."""
    desk = _Desk(granting, screen, aside, home)
    app.action(grants_views.EDIT)(desk.edit)
    app.action(grants_views.EDIT_CHANNEL)(desk.edit_channel)
    app.action(grants_views.HISTORY)(desk.history)
    app.action(grants_views.RESTORE)(desk.restore)
    app.view(grants_form.SUBMITTED)(desk.submitted)


class _Desk:
    """The listeners; their parameters have the names that Bolt gives."""

    def __init__(self, granting: Granting, screen: Screen, aside: Aside, home: MakeHome) -> None:
        self._granting = granting
        self._screen = screen
        self._aside = aside
        self._home = home

    async def edit(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open a form."""
        self._open(body, self._granting.edit(_user(body), payload.text(_pressed(body), "value")))
        await ack()

    async def edit_channel(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the form of a channel that was chosen; Home is shown anew, so that it can be chosen again."""
        channel = payload.text(_pressed(body), "selected_conversation")
        self._open(body, self._granting.edit_channel(_user(body), channel))
        self._publish(_user(body))
        await ack()

    async def history(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the versions."""
        self._open(body, self._granting.history(_user(body), payload.text(_pressed(body), "value")))
        await ack()

    async def restore(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Restore a version."""
        user, view = _user(body), payload.mapping(body, "view")
        making = self._granting.restore(user, view, payload.text(_pressed(body), "value"))
        shown = partial(self._screen.update, payload.text(view, "id"), payload.text(view, "hash"))

        async def update() -> None:
            await shown(making)
            await self._screen.publish(user, self._home(user))

        self._aside(update())
        await ack()

    async def submitted(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Save a form; Slack is told what is wrong with it, or to close it."""
        user, view = _user(body), payload.mapping(body, "view")
        match await self._saved(user, view):
            case None:
                self._publish(user)
                await ack(response_action="clear")
            case Wrong(errors=wrong):
                await ack(response_action="errors", errors=dict(wrong))
            case newer:
                await self._screen.answer(ack, view, newer, meanwhile=CONFLICT, aside=self._aside)

    async def _saved(self, user: str, view: Mapping[str, Any]) -> View | Wrong | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._granting.save(user, view)
        except Refused as refused:
            sentence = str(refused)
        except TimeoutError:
            sentence = TOO_LATE
        except StoreError as error:
            log.warning("What an admin set was not saved.", action="grants_unsaved", error=error.code)
            sentence = UNSAVED
        return Wrong(errors=errors({NOTE: sentence}, payload.items(view, "blocks")))

    def _publish(self, user: str) -> None:
        self._aside(self._screen.publish(user, self._home(user)))

    def _open(self, body: Mapping[str, Any], making: Coroutine[Any, Any, View]) -> None:
        self._aside(self._screen.open(payload.text(body, "trigger_id"), making))


def _user(body: Mapping[str, Any]) -> str:
    return payload.text(body, "user", "id")


def _pressed(body: Mapping[str, Any]) -> object:
    return next(iter(payload.items(body, "actions")), None)
