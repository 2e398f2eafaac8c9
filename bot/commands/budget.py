"""`bot budget`: how much may be spent, by whom and where.

Separate because it changes something. Rules: what it is of is two words, as with `bot prompt`; nothing is
removed from the record of who set what.
"""

from datetime import UTC, datetime

import click

from bot.commands.database_session import CommandRefused, shell_author, with_database
from bot.core.config import Scope
from bot.core.periods import Span
from bot.core.spending.budgets import (
    ANY_SUBJECT,
    BUDGET_DIMENSIONS,
    Budget,
    BudgetChange,
    BudgetUnit,
    SpendingDimension,
    format_amount,
    parse_amount,
)
from bot.settings import Settings
from bot.slack import messages
from bot.store.database import Database
from bot.store.spending.ledger import SqlLedger
from bot.store.spending.usage import list_budget_workspaces

DIMENSION_CHOICE = click.Choice([scope.value for scope in BUDGET_DIMENSIONS])
SPAN_CHOICE = click.Choice([span.value for span in Span])

EPILOG = """\b
What a budget is of is two words, with Slack's ids:
  workspace T1      all that is asked in a workspace
  channel T1        each of its channels
  channel T1/C1     this one
  person T1         each person
  person T1/U1      this one
"""


@click.group(epilog=EPILOG)
def budget() -> None:
    """Show and set how much may be spent in a day or a month, in tokens or in money."""


@budget.command(name="list")
def list_() -> None:
    """List the budgets there are, and who set them."""
    currency = Settings.load().bot_currency

    async def look(database: Database) -> list[tuple[Scope, BudgetChange]]:
        ledger = SqlLedger(database)
        places = await database.tx(list_budget_workspaces)
        return [(place, change) for place in places for change in await ledger.list_budgets(place)]

    for place, change in with_database(look):
        click.echo(_describe_change(place, change, currency))


@budget.command()
@click.option(
    "-n",
    "limit",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="How many changes of a workspace at most.",
)
def history(limit: int) -> None:
    """List what was set and taken away, newest first."""
    currency = Settings.load().bot_currency

    async def look(database: Database) -> list[tuple[Scope, BudgetChange]]:
        ledger = SqlLedger(database)
        places = await database.tx(list_budget_workspaces)
        return [(place, change) for place in places for change in await ledger.list_budget_changes(place, limit=limit)]

    for place, change in with_database(look):
        click.echo(_describe_change(place, change, currency))


@budget.command(name="set")
@click.argument("kind", type=DIMENSION_CHOICE)
@click.argument("where")
@click.argument("span", type=SPAN_CHOICE)
@click.argument("amount")
@click.argument("unit")
@click.option("--note", default="", help="Why; kept with the change.")
def set_(kind: str, where: str, span: str, amount: str, unit: str, note: str) -> None:
    """Set or change a budget; it counts from the next question on.

    For example `bot budget set person T1 day 50000 tokens`, or `bot budget set workspace T1 month 200 USD`.
    """
    settings = Settings.load()
    meant = _parse_unit(unit, settings.bot_currency)
    place, found = _parse_budget(kind, where, span, meant, _parse_amount(amount, meant))
    if meant is BudgetUnit.MONEY and not settings.bot_prices:
        click.echo("Note: BOT_PRICES is empty here, and what has no price is refused.", err=True)
    _save(place, found, note)
    what = format_amount(meant, found.amount or 0, settings.bot_currency)
    click.echo(f"{_describe_owner(place, found)} may spend {what} a {span}.")


@budget.command()
@click.argument("kind", type=DIMENSION_CHOICE)
@click.argument("where")
@click.argument("span", type=SPAN_CHOICE)
@click.argument("unit")
@click.option("--note", default="", help="Why; kept with the change.")
def remove(kind: str, where: str, span: str, unit: str, note: str) -> None:
    """Take a budget away; one that is set for all applies in its place, if there is one."""
    place, found = _parse_budget(kind, where, span, _parse_unit(unit, Settings.load().bot_currency), None)

    async def look(database: Database) -> bool:
        present = await SqlLedger(database).list_budgets(place)
        key = (found.scope, found.subject, found.span, found.unit)
        return any(key == (b.scope, b.subject, b.span, b.unit) for b in (change.budget for change in present))

    if not with_database(look):
        raise CommandRefused("There is no such budget.")
    _save(place, found, note)
    click.echo(f"{_describe_owner(place, found)} has no such budget any more.")


def _save(place: Scope, found: Budget, note: str) -> None:
    async def save(database: Database) -> None:
        await SqlLedger(database).set_budget(place, found, by=shell_author(), note=note)

    with_database(save)


def _parse_budget(kind: str, where: str, span: str, unit: BudgetUnit, amount: int | None) -> tuple[Scope, Budget]:
    """Return what the words of the command line name. Raises `Refused`."""
    workspace, slash, subject = where.partition("/")
    if not workspace or bool(slash) != bool(subject) or (slash and kind == SpendingDimension.WORKSPACE):
        raise CommandRefused(f"`{kind} {where}` is not what a budget can be of; see `bot budget --help`.")
    budget = Budget(scope=SpendingDimension(kind), subject=subject, span=Span(span), unit=unit, amount=amount)
    return Scope(platform=messages.PLATFORM, workspace=workspace), budget


def _parse_unit(text: str, currency: str) -> BudgetUnit:
    units = {"tokens": BudgetUnit.TOKENS, "money": BudgetUnit.MONEY, currency.lower(): BudgetUnit.MONEY}
    if text.lower() not in units:
        raise CommandRefused(f"A budget is in tokens or in {currency} (BOT_CURRENCY), not in `{text}`.")
    return units[text.lower()]


def _parse_amount(text: str, unit: BudgetUnit) -> int:
    """Return an amount. Raises `Refused`."""
    try:
        return parse_amount(text, unit)
    except ValueError as error:
        raise CommandRefused(f"{error}.") from None


def _describe_change(place: Scope, change: BudgetChange, currency: str) -> str:
    """Return a change in one line: of what, how much, who, when and why."""
    budget = change.budget
    where = f"{place.workspace}/{budget.subject}" if budget.subject != ANY_SUBJECT else place.workspace
    amount = "nothing set" if budget.amount is None else format_amount(budget.unit, budget.amount, currency)
    at = datetime.fromtimestamp(change.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    who = change.author.name or change.author.id or "unknown"
    why = f' "{change.note}"' if change.note else ""
    return f"{budget.scope} {where} {budget.span}: {amount} ({at}, {who}{why})"


def _describe_owner(place: Scope, budget: Budget) -> str:
    if budget.scope is SpendingDimension.WORKSPACE:
        return f"Workspace {place.workspace}"
    if budget.subject == ANY_SUBJECT:
        return f"Each {budget.scope} of {place.workspace}"
    return f"{budget.scope.capitalize()} {budget.subject} of {place.workspace}"
