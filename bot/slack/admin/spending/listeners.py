"""Bolt listeners of the details of usage and of the budget form."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.errors import StoreError
from bot.slack import payload
from bot.slack.admin.spending import budgets as form
from bot.slack.admin.spending import usage as page
from bot.slack.admin.spending.budgets import BudgetController
from bot.slack.admin.spending.usage import UsageSection
from bot.slack.views.block_kit import View
from bot.slack.views.modals import Modals
from bot.slack.views.submissions import SAVE_FAILED, SUBMISSION_TIMEOUT_SECONDS, ActionRefused, FormErrors

RunInBackground = Callable[[Coroutine[Any, Any, None]], None]
"""Has something done beside; whoever calls it does not wait."""
RenderHome = Callable[[str], Coroutine[Any, Any, View]]
"""Makes a person's Home tab."""
BUDGET_SAVE_TIMED_OUT = "That took too long. Home shows whether it was saved; look there before you save again."

log = structlog.get_logger()


def register(
    app: AsyncApp,
    usage: UsageSection,
    budgets: BudgetController,
    home: RenderHome,
    screen: Modals,
    aside: RunInBackground,
) -> None:
    """Let the app pass on what concerns money. Call it before what takes everything that is left."""
    desk = SpendingListeners(usage, budgets, home, screen, aside)
    app.action(page.DETAILS_ACTION)(desk.open_details)
    app.action(page.PERIOD_ACTION)(desk.change_period)
    app.action(form.CHANGE_BUDGET_ACTION)(desk.open_budget_form)
    app.view(form.BUDGET_FORM_CALLBACK)(desk.save_budget)


class SpendingListeners:
    """The listeners; their parameters have the names that Bolt gives."""

    def __init__(
        self,
        usage: UsageSection,
        budgets: BudgetController,
        home: RenderHome,
        modals: Modals,
        run_in_background: RunInBackground,
    ) -> None:
        self._usage = usage
        self._budgets = budgets
        self._home = home
        self._modals = modals
        self._run_in_background = run_in_background

    async def open_details(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open who and what cost how much."""
        making = self._usage.open_details(payload.text(body, "user", "id"))
        self._run_in_background(self._modals.open_view(payload.text(body, "trigger_id"), making))
        await ack()

    async def change_period(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Show the same for another number of days."""
        view = payload.mapping(body, "view")
        chosen = payload.text(_pressed_element(body), "selected_option", "value")
        making = self._usage.open_details(payload.text(body, "user", "id"), chosen)
        at = payload.text(view, "hash")
        self._run_in_background(self._modals.update_view(payload.text(view, "id"), at, making))
        await ack()

    async def open_budget_form(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Open the form of a budget."""
        making = self._budgets.open_form(
            payload.text(body, "user", "id"), payload.text(_pressed_element(body), "value")
        )
        self._run_in_background(self._modals.open_view(payload.text(body, "trigger_id"), making))
        await ack()

    async def save_budget(self, body: dict[str, Any], ack: AsyncAck) -> None:
        """Set a budget; Slack is told what is wrong with it, or to close the form."""
        user = payload.text(body, "user", "id")
        wrong = await self._save(user, payload.mapping(body, "view"))
        if wrong:
            await ack(response_action="errors", errors=dict(wrong.errors))
            return
        self._run_in_background(self._modals.publish_home(user, self._home(user)))
        await ack(response_action="clear")

    async def _save(self, user: str, view: Mapping[str, Any]) -> FormErrors | None:
        try:
            async with asyncio.timeout(SUBMISSION_TIMEOUT_SECONDS):
                return await self._budgets.save_form(user, view)
        except ActionRefused as refused:
            sentence = str(refused)
        except TimeoutError:
            sentence = BUDGET_SAVE_TIMED_OUT
        except StoreError as error:
            log.warning("A budget was not saved.", action="budget_unsaved", error=error.code)
            sentence = SAVE_FAILED
        return FormErrors(errors={form.NOTE_FIELD: sentence})


def _pressed_element(body: dict[str, Any]) -> object:
    return next(iter(payload.items(body, "actions")), None)
