"""An office that steers: a workspace, the bot's listeners, and versions in memory."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.access import Access
from bot.core.access import NO_RULES, Rules
from bot.core.domain import Incoming, Prompt, PromptKey, Steering, ThreadKey
from bot.core.errors import StoreUnavailable
from bot.core.explanation import Explanation
from bot.editing import Editing
from bot.sandbox.records import FieldsRefused, Message, Person, View
from bot.sandbox.server import SandboxWorkspace
from bot.slack import connect
from bot.slack.admin import (
    editor,
    finding,
    grants_listeners,
    judgements,
    trial_listeners,
    usage_listeners,
)
from bot.slack.admin.admins import Admins
from bot.slack.admin.admission import Admission
from bot.slack.admin.budgets import Budgets
from bot.slack.admin.finding import Finding
from bot.slack.admin.form import Models
from bot.slack.admin.gate import Gate
from bot.slack.admin.grants import Granting
from bot.slack.admin.helm import Helm
from bot.slack.admin.home import Home
from bot.slack.admin.judgements import Judgements
from bot.slack.admin.letters import Letters
from bot.slack.admin.levels import Levels
from bot.slack.admin.listeners import register
from bot.slack.admin.reasons import Reasons
from bot.slack.admin.saving import Saving
from bot.slack.admin.screen import Screen
from bot.slack.admin.trials import Trials
from bot.slack.admin.usage import Usage
from bot.slack.admin.welcome import Welcome
from bot.slack.listeners import slack_app
from bot.slack.people import People
from bot.slack.socket_mode import sockets
from bot.store.memory_data import MemoryData
from bot.store.memory_drafts import MemoryDrafts
from bot.store.memory_feedback import MemoryVotes
from bot.store.memory_grants import MemoryGrants
from bot.store.memory_ledger import MemoryLedger
from bot.store.memory_versions import MemoryVersions
from tests.slack.admin.slack_form import state
from tests.slack.inboxes import inbox

ADA, GRACE, JOAN = "U0ADA", "U0GRACE", "U0JOAN"
GENERAL, TEAM = "C0GENERAL", "T0SANDBOX"
KEY = b"a key"
WORKSPACE = PromptKey(platform="slack", workspace=TEAM)
CHANNEL = PromptKey(platform="slack", workspace=TEAM, channel=GENERAL)
KIND = Steering(prompt=Prompt("Be kind."))
BARE_HOME = {"type": "home", "blocks": [{"type": "divider"}]}


class Nobody:
    """Takes no message."""

    is_draining = False


class NoExplanations:
    """Knows of no answer."""

    async def explain(self, thread: ThreadKey, message_id: str) -> Explanation | None:
        return None


class SlowVersions(MemoryVersions):
    """Takes `delay` seconds to read; is away while `is_away`."""

    delay = 0.0
    is_away = False

    async def applying(self, thread: ThreadKey) -> Any:
        await asyncio.sleep(self.delay)
        if self.is_away:
            raise StoreUnavailable
        return await super().applying(thread)


@dataclass
class Office:
    """A workspace with two admins, Ada and Joan, and one who is none, Grace."""

    workspace: SandboxWorkspace
    deployment: Rules = NO_RULES
    versions: SlowVersions = field(default_factory=SlowVersions)
    data: MemoryData = field(default_factory=MemoryData)
    grants: MemoryGrants = field(default_factory=MemoryGrants)
    now: float = 1_790_000_000.0
    drafts: MemoryDrafts = field(default_factory=MemoryDrafts)
    asked: list[Incoming] = field(default_factory=list)
    """Questions that drafts were tried with."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def votes(self) -> MemoryVotes:
        return MemoryVotes(self.data)

    @property
    def ledger(self) -> MemoryLedger:
        return MemoryLedger(self.data)

    def aside(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(asyncio.create_task(work))

    # What people do

    async def press(self, user: str, action: str, value: str, view: View | None = None) -> None:
        """Press a button of a view, or forge that of one's own Home."""
        shown = view or self.workspace.views.publish(user, BARE_HOME, "")
        pressed = {"action_id": action, "type": "button", "value": value}
        await self.workspace.interactivity.act_on_view(user, shown.id, pressed, {})
        await self.settled()

    async def edit(self, user: str, level: str = f"channel {TEAM}/{GENERAL}") -> View:
        await self.press(user, f"{editor.EDIT}:channel", level)
        return self.top(user)

    async def submit(self, user: str, view: View, **changes: object) -> None:
        named = {"prompt:line:0" if name == "prompt" else name: value for name, value in changes.items()}
        values = state(view.content["blocks"], named)
        await self.workspace.interactivity.submit(user, view.id, values)
        await self.settled()

    async def operate(self, user: str, view: View, action: str, **changes: object) -> None:
        """Press a button of a form that is filled in."""
        named = {name.replace("prompt", "prompt:line:0"): value for name, value in changes.items()}
        pressed = {"action_id": action, "type": "button"}
        values = state(view.content["blocks"], named)
        await self.workspace.interactivity.act_on_view(user, view.id, pressed, values)
        await self.settled()

    async def press_below(self, user: str, message: Message, action: str, value: str = "") -> None:
        """Press a button of a message, or forge its value."""
        blocks = message.blocks
        buttons = [
            each for block in blocks for each in (*block.get("elements", ()), block.get("accessory") or {})
        ]
        found = next((each["value"] for each in buttons if each.get("action_id") == action), "")
        pressed = {"action_id": action, "type": "button", "value": value or found}
        await self.workspace.interactivity.act_on_message(user, message.channel, message.ts, pressed, {})
        await self.settled()

    async def note(self, incoming: Incoming) -> None:
        self.asked.append(incoming)

    async def settled(self) -> None:
        await asyncio.gather(*self.tasks)

    # What is there

    def letters(self, user: str) -> list[Message]:
        """Return what the bot has written to somebody, without the replies."""
        messages = self.workspace.state.messages(self.workspace.state.im(user).id)
        return [message for message in messages if message.thread_ts is None]

    def top(self, user: str) -> View:
        return self.workspace.views.stack(user)[-1]

    def says(self, user: str) -> str:
        return str(self.top(user).content["blocks"])

    async def saved(self, level: PromptKey = CHANNEL) -> list[Steering]:
        return [version.steering for version in await self.versions.history(level, limit=99)]


@pytest.fixture
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """Open one; the parameter, if any, are the deployment's rules."""
    async with SandboxWorkspace(enforce_rates=False) as workspace:
        workspace.state.people[JOAN] = Person(id=JOAN, name="joan", real_name="Joan Clarke", color="#123456")
        office = Office(workspace, deployment=getattr(request, "param", NO_RULES))
        async with connect.web_client(workspace.bot_token, workspace.api_url) as client:
            bot, people = await connect.who_am_i(client), People(client, "T0SANDBOX")
            where = PromptKey(platform="slack", workspace=bot.workspace)
            access = Access(office.grants, where, office.deployment, clock=lambda: office.now)
            admins = Admins(client, bot.workspace, frozenset({JOAN}), access.stewards)
            doorkeeper = Gate(admins, workspace=bot.workspace, key=KEY, clock=lambda: office.now)
            editing = Editing(office.versions, Steering(prompt=Prompt("You are."), parameters={"model": "m"}))
            saving = Saving(doorkeeper, editing, people, models)
            granting = Granting(doorkeeper.apart("grants"), access, people)
            judged = Judgements(doorkeeper, office.votes, bot)
            usage = Usage(doorkeeper, office.ledger, office.versions, "EUR", clock=lambda: office.now)
            budgets = Budgets(doorkeeper.apart("budgets"), office.ledger, people, "EUR")
            steered = (
                Welcome(editing, doorkeeper.workspace),
                Admission(access, people),
                Levels(editing, doorkeeper.workspace),
            )
            home = Home(doorkeeper, (*steered, usage, budgets, judged, granting))
            reasons = Reasons(doorkeeper, editing, NoExplanations(), models, bot)
            helm = Helm(doorkeeper, home, editing, reasons, office.votes, saving, models)
            found = Finding(doorkeeper, office.versions, people)
            letters = Letters(client, bot)
            trials = Trials(
                doorkeeper, editing, office.drafts, saving, letters, models=models, ask=office.note
            )

            def add(app: AsyncApp) -> None:
                register(app, helm, Screen(client), office.aside)
                trial_listeners.register(app, trials, Screen(client), office.aside)
                finding.register(app, found, Screen(client), office.aside)
                judgements.register(app, judged, Screen(client), office.aside)
                grants_listeners.register(app, granting, Screen(client), office.aside, helm.home)
                usage_listeners.register(app, usage, budgets, helm.home, Screen(client), office.aside)

            app = slack_app(client, bot, inbox(bot, people, Nobody()), register=add)
            async with sockets(app, client, workspace.app_token, count=1):
                yield office
                await office.settled()


async def models() -> Models:
    return Models()


@pytest.fixture
def errors(office: Office) -> list[Mapping[str, str]]:
    """Collect what submissions were refused for."""
    found: list[Mapping[str, str]] = []

    def note(change: object) -> None:
        if isinstance(change, FieldsRefused):
            found.append(change.errors)

    office.workspace.state.observe(note)
    return found
