"""What calls cost, in Slack: a section of Home for everybody, more of it for admins, and the view behind it.

Separate because it reads the ledger, and steers nothing. Rule: people see what they spent themselves, and
how the budgets stand that they share; who else spent how much is for admins.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.core.domain import Version
from bot.core.ledger import Dimension, Spending, Standing
from bot.core.periods import days
from bot.ports import Ledger, Versions
from bot.slack.admin import kit, spending, wording
from bot.slack.admin.gate import Gate
from bot.slack.admin.home import Reader
from bot.slack.admin.kit import Block, View

DETAILS = "usage_details"
"""`action_id` of the button that opens the view."""
PERIOD = "usage_period"
"""`action_id` of the list in it; the value is a number of days."""
PERIODS = (7, 30, 90)
DAYS = 30
"""In Home."""
MOST = 10
"""Lines for each way to sum up."""
NAMES = {
    Dimension.CHANNEL: "By channel",
    Dimension.PERSON: "By person",
    Dimension.MODEL: "By model",
    Dimension.VERSIONS: "By version of the prompt",
}


class Usage:
    """What was spent in one workspace."""

    def __init__(
        self,
        gate: Gate,
        ledger: Ledger,
        versions: Versions,
        currency: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._gate = gate
        self._ledger = ledger
        self._versions = versions
        self._currency = currency
        self._clock = clock

    async def __call__(self, reader: Reader) -> Sequence[Block]:
        """Return the section. Raises `StoreError`."""
        mine, standings, everybodys = await asyncio.gather(
            self._by_day(Dimension.PERSON, reader.user, DAYS),
            self._ledger.standings(self._gate.workspace, person=reader.user, channel=""),
            self._by_day(Dimension.WORKSPACE, "", DAYS if reader.is_admin else 0),
        )
        shown = [kit.header("What it costs"), kit.section(self._own(mine, standings))]
        if reader.is_admin:
            total = spending.sentence(sum(everybodys.values(), Spending()), self._currency)
            button = kit.button("Details", DETAILS)
            shown.append(kit.section(f"*All of us, in the last {DAYS} days*: {total}", button))
            shown += spending.picture(everybodys, days(self._clock(), DAYS), self._currency)
        return shown

    async def details(self, user: str, period: str = "") -> View:
        """Return who and what cost how much in a number of days. Raises `Refused` for who is no admin."""
        await self._gate.admit(user, "usage")
        count = int(period) if period in map(str, PERIODS) else DAYS
        by_day, *sums = await asyncio.gather(
            self._by_day(Dimension.WORKSPACE, "", count),
            *(self._by_subject(dimension, count) for dimension in NAMES),
        )
        total = spending.sentence(sum(by_day.values(), Spending()), self._currency)
        options = [kit.option(str(each), f"The last {each} days") for each in PERIODS]
        select = kit.choice("static_select", options, str(count)) | {"action_id": PERIOD}
        blocks = [
            kit.section(f"*Together*: {total}", select),
            *spending.picture(by_day, days(self._clock(), count), self._currency),
        ]
        for (dimension, name), found in zip(NAMES.items(), sums, strict=True):
            if found:
                lines = spending.ranking(await self._names(dimension, found), found, self._currency, MOST)
                blocks += [kit.divider(), kit.section(f"*{name}*\n{lines}")]
        about = "Days are UTC. *About*: some of it is estimated. More, and tables: `bot usage` in a shell."
        return kit.modal("What it costs", [*blocks, kit.context(about)])

    def _own(self, mine: Mapping[str, Spending], standings: Sequence[Standing]) -> str:
        today = mine.get(days(self._clock(), 1)[0], Spending())
        total = sum(mine.values(), Spending())
        lines = [
            f"*You, today*: {spending.sentence(today, self._currency)}",
            f"*You, in the last {DAYS} days*: {spending.sentence(total, self._currency)}",
            *(
                spending.meter(each, self._currency)
                for each in standings
                if each.budget.scope is not Dimension.CHANNEL
            ),
        ]
        return "\n".join(lines)

    async def _by_day(self, of: Dimension, subject: str, count: int) -> Mapping[str, Spending]:
        if not count:
            return {}
        named = days(self._clock(), count)
        return await self._ledger.by_day(self._gate.workspace, of, subject, days=named)

    async def _by_subject(self, by: Dimension, count: int) -> Mapping[str, Spending]:
        named = days(self._clock(), count)
        return await self._ledger.by_subject(self._gate.workspace, by, since=named[0], until=named[-1])

    async def _names(self, dimension: Dimension, found: Mapping[str, Spending]) -> Mapping[str, str]:
        """Return what Slack shows for each subject."""
        match dimension:
            case Dimension.PERSON:
                return {each: f"<@{each}>" if each else "people who were forgotten" for each in found}
            case Dimension.CHANNEL:
                return {each: wording.place(replace(self._gate.workspace, channel=each)) for each in found}
            case Dimension.VERSIONS:
                return await self._versions_named(found)
            case _:
                return {each: kit.quoted(each, 100) for each in found}

    async def _versions_named(self, keys: Mapping[str, Spending]) -> Mapping[str, str]:
        ids = {key: [int(each) for each in key.split(",") if each] for key in keys}
        wanted = sorted({each for some in ids.values() for each in some})
        known = {version.id: version for version in await self._versions.named(wanted)}
        return {
            key: " + ".join(_version(known[each]) for each in some if each in known)
            or "what the settings say, and nothing else"
            for key, some in ids.items()
        }


def _version(version: Version) -> str:
    return f"{wording.place(version.key)}, version {version.number}"
