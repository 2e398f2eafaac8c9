"""Budgets, in Slack: what admins see of them in Home, and the form in which they set, raise and remove one.

Separate because it is all of budgets that changes something. Rules: the gate is passed at every step, and a
form is good for its admin only; a wrong value is a sentence at its field; who set what is recorded.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.core.domain import Author
from bot.core.ledger import EVERYBODY, Budget, BudgetChange, Dimension, Unit, amount_of, shown
from bot.core.money import NANO
from bot.core.periods import Span
from bot.ports import Ledger
from bot.slack import payload
from bot.slack.admin import kit, wording
from bot.slack.admin.gate import Gate
from bot.slack.admin.home import Reader
from bot.slack.admin.kit import Block, View
from bot.slack.admin.submissions import Wrong
from bot.slack.people import People

CHANGE = "budget_change"
"""`action_id` of the buttons that open the form; the value names the budget, or is `new`."""
SUBMITTED = "budget"
"""`callback_id` of the form."""
WHOSE, PERSON, CHANNEL, SPAN, UNIT, AMOUNT, NOTE = (
    "whose",
    "person",
    "channel",
    "span",
    "unit",
    "amount",
    "note",
)
"""Fields of the form."""
EACH = {
    "person": "Each person",
    "one person": "One person, chosen below",
    "channel": "Each channel",
    "one channel": "One channel, chosen below",
    "workspace": "The whole workspace",
}
MOST = 15
"""Budgets in Home."""
LONGEST_AMOUNT, LONGEST_NOTE = 25, 200

log = structlog.get_logger()


class Budgets:
    """The budgets of one workspace: a section of Home, and a form."""

    def __init__(self, gate: Gate, ledger: Ledger, people: People, currency: str) -> None:
        """Pass a `gate` whose forms are good for budgets only; see `Gate.apart`."""
        self._gate = gate
        self._ledger = ledger
        self._people = people
        self._currency = currency

    async def __call__(self, reader: Reader) -> Sequence[Block]:
        """Return the section; nothing for who is no admin. Raises `StoreError`."""
        if not reader.is_admin:
            return ()
        found = await self._ledger.budgets(self._gate.workspace)
        about = (
            "How much may be spent. What is set for one person or channel goes before what is set for each."
        )
        shown = [
            kit.header("Budgets"),
            kit.section(about if found else "No budget is set.", kit.button("Set a budget", CHANGE, "new")),
        ]
        shown += [self._line(change) for change in found[:MOST]]
        if len(found) > MOST:
            shown.append(kit.context(f"And {len(found) - MOST} more: `bot budget list` in a shell."))
        return shown

    async def form(self, user: str, name: str) -> View:
        """Return the form, filled in with the budget of that name. Raises `Refused` for who is no admin."""
        await self._gate.admit(user, "budget")
        found = await self._ledger.budgets(self._gate.workspace)
        budget = next((change.budget for change in found if _name(change.budget) == name), None)
        mandate = self._gate.mandate(user, self._gate.workspace, 0)
        view = kit.modal("Budget", self._fields(budget), submit="Save", close="Cancel", metadata=mandate)
        return view | {"callback_id": SUBMITTED}

    async def save(self, user: str, view: Mapping[str, Any]) -> Wrong | None:
        """Set what was submitted; return what is wrong with it, if anything is. Raises `Refused`."""
        await self._gate.admit(user, "budget")
        self._gate.leave(user, payload.text(view, "private_metadata"))
        values = payload.mapping(view, "state", "values")
        budget, errors = _read(values)
        if budget is None:
            return Wrong(errors=errors)
        names = await self._people.names({user})
        by = Author(id=user, name=names.get(user, ""))
        note = _entered(values, NOTE).strip()
        await self._ledger.set_budget(self._gate.workspace, budget, by=by, note=note)
        log.info("An admin has set a budget.", action="budget_set", user=user, budget=_name(budget))
        return None

    def _line(self, change: BudgetChange) -> Block:
        budget = change.budget
        amount = shown(budget.unit, budget.amount or 0, self._currency)
        who = f"<@{change.author.id}>" if change.author.id != "shell" else "somebody at the shell"
        note = f": “{kit.quoted(change.note, LONGEST_NOTE)}”" if change.note else ""
        when = wording.moment(change.created_at)
        text = f"*{_whose(budget)}*: {amount} a {budget.span}\nSet by {who}, {when}{note}"
        return kit.section(text, kit.button("Change", CHANGE, _name(budget)))

    def _fields(self, budget: Budget | None) -> list[Block]:
        """Return the inputs, filled in with a budget if there is one."""
        chosen = budget or Budget(scope=Dimension.PERSON, span=Span.DAY, unit=Unit.TOKENS, amount=None)
        one = "one " if chosen.subject != EVERYBODY else ""
        whose = kit.choice(
            "static_select", [kit.option(*each) for each in EACH.items()], f"{one}{chosen.scope}"
        )
        spans = [kit.option(Span.DAY, "A day"), kit.option(Span.MONTH, "A month")]
        units = [kit.option(Unit.TOKENS, "Tokens, read and written"), kit.option(Unit.MONEY, self._currency)]
        person = chosen.subject if chosen.scope is Dimension.PERSON else ""
        channel = kit.channel_select(kit.VALUE, "No channel in particular")
        if chosen.scope is Dimension.CHANNEL and chosen.subject:
            channel["initial_conversation"] = chosen.subject
        hint = (
            "A whole number of tokens, or an amount such as 2.50. Where it is empty, there is no such budget."
        )
        return [
            kit.field(WHOSE, "Whose", whose, optional=False),
            kit.field(PERSON, "Person", kit.person_select(person, "Nobody in particular")),
            kit.field(CHANNEL, "Channel", channel),
            kit.field(SPAN, "For", kit.choice("static_select", spans, chosen.span), optional=False),
            kit.field(UNIT, "Counted in", kit.choice("static_select", units, chosen.unit), optional=False),
            kit.field(AMOUNT, "At most", kit.text_input(_amount(chosen), longest=LONGEST_AMOUNT), hint=hint),
            kit.field(NOTE, "Note", kit.text_input(longest=LONGEST_NOTE), hint="Why, in a few words."),
        ]


def _read(values: Mapping[str, Any]) -> tuple[Budget | None, Mapping[str, str]]:
    """Return the budget that was entered, or sentences by the fields that are wrong."""
    whose, text = _entered(values, WHOSE), _entered(values, AMOUNT).strip()
    if whose not in EACH or _entered(values, SPAN) not in [*Span] or _entered(values, UNIT) not in [*Unit]:
        return None, {NOTE: "This form is not complete. Please open it again."}
    one, _, kind = whose.rpartition(" ")
    subject, errors = _subject(values, kind, is_one=bool(one))
    unit, amount = Unit(_entered(values, UNIT)), None
    try:
        amount = amount_of(text, unit) if text else None
    except ValueError as error:
        errors[AMOUNT] = f"{error}."
    if errors:
        return None, errors
    span = Span(_entered(values, SPAN))
    return Budget(scope=Dimension(kind), subject=subject, span=span, unit=unit, amount=amount), {}


def _subject(values: Mapping[str, Any], kind: str, *, is_one: bool) -> tuple[str, dict[str, str]]:
    """Return whom a budget is for, and what is wrong about that."""
    chosen = {name: _entered(values, name) for name in (PERSON, CHANNEL)}
    errors = {
        name: f"Choose “{EACH[f'one {name}']}” above, or nothing here."
        for name, each in chosen.items()
        if each and not (is_one and name == kind)
    }
    if is_one and not chosen[kind]:
        errors[kind] = f"Choose whose budget it is, or “{EACH[kind]}” above."
    return chosen[kind] if is_one else EVERYBODY, errors


def _entered(values: Mapping[str, Any], name: str) -> str:
    state = payload.mapping(values, name, kit.VALUE)
    found = (state.get(key) for key in ("value", "selected_user", "selected_conversation"))
    text = next((each for each in found if isinstance(each, str)), "")
    return text or payload.text(state, "selected_option", "value")


def _name(budget: Budget) -> str:
    return f"{budget.scope} {budget.subject} {budget.span} {budget.unit}"


def _whose(budget: Budget) -> str:
    match budget.scope:
        case Dimension.PERSON:
            return f"<@{budget.subject}>" if budget.subject else "Each person"
        case Dimension.CHANNEL:
            return f"<#{budget.subject}>" if budget.subject else "Each channel"
        case _:
            return "The whole workspace"


def _amount(budget: Budget) -> str:
    """Return an amount as it is typed."""
    if budget.amount is None:
        return ""
    if budget.unit is Unit.TOKENS:
        return str(budget.amount)
    return f"{budget.amount // NANO}.{budget.amount % NANO:09}".rstrip("0").rstrip(".")
