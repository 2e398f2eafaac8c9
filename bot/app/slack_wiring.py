"""What Slack's deliveries go to, put together: the inbox, Home and its sections, forms, drafts, votes.

Separate from `parts`, which is what answers are made with; here one reads what Home shows, in which order.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.app.answering_wiring import Services
from bot.conversation.answering import Answerer
from bot.conversation.intake import Intake
from bot.conversation.worker import Worker
from bot.core.turns import IncomingMessage
from bot.policy.config_editor import ConfigEditor
from bot.settings.suggested_prompts import parse_suggestions
from bot.slack import messages
from bot.slack.admin.access import listeners as grants_listeners
from bot.slack.admin.access.controller import GrantsController
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.prompts import draft_listeners, listeners
from bot.slack.admin.prompts.controller import PromptController
from bot.slack.admin.prompts.drafts import DraftController
from bot.slack.admin.prompts.explanations import AnswerExplainer
from bot.slack.admin.prompts.model_list import ModelList
from bot.slack.admin.prompts.saving import ConfigSaver
from bot.slack.admin.prompts.scope_list import ScopeListSection
from bot.slack.admin.prompts.search import ScopeSearch
from bot.slack.admin.prompts.search import register as find_levels
from bot.slack.admin.spending import listeners as usage_listeners
from bot.slack.admin.spending.budgets import BudgetController
from bot.slack.admin.spending.usage import UsageSection
from bot.slack.events.access_guard import AccessGuard
from bot.slack.events.answer_actions import AnswerActions
from bot.slack.events.bolt_app import App, create_bolt_app
from bot.slack.events.inbox import Inbox
from bot.slack.events.suggested_prompts import SuggestedPrompts
from bot.slack.events.suggested_prompts import register as suggest
from bot.slack.feedback import complaints, form
from bot.slack.feedback.complaints import ComplaintList
from bot.slack.home import HomeSection, HomeTab, personal_data
from bot.slack.home.access_notice import AccessNotice
from bot.slack.home.personal_data import PersonalDataSection
from bot.slack.home.welcome import WelcomeSection
from bot.slack.people.roles import AdminRoles
from bot.slack.views.direct_messages import DirectMessages
from bot.slack.views.modals import Modals
from bot.store.config.drafts import SqlDrafts
from bot.store.config.versions import SqlConfigVersions
from bot.store.conversations.explanations import SqlExplanations
from bot.store.conversations.feedback import SqlVotes


async def build_slack_app(services: Services, worker: Worker, answerer: Answerer) -> App:
    """Return the Bolt app, with everything that people do in Slack."""
    intake, screen = Intake(services.store, worker, answerer), Modals(services.slack)
    admins = AdminRoles(services.slack, services.bot.workspace, services.settings.admins, services.permissions.stewards)
    gate, votes = await _build_authorizer(services, admins), SqlVotes(services.database)
    judged = ComplaintList(gate, votes, services.bot)
    granting = GrantsController(gate.for_purpose("grants"), services.permissions, services.people)
    usage, budgets = _build_spending(services, gate)
    retention = services.settings.bot_retention_days
    own = PersonalDataSection(
        services.personal_data, services.slack, workspace=services.bot.workspace, retention=retention
    )
    helm, trials = _build_prompt_editor(services, gate, votes, (usage, budgets, own, judged, granting), intake.accept)
    entrance, follow = (
        AccessGuard(services.access_check, services.slack, worker.run_in_background),
        services.settings.bot_follow_threads,
    )
    finding = ScopeSearch(gate, SqlConfigVersions(services.database), services.people)

    offered = SuggestedPrompts(services.slack, parse_suggestions(services.settings.bot_suggested_prompts))

    def add(app: App) -> None:
        suggest(app, offered, worker.run_in_background)
        listeners.register(app, helm, screen, worker.run_in_background)
        draft_listeners.register(app, trials, screen, worker.run_in_background)
        find_levels(app, finding, screen, worker.run_in_background)
        form.register(app, votes, entrance, screen, services.bot, worker.run_in_background)
        complaints.register(app, judged, screen, worker.run_in_background)
        grants_listeners.register(app, granting, screen, worker.run_in_background, helm.render_home)
        usage_listeners.register(app, usage, budgets, helm.render_home, screen, worker.run_in_background)
        personal_data.register(app, own, helm.render_home, screen, worker.run_in_background)

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
