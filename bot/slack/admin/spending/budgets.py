"""Budgets in Slack: a section of Home for admins, and the form that sets, changes or removes one.

A budget limits tokens or money, a day or a month, for each person, one person, each channel, one channel,
or the workspace. An empty amount removes it. Each step checks that the reader is an admin; a form is valid
only for the admin who opened it; a wrong value is reported at its field; the author of each change is
stored.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.periods import Span
from bot.core.spending.budgets import (
    ANY_SUBJECT,
    Budget,
    BudgetChange,
    BudgetUnit,
    SpendingDimension,
    format_amount,
    parse_amount,
)
from bot.core.spending.prices import NANO_PER_UNIT
from bot.ports import Ledger
from bot.slack import payload
from bot.slack.admin.authorization import Authorizer
from bot.slack.home import HomeReader
from bot.slack.people.directory import People
from bot.slack.views import block_kit, wording
from bot.slack.views.block_kit import MAX_NOTE_CHARACTERS, NOTE_FIELD, Block, View, read_value
from bot.slack.views.listeners import Listeners
from bot.slack.views.submissions import FormErrors

CHANGE_BUDGET_ACTION = "budget_change"
"""`action_id` of the buttons that open the form. The value is a budget's name, or `new`."""
BUDGET_FORM_CALLBACK = "budget"
"""`callback_id` of the form."""
WHOSE_FIELD, PERSON_FIELD, CHANNEL_FIELD = "whose", "person", "channel"
SPAN_FIELD, UNIT_FIELD, AMOUNT_FIELD = "span", "unit", "amount"
"""Block ids of the form's inputs."""
SUBJECT_LABELS = {
    "person": "Each person",
    "one person": "One person, chosen below",
    "channel": "Each channel",
    "one channel": "One channel, chosen below",
    "workspace": "The whole workspace",
}
MAX_BUDGETS_SHOWN = 15
"""Home lists this many budgets; the shell lists all of them."""
MAX_AMOUNT_CHARACTERS = 25
SAVE_TIMED_OUT = "That took too long. Home shows whether it was saved; look there before you save again."

log = structlog.get_logger()


class BudgetController:
    """Home's section of budgets, and the form that changes one, in one workspace."""

    def __init__(self, authorizer: Authorizer, ledger: Ledger, people: People, currency: str) -> None:
        """Pass an `authorizer` that signs forms for budgets only: see `Authorizer.for_purpose`."""
        self._authorizer = authorizer
        self._ledger = ledger
        self._people = people
        self._currency = currency

    async def __call__(self, reader: HomeReader) -> Sequence[Block]:
        """Return the section; no blocks unless the reader is an admin. Raises `StoreError`."""
        if not reader.is_admin:
            return ()
        changes = await self._ledger.list_budgets(self._authorizer.workspace)
        about = "Spending limits. A budget for one person or channel overrides the budget for each."
        blocks = [
            block_kit.header("Budgets"),
            block_kit.section(
                about if changes else "No budget is set.", block_kit.button("Set a budget", CHANGE_BUDGET_ACTION, "new")
            ),
        ]
        blocks += [self._render_budget(change) for change in changes[:MAX_BUDGETS_SHOWN]]
        if len(changes) > MAX_BUDGETS_SHOWN:
            blocks.append(
                block_kit.context(f"And {len(changes) - MAX_BUDGETS_SHOWN} more: `bot budget list` in a shell.")
            )
        return blocks

    async def open_form(self, user: str, name: str) -> View:
        """Return the form, filled in with the budget of that name. Raises `ActionRefused`."""
        await self._authorizer.require_admin(user, "budget")
        changes = await self._ledger.list_budgets(self._authorizer.workspace)
        budget = next((change.budget for change in changes if _budget_name(change.budget) == name), None)
        form_state = self._authorizer.sign_form(user, self._authorizer.workspace, 0)
        view = block_kit.modal(
            "Budget", self._render_fields(budget), submit="Save", close="Cancel", metadata=form_state
        )
        return view | {"callback_id": BUDGET_FORM_CALLBACK}

    async def save_form(self, user: str, view: Mapping[str, Any]) -> FormErrors | None:
        """Save a submitted form; return its errors, or None if it was saved. Raises `ActionRefused`."""
        await self._authorizer.require_admin(user, "budget")
        self._authorizer.verify_form(user, payload.text(view, "private_metadata"))
        values = payload.mapping(view, "state", "values")
        budget, errors = _parse_submission(values)
        if budget is None:
            return FormErrors(errors=errors)
        by = await self._people.look_up_author(user)
        note = read_value(values, NOTE_FIELD)
        await self._ledger.set_budget(self._authorizer.workspace, budget, by=by, note=note)
        log.info("An admin has set a budget.", action="budget_set", user=user, budget=_budget_name(budget))
        return None

    def _render_budget(self, change: BudgetChange) -> Block:
        budget = change.budget
        amount = format_amount(budget.unit, budget.amount or 0, self._currency)
        who = f"<@{change.author.id}>" if change.author.id != "shell" else "somebody at the shell"
        note = f": “{block_kit.excerpt(change.note, MAX_NOTE_CHARACTERS)}”" if change.note else ""
        when = wording.format_time(change.created_at)
        text = f"*{_describe_subject(budget)}*: {amount} a {budget.span}\nSet by {who}, {when}{note}"
        return block_kit.section(text, block_kit.button("Change", CHANGE_BUDGET_ACTION, _budget_name(budget)))

    def _render_fields(self, budget: Budget | None) -> list[Block]:
        """Return the inputs, filled in with `budget` if there is one."""
        chosen = budget or Budget(scope=SpendingDimension.PERSON, span=Span.DAY, unit=BudgetUnit.TOKENS, amount=None)
        one = "one " if chosen.subject != ANY_SUBJECT else ""
        subject = block_kit.single_choice(
            "static_select", [block_kit.option(*each) for each in SUBJECT_LABELS.items()], f"{one}{chosen.scope}"
        )
        spans = [block_kit.option(Span.DAY, "A day"), block_kit.option(Span.MONTH, "A month")]
        units = [
            block_kit.option(BudgetUnit.TOKENS, "Tokens, read and written"),
            block_kit.option(BudgetUnit.MONEY, self._currency),
        ]
        span = block_kit.single_choice("static_select", spans, chosen.span)
        unit = block_kit.single_choice("static_select", units, chosen.unit)
        person = chosen.subject if chosen.scope is SpendingDimension.PERSON else ""
        channel = block_kit.channel_select(block_kit.VALUE_ACTION_ID, "No channel in particular")
        if chosen.scope is SpendingDimension.CHANNEL and chosen.subject:
            channel["initial_conversation"] = chosen.subject
        hint = "A whole number of tokens, or an amount such as 2.50. Leave it empty to remove the budget."
        return [
            block_kit.input_block(WHOSE_FIELD, "Whose", subject, optional=False),
            block_kit.input_block(PERSON_FIELD, "Person", block_kit.user_select(person, "Nobody in particular")),
            block_kit.input_block(CHANNEL_FIELD, "Channel", channel),
            block_kit.input_block(SPAN_FIELD, "For", span, optional=False),
            block_kit.input_block(UNIT_FIELD, "Counted in", unit, optional=False),
            block_kit.input_block(
                AMOUNT_FIELD,
                "At most",
                block_kit.text_input(_format_amount(chosen), longest=MAX_AMOUNT_CHARACTERS),
                hint=hint,
            ),
            block_kit.note_input(),
        ]


def _parse_submission(values: Mapping[str, Any]) -> tuple[Budget | None, Mapping[str, str]]:
    """Return the budget that was entered, or None and a sentence for each wrong field."""
    subject, text = read_value(values, WHOSE_FIELD), read_value(values, AMOUNT_FIELD)
    if (
        subject not in SUBJECT_LABELS
        or read_value(values, SPAN_FIELD) not in [*Span]
        or read_value(values, UNIT_FIELD) not in [*BudgetUnit]
    ):
        return None, {NOTE_FIELD: "This form is not complete. Please open it again."}
    one, _, kind = subject.rpartition(" ")
    subject, errors = _parse_subject(values, kind, is_one=bool(one))
    unit, amount = BudgetUnit(read_value(values, UNIT_FIELD)), None
    try:
        amount = parse_amount(text, unit) if text else None
    except ValueError as error:
        errors[AMOUNT_FIELD] = f"{error}."
    if errors:
        return None, errors
    span = Span(read_value(values, SPAN_FIELD))
    return Budget(scope=SpendingDimension(kind), subject=subject, span=span, unit=unit, amount=amount), {}


def _parse_subject(values: Mapping[str, Any], kind: str, *, is_one: bool) -> tuple[str, dict[str, str]]:
    """Return the id of the person or channel that the budget is for, and a sentence for each wrong field."""
    chosen = {name: read_value(values, name) for name in (PERSON_FIELD, CHANNEL_FIELD)}
    errors = {
        name: f"Choose “{SUBJECT_LABELS[f'one {name}']}” above, or nothing here."
        for name, each in chosen.items()
        if each and not (is_one and name == kind)
    }
    if is_one and not chosen[kind]:
        errors[kind] = f"Choose whose budget it is, or “{SUBJECT_LABELS[kind]}” above."
    return chosen[kind] if is_one else ANY_SUBJECT, errors


def _budget_name(budget: Budget) -> str:
    return f"{budget.scope} {budget.subject} {budget.span} {budget.unit}"


def _describe_subject(budget: Budget) -> str:
    match budget.scope:
        case SpendingDimension.PERSON:
            return f"<@{budget.subject}>" if budget.subject else "Each person"
        case SpendingDimension.CHANNEL:
            return f"<#{budget.subject}>" if budget.subject else "Each channel"
        case _:
            return "The whole workspace"


def _format_amount(budget: Budget) -> str:
    """Return an amount as an admin would type it: tokens as an integer, money as a decimal."""
    if budget.amount is None:
        return ""
    if budget.unit is BudgetUnit.TOKENS:
        return str(budget.amount)
    return f"{budget.amount // NANO_PER_UNIT}.{budget.amount % NANO_PER_UNIT:09}".rstrip("0").rstrip(".")


def register(app: AsyncApp, budgets: BudgetController, listeners: Listeners) -> None:
    """Register what opens and saves the form."""
    app.action(CHANGE_BUDGET_ACTION)(listeners.opens(lambda pressed: budgets.open_form(pressed.user, pressed.value)))
    save = listeners.saves(
        lambda form: budgets.save_form(form.user, form.view), log_action="budget_unsaved", timed_out=SAVE_TIMED_OUT
    )
    app.view(BUDGET_FORM_CALLBACK)(save)
