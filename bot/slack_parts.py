"""What Slack's deliveries go to, put together: the inbox, Home and its sections, forms, drafts, votes.

Separate from `parts`, which is what answers are made with; here one reads what Home shows, in which order.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.answering import Answering
from bot.core.domain import Incoming
from bot.editing import Editing
from bot.intake import Intake
from bot.parts import Parts
from bot.slack import opinions, own_data, parse
from bot.slack.access_guard import Doorkeeper
from bot.slack.admin import grants_listeners, judgements, listeners, trial_listeners, usage_listeners
from bot.slack.admin.admins import Admins
from bot.slack.admin.admission import Admission
from bot.slack.admin.budgets import Budgets
from bot.slack.admin.finding import Finding
from bot.slack.admin.finding import register as find_levels
from bot.slack.admin.gate import Gate
from bot.slack.admin.grants import Granting
from bot.slack.admin.helm import Helm
from bot.slack.admin.home import Home, Section
from bot.slack.admin.judgements import Judgements
from bot.slack.admin.letters import Letters
from bot.slack.admin.levels import Levels
from bot.slack.admin.models import KnownModels
from bot.slack.admin.reasons import Reasons
from bot.slack.admin.saving import Saving
from bot.slack.admin.screen import Screen
from bot.slack.admin.trials import Trials
from bot.slack.admin.usage import Usage
from bot.slack.admin.welcome import Welcome
from bot.slack.inbox import Inbox
from bot.slack.listeners import App, slack_app
from bot.slack.own_data import OwnData
from bot.slack.suggestions import Suggestions
from bot.slack.suggestions import register as suggest
from bot.slack.wishes import Wishes
from bot.store.drafts import SqlDrafts
from bot.store.explanations import SqlExplanations
from bot.store.feedback import SqlVotes
from bot.store.versions import SqlVersions
from bot.suggestions_setting import suggestions
from bot.worker import Worker


async def app(parts: Parts, worker: Worker, answers: Answering) -> App:
    """Return the Bolt app, with everything that people do in Slack."""
    intake, screen = Intake(parts.store, worker, answers), Screen(parts.slack)
    admins = Admins(parts.slack, parts.bot.workspace, parts.settings.admins, parts.access.stewards)
    gate, votes = await _gate(parts, admins), SqlVotes(parts.database)
    judged = Judgements(gate, votes, parts.bot)
    granting = Granting(gate.apart("grants"), parts.access, parts.people)
    usage, budgets = _money(parts, gate)
    retention = parts.settings.bot_retention_days
    own = OwnData(parts.personal, parts.slack, workspace=parts.bot.workspace, retention=retention)
    helm, trials = _steering(parts, gate, votes, (usage, budgets, own, judged, granting), intake.accept)
    entrance, follow = Doorkeeper(parts.door, parts.slack, worker.aside), parts.settings.bot_follow_threads
    finding = Finding(gate, SqlVersions(parts.database), parts.people)

    offered = Suggestions(parts.slack, suggestions(parts.settings.bot_suggested_prompts))

    def add(app: App) -> None:
        suggest(app, offered, worker.aside)
        listeners.register(app, helm, screen, worker.aside)
        trial_listeners.register(app, trials, screen, worker.aside)
        find_levels(app, finding, screen, worker.aside)
        opinions.register(app, votes, entrance, screen, parts.bot, worker.aside)
        judgements.register(app, judged, screen, worker.aside)
        grants_listeners.register(app, granting, screen, worker.aside, helm.home)
        usage_listeners.register(app, usage, budgets, helm.home, screen, worker.aside)
        own_data.register(app, own, helm.home, screen, worker.aside)

    wishes = Wishes(parts.bot, intake, entrance, admins.includes)
    inbox = Inbox(parts.bot, parts.people, intake, entrance, wishes, follow_threads=follow)
    return slack_app(parts.slack, parts.bot, inbox, register=add)


async def _gate(parts: Parts, admins: Admins) -> Gate:
    key = await parts.store.secret("form_key", lambda: secrets.token_hex(32))
    return Gate(admins, workspace=parts.bot.workspace, key=key.encode())


def _money(parts: Parts, gate: Gate) -> tuple[Usage, Budgets]:
    """Return what shows what was spent, and sets how much may be."""
    ledger, currency = parts.store.ledger(), parts.settings.bot_currency
    usage = Usage(gate, ledger, SqlVersions(parts.database), currency)
    return usage, Budgets(gate.apart("budgets"), ledger, parts.people, currency)


def _steering(
    parts: Parts,
    gate: Gate,
    votes: SqlVotes,
    further: Sequence[Section],
    ask: Callable[[Incoming], Awaitable[object]],
) -> tuple[Helm, Trials]:
    """Return what people steer with, and try it; `further` sections of Home come after those that steer.

    `ask` records a question, to be answered.
    """
    editing = Editing(SqlVersions(parts.database), parts.settings.steering, parse.is_direct)
    models = KnownModels(_offered(parts), parts.model.adaptations)
    saving = Saving(gate, editing, parts.people, models)
    home = Home(
        gate,
        (
            Welcome(editing, gate.workspace),
            Admission(parts.access, parts.people),
            Levels(editing, gate.workspace),
            *further,
        ),
    )
    explanations, currency = SqlExplanations(parts.database), parts.settings.bot_currency
    reasons = Reasons(gate, editing, explanations, models, parts.bot, currency=currency)
    letters, drafts = Letters(parts.slack, parts.bot), SqlDrafts(parts.database)
    return (
        Helm(gate, home, editing, reasons, votes, saving, models),
        Trials(gate, editing, drafts, saving, letters, models=models, ask=ask),
    )


def _offered(parts: Parts) -> Callable[[], Awaitable[Mapping[str, str]]]:
    async def models() -> Mapping[str, str]:
        return {
            each.id: f"will be shut down on {each.shutdown_date}" if each.shutdown_date else ""
            for each in await parts.model.models()
        }

    return models
