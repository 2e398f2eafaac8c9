"""What Slack's deliveries go to, put together: the inbox, Home and its sections, forms, drafts, votes.

Separate from `parts`, which is what answers are made with; here one reads what Home shows, in which order.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.answering import Answerer
from bot.core.turns import IncomingMessage
from bot.editing import ConfigEditor
from bot.intake import Intake
from bot.parts import Services
from bot.slack import messages, opinions, own_data
from bot.slack.access_guard import AccessGuard
from bot.slack.admin import grants_listeners, judgements, listeners, trial_listeners, usage_listeners
from bot.slack.admin.admins import AdminRoles
from bot.slack.admin.admission import AccessNotice
from bot.slack.admin.budgets import BudgetController
from bot.slack.admin.finding import ScopeSearch
from bot.slack.admin.finding import register as find_levels
from bot.slack.admin.gate import Authorizer
from bot.slack.admin.grants import GrantsController
from bot.slack.admin.helm import PromptController
from bot.slack.admin.home import HomeSection, HomeTab
from bot.slack.admin.judgements import ComplaintList
from bot.slack.admin.letters import DirectMessages
from bot.slack.admin.levels import ScopeListSection
from bot.slack.admin.models import ModelList
from bot.slack.admin.reasons import AnswerExplainer
from bot.slack.admin.saving import ConfigSaver
from bot.slack.admin.screen import Modals
from bot.slack.admin.trials import DraftController
from bot.slack.admin.usage import UsageSection
from bot.slack.admin.welcome import WelcomeSection
from bot.slack.inbox import Inbox
from bot.slack.listeners import App, create_bolt_app
from bot.slack.own_data import PersonalDataSection
from bot.slack.suggestions import SuggestedPrompts
from bot.slack.suggestions import register as suggest
from bot.slack.wishes import AnswerActions
from bot.store.drafts import SqlDrafts
from bot.store.explanations import SqlExplanations
from bot.store.feedback import SqlVotes
from bot.store.versions import SqlConfigVersions
from bot.suggestions_setting import parse_suggestions
from bot.worker import Worker


async def build_slack_app(services: Services, worker: Worker, answerer: Answerer) -> App:
    """Return the Bolt app, with everything that people do in Slack."""
    intake, screen = Intake(services.store, worker, answerer), Modals(services.slack)
    admins = AdminRoles(
        services.slack, services.bot.workspace, services.settings.admins, services.permissions.stewards
    )
    gate, votes = await _build_authorizer(services, admins), SqlVotes(services.database)
    judged = ComplaintList(gate, votes, services.bot)
    granting = GrantsController(gate.for_purpose("grants"), services.permissions, services.people)
    usage, budgets = _build_spending(services, gate)
    retention = services.settings.bot_retention_days
    own = PersonalDataSection(
        services.personal_data, services.slack, workspace=services.bot.workspace, retention=retention
    )
    helm, trials = _build_prompt_editor(
        services, gate, votes, (usage, budgets, own, judged, granting), intake.accept
    )
    entrance, follow = (
        AccessGuard(services.access_check, services.slack, worker.run_in_background),
        services.settings.bot_follow_threads,
    )
    finding = ScopeSearch(gate, SqlConfigVersions(services.database), services.people)

    offered = SuggestedPrompts(services.slack, parse_suggestions(services.settings.bot_suggested_prompts))

    def add(app: App) -> None:
        suggest(app, offered, worker.run_in_background)
        listeners.register(app, helm, screen, worker.run_in_background)
        trial_listeners.register(app, trials, screen, worker.run_in_background)
        find_levels(app, finding, screen, worker.run_in_background)
        opinions.register(app, votes, entrance, screen, services.bot, worker.run_in_background)
        judgements.register(app, judged, screen, worker.run_in_background)
        grants_listeners.register(app, granting, screen, worker.run_in_background, helm.render_home)
        usage_listeners.register(app, usage, budgets, helm.render_home, screen, worker.run_in_background)
        own_data.register(app, own, helm.render_home, screen, worker.run_in_background)

    wishes = AnswerActions(services.bot, intake, entrance, admins.is_admin)
    inbox = Inbox(services.bot, services.people, intake, entrance, wishes, follow_threads=follow)
    return create_bolt_app(services.slack, services.bot, inbox, register=add)


async def _build_authorizer(services: Services, admins: AdminRoles) -> Authorizer:
    key = await services.store.get_or_create_secret("form_key", lambda: secrets.token_hex(32))
    return Authorizer(admins, workspace=services.bot.workspace, key=key.encode())


def _build_spending(services: Services, gate: Authorizer) -> tuple[UsageSection, BudgetController]:
    """Return what shows what was spent, and sets how much may be."""
    ledger, currency = services.store.ledger(), services.settings.bot_currency
    usage = UsageSection(gate, ledger, SqlConfigVersions(services.database), currency)
    return usage, BudgetController(gate.for_purpose("budgets"), ledger, services.people, currency)


def _build_prompt_editor(
    services: Services,
    gate: Authorizer,
    votes: SqlVotes,
    further: Sequence[HomeSection],
    ask: Callable[[IncomingMessage], Awaitable[object]],
) -> tuple[PromptController, DraftController]:
    """Return what people steer with, and try it; `further` sections of Home come after those that steer.

    `ask` records a question, to be answered.
    """
    editing = ConfigEditor(
        SqlConfigVersions(services.database), services.settings.deployment_config, messages.is_direct_channel
    )
    models = ModelList(_model_lister(services), services.model.adaptations)
    saving = ConfigSaver(gate, editing, services.people, models)
    home = HomeTab(
        gate,
        (
            WelcomeSection(editing, gate.workspace),
            AccessNotice(services.permissions, services.people),
            ScopeListSection(editing, gate.workspace),
            *further,
        ),
    )
    explanations, currency = SqlExplanations(services.database), services.settings.bot_currency
    reasons = AnswerExplainer(gate, editing, explanations, models, services.bot, currency=currency)
    letters, drafts = DirectMessages(services.slack, services.bot), SqlDrafts(services.database)
    return (
        PromptController(gate, home, editing, reasons, votes, saving, models),
        DraftController(gate, editing, drafts, saving, letters, models=models, ask=ask),
    )


def _model_lister(services: Services) -> Callable[[], Awaitable[Mapping[str, str]]]:
    async def models() -> Mapping[str, str]:
        return {
            each.id: f"will be shut down on {each.shutdown_date}" if each.shutdown_date else ""
            for each in await services.model.fetch_models()
        }

    return models
