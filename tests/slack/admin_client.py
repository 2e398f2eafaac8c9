"""An admin_client that steers: a workspace, the bot's listeners, and versions in memory."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.access.permission_check import NO_ACCESS_RULES, AccessRules
from bot.core.config import Prompt, Scope, ScopeConfig
from bot.core.errors import StoreUnavailable
from bot.core.history.explanation import Explanation
from bot.core.turns import IncomingMessage, ThreadKey
from bot.policy.config_editor import ConfigEditor
from bot.policy.saved_grants import SavedGrants
from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import FieldsRefused, WorkspaceMessage, WorkspacePerson, WorkspaceView
from bot.slack.admin.access import controller as access_controller
from bot.slack.admin.access.controller import GrantsController
from bot.slack.admin.authorization import Authorizer
from bot.slack.admin.prompts import editor_views
from bot.slack.admin.prompts import listeners as prompt_listeners
from bot.slack.admin.prompts.controller import PromptController
from bot.slack.admin.prompts.drafts import DraftController
from bot.slack.admin.prompts.explanations import AnswerExplainer
from bot.slack.admin.prompts.form import ModelChoices
from bot.slack.admin.prompts.saving import ConfigSaver
from bot.slack.admin.prompts.scope_list import ScopeListSection
from bot.slack.admin.prompts.search import ScopeSearch
from bot.slack.admin.spending import budgets, usage
from bot.slack.admin.spending.budgets import BudgetController
from bot.slack.admin.spending.usage import UsageSection
from bot.slack.events.bolt_app import create_bolt_app
from bot.slack.feedback import complaints
from bot.slack.feedback.complaints import ComplaintList
from bot.slack.home import HomeTab
from bot.slack.home.welcome import AccessNotice, WelcomeSection
from bot.slack.messages import BotIdentity
from bot.slack.people.directory import People
from bot.slack.people.roles import AdminRoles
from bot.slack.transport import connect
from bot.slack.transport.socket_mode import open_sockets
from bot.slack.views.direct_messages import DirectMessages
from bot.slack.views.listeners import Listeners
from bot.slack.views.modals import Modals
from bot.testing.config import MemoryConfigVersions, MemoryDrafts, MemoryGrants
from bot.testing.data import MemoryData
from bot.testing.ledger import MemoryLedger
from bot.testing.records import MemoryVotes
from tests.slack.admin.form_state import state
from tests.slack.events.inboxes import IdleIntake, make_inbox

ADA, GRACE, JOAN = "U0ADA", "U0GRACE", "U0JOAN"
GENERAL, TEAM = "C0GENERAL", "T0SANDBOX"
KEY = b"a key"
WORKSPACE = Scope(platform="slack", workspace=TEAM)
CHANNEL = Scope(platform="slack", workspace=TEAM, channel=GENERAL)
KIND = ScopeConfig(prompt=Prompt("Be kind."))
BARE_HOME = {"type": "home", "blocks": [{"type": "divider"}]}


class NoExplanations:
    """Has no record of any answer."""

    async def explain(self, thread: ThreadKey, message_id: str) -> Explanation | None:
        return None


class SlowVersions(MemoryConfigVersions):
    """Takes `delay` seconds to read; fails while `is_away`."""

    delay = 0.0
    is_away = False

    async def list_applying(self, thread: ThreadKey) -> Any:
        await asyncio.sleep(self.delay)
        if self.is_away:
            raise StoreUnavailable
        return await super().list_applying(thread)


@dataclass
class AdminClient:
    """What people do in a workspace whose admins are Ada and Joan; Grace is a member."""

    workspace: SandboxWorkspace
    deployment: AccessRules = NO_ACCESS_RULES
    versions: SlowVersions = field(default_factory=SlowVersions)
    data: MemoryData = field(default_factory=MemoryData)
    grants: MemoryGrants = field(default_factory=MemoryGrants)
    now: float = 1_790_000_000.0
    drafts: MemoryDrafts = field(default_factory=MemoryDrafts)
    questions: list[IncomingMessage] = field(default_factory=list)
    """Questions that drafts were tried with."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def votes(self) -> MemoryVotes:
        return MemoryVotes(self.data)

    @property
    def ledger(self) -> MemoryLedger:
        return MemoryLedger(self.data)

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(asyncio.create_task(work))

    # What people do

    async def press(self, user: str, action: str, value: str, view: WorkspaceView | None = None) -> None:
        """Press a button of a view, or a forged button of the person's Home."""
        shown = view or self.workspace.views.publish(user, BARE_HOME, "")
        pressed = {"action_id": action, "type": "button", "value": value}
        await self.workspace.interactivity.act_on_view(user, shown.id, pressed, {})
        await self.wait_until_idle()

    async def open_editor(self, user: str, level: str = f"channel {TEAM}/{GENERAL}") -> WorkspaceView:
        await self.press(user, f"{editor_views.EDIT_ACTION}:channel", level)
        return self.top_view(user)

    async def submit(self, user: str, view: WorkspaceView, **changes: object) -> None:
        named = {"prompt:line:0" if name == "prompt" else name: value for name, value in changes.items()}
        values = state(view.content["blocks"], named)
        await self.workspace.interactivity.submit(user, view.id, values)
        await self.wait_until_idle()

    async def press_in_form(self, user: str, view: WorkspaceView, action: str, **changes: object) -> None:
        """Press a button of a form that is filled in."""
        named = {name.replace("prompt", "prompt:line:0"): value for name, value in changes.items()}
        pressed = {"action_id": action, "type": "button"}
        values = state(view.content["blocks"], named)
        await self.workspace.interactivity.act_on_view(user, view.id, pressed, values)
        await self.wait_until_idle()

    async def press_below(self, user: str, message: WorkspaceMessage, action: str, value: str = "") -> None:
        """Press a button of a message, or forge its value."""
        blocks = message.blocks
        buttons = [each for block in blocks for each in (*block.get("elements", ()), block.get("accessory") or {})]
        search = next((each["value"] for each in buttons if each.get("action_id") == action), "")
        pressed = {"action_id": action, "type": "button", "value": value or search}
        await self.workspace.interactivity.act_on_message(user, message.channel, message.ts, pressed, {})
        await self.wait_until_idle()

    async def record_question(self, incoming: IncomingMessage) -> None:
        self.questions.append(incoming)

    async def wait_until_idle(self) -> None:
        await asyncio.gather(*self.tasks)

    # What is there

    def sent_messages(self, user: str) -> list[WorkspaceMessage]:
        """Return the bot's direct messages to a person, without the replies in their threads."""
        messages = self.workspace.state.messages(self.workspace.state.im(user).id)
        return [message for message in messages if message.thread_ts is None]

    def top_view(self, user: str) -> WorkspaceView:
        return self.workspace.views.stack(user)[-1]

    def shown_text(self, user: str) -> str:
        return str(self.top_view(user).content["blocks"])

    async def saved_configs(self, level: Scope = CHANNEL) -> list[ScopeConfig]:
        return [version.config for version in await self.versions.list_history(level, limit=99)]


@pytest.fixture
async def admin_client(request: pytest.FixtureRequest) -> AsyncIterator[AdminClient]:
    """Start a bot; the fixture's parameter, if any, is the deployment's access rules."""
    async with SandboxWorkspace(enforce_rates=False) as workspace:
        workspace.state.people[JOAN] = WorkspacePerson(id=JOAN, name="joan", real_name="Joan Clarke", color="#123456")
        admin_client = AdminClient(workspace, deployment=getattr(request, "param", NO_ACCESS_RULES))
        async with connect.open_web_client(workspace.bot_token, workspace.api_url) as client:
            app = make_app(admin_client, client, await connect.fetch_bot_identity(client))
            async with open_sockets(app, client, workspace.app_token, count=1):
                yield admin_client
                await admin_client.wait_until_idle()


def make_app(driver: AdminClient, client: AsyncWebClient, bot: BotIdentity) -> AsyncApp:
    """Return the bot's app over the driver's stores, with all that admins use."""
    people, scope = People(client, TEAM), Scope(platform="slack", workspace=bot.workspace)
    saved_grants = SavedGrants(driver.grants, scope, driver.deployment, clock=lambda: driver.now)
    admins = AdminRoles(people, frozenset({JOAN}), saved_grants.list_editors)
    authorizer = Authorizer(admins, workspace=bot.workspace, key=KEY, clock=lambda: driver.now)
    config_editor = ConfigEditor(driver.versions, ScopeConfig(prompt=Prompt("You are."), parameters={"model": "m"}))
    saver = ConfigSaver(authorizer, config_editor, people, models)
    grants = GrantsController(authorizer.for_purpose("grants"), saved_grants, people)
    complaint_list = ComplaintList(authorizer, driver.votes, bot)
    spending = UsageSection(authorizer, driver.ledger, driver.versions, "EUR", clock=lambda: driver.now)
    budget_controller = BudgetController(authorizer.for_purpose("budgets"), driver.ledger, people, "EUR")
    first_sections = (
        WelcomeSection(config_editor, authorizer.workspace),
        AccessNotice(saved_grants, people),
        ScopeListSection(config_editor, authorizer.workspace),
    )
    home = HomeTab(authorizer, (*first_sections, spending, budget_controller, complaint_list, grants))
    explainer = AnswerExplainer(authorizer, config_editor, NoExplanations(), models, bot)
    controller = PromptController(authorizer, home, config_editor, explainer, driver.votes, saver, models)
    search = ScopeSearch(authorizer, driver.versions, people)
    direct_messages, ask = DirectMessages(client, bot), driver.record_question
    draft_controller = DraftController(
        authorizer, config_editor, driver.drafts, saver, direct_messages, models=models, ask=ask
    )

    def register(app: AsyncApp) -> None:
        listeners = Listeners(Modals(client), driver.run_in_background, controller.render_home)
        prompt_listeners.register(app, controller, listeners)
        prompt_listeners.register_drafts(app, draft_controller, listeners)
        prompt_listeners.register_search(app, search, listeners)
        complaints.register(app, complaint_list, listeners)
        access_controller.register(app, grants, listeners)
        usage.register(app, spending, listeners)
        budgets.register(app, budget_controller, listeners)

    return create_bolt_app(client, bot, make_inbox(bot, people, IdleIntake()), register=register)


async def models() -> ModelChoices:
    return ModelChoices()


@pytest.fixture
def errors(admin_client: AdminClient) -> list[Mapping[str, str]]:
    """Collect the errors of submitted forms."""
    search: list[Mapping[str, str]] = []

    def note(change: object) -> None:
        if isinstance(change, FieldsRefused):
            search.append(change.errors)

    admin_client.workspace.state.observe(note)
    return search
