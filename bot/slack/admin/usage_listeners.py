"""What people operate in Slack to see what was spent, and to set how much may be; views are shown beside.

Separate from `listeners`, which is about steering. Rules as there: everything is acknowledged at once, and
shown after that; only a submission is answered in its acknowledgement, and so within three seconds.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.errors import StoreError
from bot.slack import payload
from bot.slack.admin import budgets as form
from bot.slack.admin import usage as page
from bot.slack.admin.budgets import Budgets
from bot.slack.admin.kit import View
from bot.slack.admin.screen import Screen
from bot.slack.admin.submissions import PATIENCE, UNSAVED, Refused, Wrong
from bot.slack.admin.usage import Usage

Aside = Callable[[Coroutine[Any, Any, None]], None]
"""Has something done beside; whoever calls it does not wait."""
Tab = Callable[[str], Coroutine[Any, Any, View]]
"""Makes a person's Home tab."""
TOO_LATE = "That took too long. Look into Home whether it was saved, before you save it again."

log = structlog.get_logger()


def register(app: AsyncApp, usage: Usage, budgets: Budgets, home: Tab, screen: Screen, aside: Aside) -> None:
    """Let the app pass on what concerns money. Call it before what takes everything that is left."""
    desk = _Desk(usage, budgets, home, screen, aside)
    app.action(page.DETAILS)(desk.details)
    app.action(page.PERIOD)(desk.period)
    app.action(form.CHANGE)(desk.change)
    app.view(form.SUBMITTED)(desk.submitted)


class _Desk:
    """The listeners; their parameters have the names that Bolt gives."""

    def __init__(self, usage: Usage, budgets: Budgets, home: Tab, screen: Screen, aside: Aside) -> None:
        self._usage = usage
        self._budgets = budgets
        self._home = home
        self._screen = screen
        self._aside = aside

    async def details(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open who and what cost how much."""
        making = self._usage.details(payload.text(body, "user", "id"))
        self._aside(self._screen.open(payload.text(body, "trigger_id"), making))
        await ack()

    async def period(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Show the same for another number of days."""
        view = payload.mapping(body, "view")
        chosen = payload.text(_pressed(body), "selected_option", "value")
        making = self._usage.details(payload.text(body, "user", "id"), chosen)
        at = payload.text(view, "hash")
        self._aside(self._screen.update(payload.text(view, "id"), at, making))
        await ack()

    async def change(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the form of a budget."""
        making = self._budgets.form(payload.text(body, "user", "id"), payload.text(_pressed(body), "value"))
        self._aside(self._screen.open(payload.text(body, "trigger_id"), making))
        await ack()

    async def submitted(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Set a budget; Slack is told what is wrong with it, or to close the form."""
        user = payload.text(body, "user", "id")
        wrong = await self._saved(user, payload.mapping(body, "view"))
        if wrong:
            await ack(response_action="errors", errors=dict(wrong.errors))
            return
        self._aside(self._screen.publish(user, self._home(user)))
        await ack(response_action="clear")

    async def _saved(self, user: str, view: Mapping[str, Any]) -> Wrong | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._budgets.save(user, view)
        except Refused as refused:
            sentence = str(refused)
        except TimeoutError:
            sentence = TOO_LATE
        except StoreError as error:
            log.warning("A budget was not saved.", action="budget_unsaved", error=error.code)
            sentence = UNSAVED
        return Wrong(errors={form.NOTE: sentence})


def _pressed(body: dict[str, Any]) -> object:
    return next(iter(payload.items(body, "actions")), None)
