"""Builds the Bolt app: the inbox, the Home tab and its sections, forms, drafts and votes.

Read here which sections Home shows and in which order, and which listeners are registered. `answering_wiring` builds
what answers questions.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.app.answering_wiring import Services
from bot.conversation.answering import Answerer
from bot.conversation.intake import Intake
from bot.conversation.worker import Worker
from bot.core.turns import IncomingMessage
from bot.policy.config_editor import ConfigEditor
from bot.settings.values import parse_suggestions
from bot.slack import manifest, messages
from bot.slack.admin.access import controller as access_controller
from bot.slack.admin.access.controller import GrantsController
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.prompts import listeners as prompt_listeners
from bot.slack.admin.prompts.controller import PromptController
from bot.slack.admin.prompts.drafts import DraftController
from bot.slack.admin.prompts.explanations import AnswerExplainer
from bot.slack.admin.prompts.model_list import ModelList
from bot.slack.admin.prompts.saving import ConfigSaver
from bot.slack.admin.prompts.scope_list import ScopeListSection
from bot.slack.admin.prompts.search import ScopeSearch
from bot.slack.admin.spending import budgets, usage
from bot.slack.admin.spending.budgets import BudgetController
from bot.slack.admin.spending.usage import UsageSection
from bot.slack.events import suggested_prompts
from bot.slack.events.access_guard import AccessGuard
from bot.slack.events.answer_actions import AnswerActions
from bot.slack.events.bolt_app import App, create_bolt_app
from bot.slack.events.inbox import Inbox
from bot.slack.events.suggested_prompts import SuggestedPrompts
from bot.slack.feedback import complaints, form
from bot.slack.feedback.complaints import ComplaintList
from bot.slack.feedback.form import FeedbackController
from bot.slack.home import HomeSection, HomeTab, personal_data
from bot.slack.home.personal_data import PersonalDataSection
from bot.slack.home.welcome import AccessNotice, MissingScopes, WelcomeSection
from bot.slack.people.roles import AdminRoles
from bot.slack.views.direct_messages import DirectMessages
from bot.slack.views.listeners import Listeners
from bot.slack.views.modals import Modals
from bot.store.config.drafts import SqlDrafts
from bot.store.config.versions import SqlConfigVersions
from bot.store.conversations.explanations import SqlExplanations
from bot.store.conversations.feedback import SqlVotes


async def build_slack_app(services: Services, worker: Worker, answerer: Answerer) -> App:
    """Return the Bolt app, with everything that people do in Slack."""
    intake = Intake(services.store, worker, answerer)
    admins = AdminRoles(services.people, services.settings.admins, services.saved_grants.list_editors)
    authorizer, votes = await _build_authorizer(services, admins), SqlVotes(services.database)
    complaint_list = ComplaintList(authorizer, votes, services.bot)
    grants = GrantsController(authorizer.for_purpose("grants"), services.saved_grants, services.people)
    spending, budget_controller = _build_spending(services, authorizer)
    own_data = PersonalDataSection(
        services.personal_data,
        services.slack,
        workspace=services.bot.workspace,
        retention=services.settings.bot_retention_days,
    )
    sections = (spending, budget_controller, own_data, complaint_list, grants)
    controller, draft_controller = _build_prompt_editor(services, authorizer, votes, sections, intake.accept)
    access_guard = AccessGuard(services.access_check, services.slack, worker.run_in_background)
    suggestions = SuggestedPrompts(services.slack, parse_suggestions(services.settings.bot_suggested_prompts))
    search = ScopeSearch(authorizer, SqlConfigVersions(services.database), services.people)

    def register(app: App) -> None:
        listeners = Listeners(Modals(services.slack), worker.run_in_background, controller.render_home)
        suggested_prompts.register(app, suggestions, worker.run_in_background)
        prompt_listeners.register(app, controller, listeners)
        prompt_listeners.register_drafts(app, draft_controller, listeners)
        prompt_listeners.register_search(app, search, listeners)
        form.register(app, FeedbackController(votes, access_guard, services.bot), listeners)
        complaints.register(app, complaint_list, listeners)
        access_controller.register(app, grants, listeners)
        usage.register(app, spending, listeners)
        budgets.register(app, budget_controller, listeners)
        personal_data.register(app, own_data, listeners)

    actions = AnswerActions(services.bot, intake, access_guard, admins.is_admin)
    follow = services.settings.bot_follow_threads
    inbox = Inbox(services.bot, services.people, intake, access_guard, actions, follow_threads=follow)
    return create_bolt_app(services.slack, services.bot, inbox, register=register)


async def _build_authorizer(services: Services, admins: AdminRoles) -> Authorizer:
    key = await services.store.get_or_create_secret("form_key", lambda: secrets.token_hex(32))
    return Authorizer(admins, workspace=services.bot.workspace, key=key.encode())


def _build_spending(services: Services, authorizer: Authorizer) -> tuple[UsageSection, BudgetController]:
    """Return the section of spending and the editor of budgets."""
    ledger, currency = services.store.ledger(), services.settings.bot_currency
    spending = UsageSection(authorizer, ledger, SqlConfigVersions(services.database), currency)
    return spending, BudgetController(authorizer.for_purpose("budgets"), ledger, services.people, currency)


def _build_prompt_editor(
    services: Services,
    authorizer: Authorizer,
    votes: SqlVotes,
    further: Sequence[HomeSection],
    ask: Callable[[IncomingMessage], Awaitable[object]],
) -> tuple[PromptController, DraftController]:
    """Return the prompt editor and its drafts. Home shows the `further` sections last.

    `ask` records a question for the bot to answer.
    """
    config_editor = ConfigEditor(
        SqlConfigVersions(services.database), services.settings.deployment_config, messages.is_direct_channel
    )
    models = ModelList(_make_model_lister(services), services.model.adaptations)
    saver = ConfigSaver(authorizer, config_editor, services.people, models)
    home = HomeTab(
        authorizer,
        (
            MissingScopes(manifest.find_missing_scopes(services.bot.scopes)),
            WelcomeSection(config_editor, authorizer.workspace),
            AccessNotice(services.saved_grants, services.people),
            ScopeListSection(config_editor, authorizer.workspace),
            *further,
        ),
    )
    explanations, currency = SqlExplanations(services.database), services.settings.bot_currency
    explainer = AnswerExplainer(authorizer, config_editor, explanations, models, services.bot, currency=currency)
    direct_messages, drafts = DirectMessages(services.slack, services.bot), SqlDrafts(services.database)
    return (
        PromptController(authorizer, home, config_editor, explainer, votes, saver, models),
        DraftController(authorizer, config_editor, drafts, saver, direct_messages, models=models, ask=ask),
    )


def _make_model_lister(services: Services) -> Callable[[], Awaitable[Mapping[str, str]]]:
    async def models() -> Mapping[str, str]:
        return {
            each.id: f"will be shut down on {each.shutdown_date}" if each.shutdown_date else ""
            for each in await services.model.fetch_models()
        }

    return models
