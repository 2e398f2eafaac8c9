"""`bot usage`: shows what calls of models cost, by day, month, channel, person, model or version.

As a table, CSV or JSON. A call whose price is unknown is counted, and never added up as if it were free.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

from bot.commands.database_session import with_database
from bot.core.chat import scoped_config
from bot.core.spending.budgets import Spending
from bot.core.spending.descriptions import format_cost
from bot.core.spending.prices import NANO_PER_UNIT
from bot.settings import Settings
from bot.store.config import versions
from bot.store.database import Database
from bot.store.spending.usage import FILTER_NAMES, GROUPING_COLUMNS
from bot.store.spending.usage import sum_usage as read

DEFAULT_DAYS = 30
"""The period without `--since`."""
FIGURE_FIELDS = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens", "estimated", "unpriced")
HEADINGS = ("calls", "prompt", "answer", "cached", "estimated", "cost")
DAY_TYPE = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option(
    "--by",
    type=click.Choice(list(GROUPING_COLUMNS)),
    default="day",
    show_default=True,
    help="A line for each of these.",
)
@click.option("--since", type=DAY_TYPE, help="The first day, UTC.  [default: 30 days ago]")
@click.option("--until", type=DAY_TYPE, help="The last day, UTC.  [default: today]")
@click.option("--workspace", help="Only this workspace, by its id.")
@click.option("--channel", help="Only this channel, by its id.")
@click.option("--person", help="Only this person, by their id.")
@click.option("--model", help="Only this model.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print it.",
)
def usage(by: str, since: datetime | None, until: datetime | None, form: str, **named: str | None) -> None:
    """Show what calls of models cost, in tokens, and in money if BOT_PRICES names their prices.

    Costs are by the prices at the time of the call. Tokens that a server did not count are estimated.
    """
    today = datetime.now(UTC).date()
    period = {
        "since": (since.date() if since else today - timedelta(days=DEFAULT_DAYS)).isoformat(),
        "until": (until.date() if until else date.max).isoformat(),
    }
    only = {name: value for name in FILTER_NAMES if (value := named[name])}

    async def look(database: Database) -> Mapping[str, Spending]:
        found = await database.tx(read, by, **period, only=only)
        if by == "version":
            return {await database.tx(_describe_versions, key): spent for key, spent in found.items()}
        return found

    found = with_database(look)
    rows = sorted(found.items(), key=lambda item: item[0] if by in {"day", "month"} else -item[1].tokens)
    currency = Settings.load().bot_currency
    click.echo(_FORMATTERS[form](by, rows, currency), nl=False)


def _describe_versions(connection: Any, key: str) -> str:
    """Return the names of versions; the deployment's settings have no version."""
    ids = [int(each) for each in key.split(",") if each]
    found = versions.read_by_ids(connection, ids)
    return (
        " + ".join(f"{scoped_config.name_scope(each.scope)} version {each.number}" for each in found) or "the settings"
    )


def _format_table(by: str, rows: Sequence[tuple[str, Spending]], currency: str) -> str:
    if not rows:
        return "No model was called in this period.\n"
    total = sum((spent for _, spent in rows), Spending())
    lines = [(by, *HEADINGS), *(_format_figures(key, spent, currency) for key, spent in rows)]
    if len(rows) > 1:
        lines.append(_format_figures("total", total, currency))
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS) + 1)]
    return "".join(f"{_format_row(line, widths)}\n" for line in lines)


def _format_row(line: Sequence[str], widths: Sequence[int]) -> str:
    key, *figures, cost = line
    aligned = (figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=False))
    return "  ".join((key.ljust(widths[0]), *aligned, cost))


def _format_figures(key: str, spent: Spending, currency: str) -> tuple[str, ...]:
    figures = (spent.calls, spent.prompt_tokens, spent.completion_tokens, spent.cached_tokens, spent.estimated)
    return key or "-", *(f"{figure:,}" for figure in figures), format_cost(spent, currency)


def _format_csv(by: str, rows: Sequence[tuple[str, Spending]], currency: str) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [by, *FIGURE_FIELDS, "cost", "currency"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(_usage_records(by, rows, currency))
    return text.getvalue()


def _format_json(by: str, rows: Sequence[tuple[str, Spending]], currency: str) -> str:
    return json.dumps(list(_usage_records(by, rows, currency)), indent=2, ensure_ascii=False) + "\n"


def _usage_records(by: str, rows: Iterable[tuple[str, Spending]], currency: str) -> Iterator[dict[str, Any]]:
    """Yield rows for machines. The cost is a decimal text, which loses no digit, or None if unknown."""
    for key, spent in rows:
        is_known = spent.unpriced < spent.calls
        cost = f"{spent.cost // NANO_PER_UNIT}.{spent.cost % NANO_PER_UNIT:09}" if is_known else None
        figures = {name: getattr(spent, name) for name in FIGURE_FIELDS}
        yield {by: key, **figures, "cost": cost, "currency": currency}


_FORMATTERS = {"table": _format_table, "csv": _format_csv, "json": _format_json}
