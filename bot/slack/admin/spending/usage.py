"""Costs in Slack: a section of Home for everybody, more of it for admins, and the details view.

People see their own spending, and the budgets that apply to them. Only admins see other people's spending.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from slack_bolt.async_app import AsyncApp

from bot.core.config import ConfigVersion
from bot.core.periods import name_days
from bot.core.spending.budgets import BudgetState, Spending, SpendingDimension
from bot.ports import ConfigVersions, Ledger
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.spending import descriptions
from bot.slack.home import HomeReader
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import Block, View
from bot.slack.views.listeners import Listeners

DETAILS_ACTION = "usage_details"
"""`action_id` of the button that opens the view."""
PERIOD_ACTION = "usage_period"
"""`action_id` of the list of periods in the view. The value is a number of days."""
PERIOD_CHOICES_DAYS = (7, 30, 90)
HOME_PERIOD_DAYS = 30
"""In Home."""
MAX_RANKING_LINES = 10
"""Lines for each dimension."""
DIMENSION_TITLES = {
    SpendingDimension.CHANNEL: "By channel",
    SpendingDimension.PERSON: "By person",
    SpendingDimension.MODEL: "By model",
    SpendingDimension.VERSIONS: "By version of the prompt",
}


class UsageSection:
    """Home's section of spending, and the view behind it, in one workspace."""

    def __init__(
        self,
        authorizer: Authorizer,
        ledger: Ledger,
        versions: ConfigVersions,
        currency: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._authorizer = authorizer
        self._ledger = ledger
        self._versions = versions
        self._currency = currency
        self._clock = clock

    async def __call__(self, reader: HomeReader) -> Sequence[Block]:
        """Return the section. Raises `StoreError`."""
        own, states, total_by_day = await asyncio.gather(
            self._spending_by_day(SpendingDimension.PERSON, reader.user, HOME_PERIOD_DAYS),
            self._ledger.list_budget_states(self._authorizer.workspace, person=reader.user, channel=""),
            self._spending_by_day(SpendingDimension.WORKSPACE, "", HOME_PERIOD_DAYS if reader.is_admin else 0),
        )
        blocks = [block_kit.header("What it costs"), block_kit.section(self._describe_own(own, states))]
        if reader.is_admin:
            total = descriptions.describe_spending(sum(total_by_day.values(), Spending()), self._currency)
            button = block_kit.button("Details", DETAILS_ACTION)
            blocks.append(block_kit.section(f"*All of us, in the last {HOME_PERIOD_DAYS} days*: {total}", button))
            days = name_days(self._clock(), HOME_PERIOD_DAYS)
            blocks += descriptions.render_chart(total_by_day, days, self._currency)
        return blocks

    async def open_details(self, user: str, period: str = "") -> View:
        """Return the costs of a period by channel, person, model and version.

        Raises `ActionRefused` unless `user` is an admin.
        """
        await self._authorizer.require_admin(user, "usage")
        count = int(period) if period in map(str, PERIOD_CHOICES_DAYS) else HOME_PERIOD_DAYS
        by_day, *sums = await asyncio.gather(
            self._spending_by_day(SpendingDimension.WORKSPACE, "", count),
            *(self._spending_by_subject(dimension, count) for dimension in DIMENSION_TITLES),
        )
        total = descriptions.describe_spending(sum(by_day.values(), Spending()), self._currency)
        options = [block_kit.option(str(each), f"The last {each} days") for each in PERIOD_CHOICES_DAYS]
        select = block_kit.single_choice("static_select", options, str(count)) | {"action_id": PERIOD_ACTION}
        blocks = [
            block_kit.section(f"*Together*: {total}", select),
            *descriptions.render_chart(by_day, name_days(self._clock(), count), self._currency),
        ]
        for (dimension, name), spending_by_key in zip(DIMENSION_TITLES.items(), sums, strict=True):
            if spending_by_key:
                lines = descriptions.render_ranking(
                    await self._name_subjects(dimension, spending_by_key),
                    spending_by_key,
                    self._currency,
                    MAX_RANKING_LINES,
                )
                blocks += [block_kit.divider(), block_kit.section(f"*{name}*\n{lines}")]
        about = "Days are UTC. A figure with *about* is estimated in part. `bot usage` in a shell shows more."
        return block_kit.modal("What it costs", [*blocks, block_kit.context(about)])

    def _describe_own(self, own: Mapping[str, Spending], states: Sequence[BudgetState]) -> str:
        today = own.get(name_days(self._clock(), 1)[0], Spending())
        total = sum(own.values(), Spending())
        lately = descriptions.describe_spending(total, self._currency)
        lines = [
            f"*You, today*: {descriptions.describe_spending(today, self._currency)}",
            f"*You, in the last {HOME_PERIOD_DAYS} days*: {lately}",
            *(
                descriptions.render_meter(each, self._currency)
                for each in states
                if each.budget.scope is not SpendingDimension.CHANNEL
            ),
        ]
        return "\n".join(lines)

    async def _spending_by_day(self, dimension: SpendingDimension, subject: str, count: int) -> Mapping[str, Spending]:
        if not count:
            return {}
        named = name_days(self._clock(), count)
        return await self._ledger.sum_by_day(self._authorizer.workspace, dimension, subject, days=named)

    async def _spending_by_subject(self, by: SpendingDimension, count: int) -> Mapping[str, Spending]:
        named = name_days(self._clock(), count)
        return await self._ledger.sum_by_subject(self._authorizer.workspace, by, since=named[0], until=named[-1])

    async def _name_subjects(
        self, dimension: SpendingDimension, spending_by_key: Mapping[str, Spending]
    ) -> Mapping[str, str]:
        """Return a name for each subject."""
        match dimension:
            case SpendingDimension.PERSON:
                return {each: f"<@{each}>" if each else "people whose data was erased" for each in spending_by_key}
            case SpendingDimension.CHANNEL:
                return {
                    each: wording.describe_scope(replace(self._authorizer.workspace, channel=each))
                    for each in spending_by_key
                }
            case SpendingDimension.VERSIONS:
                return await self._name_version_sets(spending_by_key)
            case _:
                return {each: block_kit.excerpt(each, 100) for each in spending_by_key}

    async def _name_version_sets(self, keys: Mapping[str, Spending]) -> Mapping[str, str]:
        ids = {key: [int(each) for each in key.split(",") if each] for key in keys}
        wanted = sorted({each for some in ids.values() for each in some})
        known = {version.id: version for version in await self._versions.read_by_ids(wanted)}
        return {
            key: " + ".join(_describe_version(known[each]) for each in some if each in known)
            or "the deployment's settings only"
            for key, some in ids.items()
        }


def _describe_version(version: ConfigVersion) -> str:
    return f"{wording.describe_scope(version.scope)}, version {version.number}"


def register(app: AsyncApp, usage: UsageSection, listeners: Listeners) -> None:
    """Register what opens the details, and what changes their period."""
    app.action(DETAILS_ACTION)(listeners.opens(lambda pressed: usage.open_details(pressed.user)))
    app.action(PERIOD_ACTION)(listeners.updates(lambda chosen: usage.open_details(chosen.user, chosen.option)))
