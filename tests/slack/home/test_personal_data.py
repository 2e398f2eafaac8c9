"""What people see of their data and do with it, over real sockets; and that it is only ever their own."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.core.history.feedback import Verdict
from bot.core.history.personal_data import PersonKey, StoredCounts
from bot.core.requests import Answer
from bot.core.turns import AddressingKind, Author, IncomingMessage, ThreadKey, TurnStatus
from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import WorkspaceView
from bot.slack.admin.authorization import Authorizer
from bot.slack.events.bolt_app import create_bolt_app
from bot.slack.home import HomeReader, HomeTab, personal_data
from bot.slack.home.personal_data import (
    ALREADY_RUNNING,
    DATA_SENT,
    ERASE_DATA_ACTION,
    EXPORT_FILE_NAME,
    SEND_DATA_ACTION,
    UPLOAD_FAILED,
    PersonalDataSection,
)
from bot.slack.people.directory import People
from bot.slack.people.roles import AdminRoles
from bot.slack.transport import connect
from bot.slack.transport.socket_mode import open_sockets
from bot.slack.views.listeners import Listeners
from bot.slack.views.modals import Modals
from bot.testing.personal_data import MemoryPersonalData
from bot.testing.records import MemoryVotes
from bot.testing.store import MemoryStore
from tests.slack.events.inboxes import make_inbox

ADA, GRACE = "U0ADA", "U0GRACE"
TEAM = "T0SANDBOX"
ADAS, GRACES = "D0ADA", "D0GRACE"
BARE_HOME = {"type": "home", "blocks": [{"type": "divider"}]}


class SlowData(MemoryPersonalData):
    """Takes its time to erase, and notes when it has begun."""

    delay = 0.0

    async def erase(self, of: Any, *, limit: int) -> int:
        await asyncio.sleep(self.delay)
        return await super().erase(of, limit=limit)


class Nobody:
    """Takes no message."""

    is_draining = False


@dataclass
class Office:
    """A workspace in which Ada and Grace have asked something."""

    workspace: SandboxWorkspace
    store: MemoryStore
    data: SlowData
    own: PersonalDataSection | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def aside(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(asyncio.create_task(work))

    async def ask(self, user: str, message_id: str, *, workspace: str = TEAM) -> None:
        thread = ThreadKey(platform="slack", workspace=workspace, channel="C0ENG", root=message_id)
        asked = IncomingMessage(
            thread=thread,
            message_id=message_id,
            author=Author(id=user, name=user.title()),
            text=f"Why, asks {user}?",
            addressed=AddressingKind.MENTION,
            sent_at=float(message_id),
        )
        turn = await self.store.accept(asked, claim=True)
        assert turn is not None
        await self.store.save_answer(turn, Answer(text="So."))
        await self.store.settle(turn, TurnStatus.DONE)
        await MemoryVotes(self.store.data).cast_vote(turn.id, thread, Verdict.GOOD, by=user)

    async def press(self, user: str, action: str, value: str = "", *, wait: bool = True) -> None:
        shown = self.workspace.views.publish(user, BARE_HOME, "")
        pressed = {"action_id": action, "type": "button", "value": value}
        await self.workspace.interactivity.act_on_view(user, shown.id, pressed, {})
        if wait:
            await asyncio.gather(*self.tasks)

    def says(self, user: str) -> str:
        return str(self.workspace.views.stack(user)[-1].content["blocks"])

    def home(self, user: str) -> str:
        view: WorkspaceView | None = self.workspace.views.home(user)
        assert view is not None
        return str(view.content["blocks"])

    def files(self, channel: str) -> list[Any]:
        return [file for message in self.workspace.state.messages(channel) for file in message.files]

    def content(self, file: Any) -> str:
        return self.workspace.files._files[file["id"]].content.decode()

    async def held(self, user: str) -> StoredCounts:
        return await self.data.count_stored(PersonKey(user=user))


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with SandboxWorkspace(enforce_rates=False) as workspace:
        store = MemoryStore()
        office = Office(workspace, store, SlowData(store.data))
        async with connect.open_web_client(workspace.bot_token, workspace.api_url) as client:
            bot = await connect.fetch_bot_identity(client)
            people = People(client, bot.workspace)
            office.own = own = PersonalDataSection(office.data, client, workspace=TEAM, retention=0)
            gate = Authorizer(AdminRoles(client, bot.workspace), workspace=bot.workspace, key=b"k")
            home = HomeTab(gate, (own,))

            def add(app: AsyncApp) -> None:
                personal_data.register(app, own, Listeners(Modals(client), office.aside, home))

            app = create_bolt_app(client, bot, make_inbox(bot, people, Nobody()), register=add)
            async with open_sockets(app, client, workspace.app_token, count=1):
                await office.ask(ADA, "1700000000.000100")
                await office.ask(GRACE, "1700000001.000100")
                yield office
                await asyncio.gather(*office.tasks)


async def test_everybody_has_their_own_data_sent_as_a_file(office: Office) -> None:
    """Into the direct message with the bot, whatever the button says."""
    await office.press(GRACE, SEND_DATA_ACTION, ADA)
    assert DATA_SENT in office.says(GRACE)
    assert office.files(ADAS) == []
    (file,) = office.files(GRACES)
    assert file["name"] == EXPORT_FILE_NAME
    message, vote = map(json.loads, office.content(file).splitlines())
    assert (message["text"], message["answer"]) == ("Why, asks U0GRACE?", "So.")
    assert (vote["kind"], vote["verdict"]) == ("vote", "good")
    assert "U0ADA" not in office.content(file)


async def test_everybody_erases_their_own_data_and_sees_it_in_home(office: Office) -> None:
    await office.press(GRACE, ERASE_DATA_ACTION, ADA)
    assert "Erased: 1 message," in office.says(GRACE)
    assert "no message and no vote" in office.home(GRACE)
    assert await office.held(GRACE) == StoredCounts()
    assert (await office.held(ADA)).messages == 1


async def test_data_of_another_workspace_are_not_theirs_here(office: Office) -> None:
    await office.ask(GRACE, "1700000002.000100", workspace="T2")
    await office.press(GRACE, ERASE_DATA_ACTION)
    assert (await office.held(GRACE)).messages == 1


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_without_the_scope_a_sentence_says_what_to_do(office: Office, method: str) -> None:
    office.workspace.inject_fault(method, error="missing_scope")
    await office.press(GRACE, SEND_DATA_ACTION)
    for text in ("files:write", f"bot export --user {GRACE}"):
        assert text in office.says(GRACE)
    assert office.files(GRACES) == []


@pytest.mark.parametrize("fault", [{"status": 500}, {"retry_after": 9}, {"drop": True}], ids=str)
async def test_what_passes_is_told_as_such(office: Office, fault: dict[str, Any]) -> None:
    office.workspace.inject_fault("files.getUploadURLExternal", **fault)
    await office.press(GRACE, SEND_DATA_ACTION)
    assert UPLOAD_FAILED in office.says(GRACE)


async def test_who_has_said_nothing_is_sent_nothing(office: Office) -> None:
    await office.press(GRACE, ERASE_DATA_ACTION)
    await office.press(GRACE, SEND_DATA_ACTION)
    assert "no message and no vote" in office.says(GRACE)
    assert office.files(GRACES) == []


async def test_more_than_can_be_sent_is_not(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_data, "MAX_EXPORT_BYTES", 100)
    await office.press(GRACE, SEND_DATA_ACTION)
    assert f"bot export --user {GRACE}" in office.says(GRACE)
    assert office.files(GRACES) == []


async def test_who_presses_twice_is_told_so(office: Office) -> None:
    office.data.delay = 0.2
    await office.press(GRACE, ERASE_DATA_ACTION, wait=False)
    await office.press(GRACE, ERASE_DATA_ACTION)
    assert [ALREADY_RUNNING in str(opened.arguments) for opened in office.workspace.calls("views.open")].count(
        True
    ) == 1
    assert await office.held(GRACE) == StoredCounts()


async def test_what_cannot_be_shown_is_done_all_the_same(office: Office) -> None:
    """A trigger may have expired while Slack or we were slow."""
    office.data.delay = 1.2
    office.workspace.inject_fault("views.open", error="expired_trigger_id")
    await office.press(GRACE, ERASE_DATA_ACTION)
    assert await office.held(GRACE) == StoredCounts()


async def test_home_tells_how_much_and_for_how_long(office: Office) -> None:
    await office.press(ADA, ERASE_DATA_ACTION)  # shows Home anew
    await office.ask(ADA, "1700000003.000100")
    await office.ask(ADA, "1700000004.000100")
    assert office.own is not None
    office.own._retention = 90
    shown = str(await office.own(HomeReader(user=ADA, is_admin=False)))
    for text in ("*2 messages* of yours", "*2 votes*", "90 days after its newest message"):
        assert text in shown
    assert "'style': 'danger'}}" in shown, "the confirmation warns as the button does"


async def test_home_tells_so_where_there_is_nothing(office: Office) -> None:
    assert office.own is not None
    shown = str(await office.own(HomeReader(user="U0LIN", is_admin=False)))
    assert "no message and no vote of yours. What I store is kept until you erase it here" in shown
