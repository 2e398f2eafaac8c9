"""`bot budget`: shows and sets how much may be spent in a day or a month, by whom and where.

A budget is named by two words, such as `channel T1/C1`, a span and a unit. Each change is recorded with its author;
`bot budget history` lists them all.
"""

import click

from bot.commands import database_session as session
from bot.commands.database_session import CommandRefused, with_database
from bot.core.config import Scope
from bot.core.periods import Span
from bot.core.spending import budgets
from bot.core.spending.budgets import Budget, BudgetChange, BudgetUnit, SpendingDimension
from bot.settings import Settings
from bot.slack import messages
from bot.store.database import Database
from bot.store.spending.ledger import SqlLedger
from bot.store.spending.usage import list_budget_workspaces

DIMENSION_CHOICE = click.Choice([scope.value for scope in budgets.BUDGET_DIMENSIONS])
SPAN_CHOICE = click.Choice([span.value for span in Span])

EPILOG = """\b
A budget is named by two words, with Slack's ids:
  workspace T1      everything that is asked in a workspace
  channel T1        each channel of a workspace
  channel T1/C1     one channel
  person T1         each person of a workspace
  person T1/U1      one person
"""


@click.group(epilog=EPILOG)
def budget() -> None:
    """Show and set how much may be spent in a day or a month, in tokens or in money."""


@budget.command(name="list")
def list_() -> None:
    """List the budgets that are set, and who set them."""
    currency = Settings.load().bot_currency

    async def read(database: Database) -> list[tuple[Scope, BudgetChange]]:
        ledger = SqlLedger(database)
        workspaces = await database.tx(list_budget_workspaces)
        return [(workspace, change) for workspace in workspaces for change in await ledger.list_budgets(workspace)]

    for workspace, change in with_database(read):
        click.echo(_describe_change(workspace, change, currency))


@budget.command()
@session.limit_option("How many changes of a workspace at most.")
def history(limit: int) -> None:
    """List the changes of budgets, newest first."""
    currency = Settings.load().bot_currency

    async def read(database: Database) -> list[tuple[Scope, BudgetChange]]:
        ledger = SqlLedger(database)
        workspaces = await database.tx(list_budget_workspaces)
        return [
            (workspace, change)
            for workspace in workspaces
            for change in await ledger.list_budget_changes(workspace, limit=limit)
        ]

    for workspace, change in with_database(read):
        click.echo(_describe_change(workspace, change, currency))


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
    parsed_unit = _parse_unit(unit, settings.bot_currency)
    workspace, budget = _parse_budget(kind, where, span, parsed_unit, _parse_amount(amount, parsed_unit))
    if parsed_unit is BudgetUnit.MONEY and not settings.bot_prices:
        click.echo("Note: BOT_PRICES is empty, so calls have no price, and a budget of money refuses them.", err=True)
    _save(workspace, budget, note)
    what = budgets.format_amount(parsed_unit, budget.amount or 0, settings.bot_currency)
    click.echo(f"{_describe_owner(workspace, budget)} may spend {what} a {span}.")


@budget.command()
@click.argument("kind", type=DIMENSION_CHOICE)
@click.argument("where")
@click.argument("span", type=SPAN_CHOICE)
@click.argument("unit")
@click.option("--note", default="", help="Why; kept with the change.")
def remove(kind: str, where: str, span: str, unit: str, note: str) -> None:
    """Remove a budget. If there is one for all channels or people, that applies instead."""
    workspace, budget = _parse_budget(kind, where, span, _parse_unit(unit, Settings.load().bot_currency), None)

    async def read(database: Database) -> bool:
        present = await SqlLedger(database).list_budgets(workspace)
        key = (budget.scope, budget.subject, budget.span, budget.unit)
        return any(key == (b.scope, b.subject, b.span, b.unit) for b in (change.budget for change in present))

    if not with_database(read):
        raise CommandRefused("There is no such budget.")
    _save(workspace, budget, note)
    click.echo(f"{_describe_owner(workspace, budget)} no longer has this budget.")


def _save(workspace: Scope, budget: Budget, note: str) -> None:
    async def save(database: Database) -> None:
        await SqlLedger(database).set_budget(workspace, budget, by=session.get_shell_author(), note=note)

    with_database(save)


def _parse_budget(kind: str, where: str, span: str, unit: BudgetUnit, amount: int | None) -> tuple[Scope, Budget]:
    """Return the workspace and the budget that the words name. Raises `CommandRefused`."""
    workspace, slash, subject = where.partition("/")
    if not workspace or bool(slash) != bool(subject) or (slash and kind == SpendingDimension.WORKSPACE):
        raise CommandRefused(f"`{kind} {where}` does not name a budget; see `bot budget --help`.")
    budget = Budget(scope=SpendingDimension(kind), subject=subject, span=Span(span), unit=unit, amount=amount)
    return Scope(platform=messages.PLATFORM, workspace=workspace), budget


def _parse_unit(text: str, currency: str) -> BudgetUnit:
    units = {"tokens": BudgetUnit.TOKENS, "money": BudgetUnit.MONEY, currency.lower(): BudgetUnit.MONEY}
    if text.lower() not in units:
        raise CommandRefused(f"A budget is in tokens or in {currency} (BOT_CURRENCY), not in `{text}`.")
    return units[text.lower()]


def _parse_amount(text: str, unit: BudgetUnit) -> int:
    """Return an amount. Raises `CommandRefused`."""
    try:
        return budgets.parse_amount(text, unit)
    except ValueError as error:
        raise CommandRefused(f"{error}.") from None


def _describe_change(workspace: Scope, change: BudgetChange, currency: str) -> str:
    """Return a change in one line: the budget, its amount, when, by whom and why."""
    budget = change.budget
    where = f"{workspace.workspace}/{budget.subject}" if budget.subject != budgets.ANY_SUBJECT else workspace.workspace
    amount = "nothing set" if budget.amount is None else budgets.format_amount(budget.unit, budget.amount, currency)
    at, who = session.format_signature(change.created_at, change.author)
    why = f' "{change.note}"' if change.note else ""
    return f"{budget.scope} {where} {budget.span}: {amount} ({at}, {who}{why})"


def _describe_owner(workspace: Scope, budget: Budget) -> str:
    if budget.scope is SpendingDimension.WORKSPACE:
        return f"Workspace {workspace.workspace}"
    if budget.subject == budgets.ANY_SUBJECT:
        return f"Each {budget.scope} of {workspace.workspace}"
    return f"{budget.scope.capitalize()} {budget.subject} of {workspace.workspace}"
