"""Personal data over real sockets: people export and erase their own data, and no other."""

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
from tests.slack.events.inboxes import IdleIntake, make_inbox

ADA, GRACE = "U0ADA", "U0GRACE"
TEAM = "T0SANDBOX"
ADAS, GRACES = "D0ADA", "D0GRACE"
BARE_HOME = {"type": "home", "blocks": [{"type": "divider"}]}


class SlowData(MemoryPersonalData):
    """Takes `delay` seconds to erase."""

    delay = 0.0

    async def erase(self, of: Any, *, limit: int) -> int:
        await asyncio.sleep(self.delay)
        return await super().erase(of, limit=limit)


@dataclass
class PersonalDataClient:
    """What people do in a workspace in which Ada and Grace have asked something."""

    workspace: SandboxWorkspace
    store: MemoryStore
    data: SlowData
    section: PersonalDataSection | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
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

    def shown_text(self, user: str) -> str:
        return str(self.workspace.views.stack(user)[-1].content["blocks"])

    def home_text(self, user: str) -> str:
        view: WorkspaceView | None = self.workspace.views.home(user)
        assert view is not None
        return str(view.content["blocks"])

    def files(self, channel: str) -> list[Any]:
        return [file for message in self.workspace.state.messages(channel) for file in message.files]

    def file_content(self, file: Any) -> str:
        return self.workspace.files._files[file["id"]].content.decode()

    async def count_stored(self, user: str) -> StoredCounts:
        return await self.data.count_stored(PersonKey(user=user))


@pytest.fixture
async def data_client() -> AsyncIterator[PersonalDataClient]:
    async with SandboxWorkspace(enforce_rates=False) as workspace:
        store = MemoryStore()
        data_client = PersonalDataClient(workspace, store, SlowData(store.data))
        async with connect.open_web_client(workspace.bot_token, workspace.api_url) as client:
            bot = await connect.fetch_bot_identity(client)
            people = People(client, bot.workspace)
            data_client.section = section = PersonalDataSection(data_client.data, client, workspace=TEAM, retention=0)
            authorizer = Authorizer(AdminRoles(people), workspace=bot.workspace, key=b"k")
            home = HomeTab(authorizer, (section,))

            def add(app: AsyncApp) -> None:
                personal_data.register(app, section, Listeners(Modals(client), data_client.run_in_background, home))

            app = create_bolt_app(client, bot, make_inbox(bot, people, IdleIntake()), register=add)
            async with open_sockets(app, client, workspace.app_token, count=1):
                await data_client.ask(ADA, "1700000000.000100")
                await data_client.ask(GRACE, "1700000001.000100")
                yield data_client
                await asyncio.gather(*data_client.tasks)


async def test_people_get_their_own_data_as_a_file(data_client: PersonalDataClient) -> None:
    """It goes to the person who pressed, whatever the button's value says."""
    await data_client.press(GRACE, SEND_DATA_ACTION, ADA)
    assert DATA_SENT in data_client.shown_text(GRACE)
    assert data_client.files(ADAS) == []
    (file,) = data_client.files(GRACES)
    assert file["name"] == EXPORT_FILE_NAME
    message, vote = map(json.loads, data_client.file_content(file).splitlines())
    assert (message["text"], message["answer"]) == ("Why, asks U0GRACE?", "So.")
    assert (vote["kind"], vote["verdict"]) == ("vote", "good")
    assert "U0ADA" not in data_client.file_content(file)


async def test_people_erase_their_own_data_and_home_shows_it(data_client: PersonalDataClient) -> None:
    await data_client.press(GRACE, ERASE_DATA_ACTION, ADA)
    assert "Erased: 1 message," in data_client.shown_text(GRACE)
    assert "no message and no vote" in data_client.home_text(GRACE)
    assert await data_client.count_stored(GRACE) == StoredCounts()
    assert (await data_client.count_stored(ADA)).messages == 1


async def test_data_of_another_workspace_stays(data_client: PersonalDataClient) -> None:
    await data_client.ask(GRACE, "1700000002.000100", workspace="T2")
    await data_client.press(GRACE, ERASE_DATA_ACTION)
    assert (await data_client.count_stored(GRACE)).messages == 1


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_without_the_scope_a_sentence_says_what_to_do(data_client: PersonalDataClient, method: str) -> None:
    data_client.workspace.inject_fault(method, error="missing_scope")
    await data_client.press(GRACE, SEND_DATA_ACTION)
    for text in ("files:write", f"bot export --user {GRACE}"):
        assert text in data_client.shown_text(GRACE)
    assert data_client.files(GRACES) == []


@pytest.mark.parametrize("fault", [{"status": 500}, {"retry_after": 9}, {"drop": True}], ids=str)
async def test_a_temporary_failure_is_shown_as_one(data_client: PersonalDataClient, fault: dict[str, Any]) -> None:
    data_client.workspace.inject_fault("files.getUploadURLExternal", **fault)
    await data_client.press(GRACE, SEND_DATA_ACTION)
    assert UPLOAD_FAILED in data_client.shown_text(GRACE)


async def test_a_person_without_data_is_sent_no_file(data_client: PersonalDataClient) -> None:
    await data_client.press(GRACE, ERASE_DATA_ACTION)
    await data_client.press(GRACE, SEND_DATA_ACTION)
    assert "no message and no vote" in data_client.shown_text(GRACE)
    assert data_client.files(GRACES) == []


async def test_an_export_that_is_too_large_is_not_sent(
    data_client: PersonalDataClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_data, "MAX_EXPORT_BYTES", 100)
    await data_client.press(GRACE, SEND_DATA_ACTION)
    assert f"bot export --user {GRACE}" in data_client.shown_text(GRACE)
    assert data_client.files(GRACES) == []


async def test_a_second_press_is_refused_while_the_first_runs(data_client: PersonalDataClient) -> None:
    data_client.data.delay = 0.2
    await data_client.press(GRACE, ERASE_DATA_ACTION, wait=False)
    await data_client.press(GRACE, ERASE_DATA_ACTION)
    assert [ALREADY_RUNNING in str(opened.arguments) for opened in data_client.workspace.calls("views.open")].count(
        True
    ) == 1
    assert await data_client.count_stored(GRACE) == StoredCounts()


async def test_data_is_erased_even_if_no_view_opens(data_client: PersonalDataClient) -> None:
    """A trigger may expire while Slack or the bot is slow."""
    data_client.data.delay = 1.2
    data_client.workspace.inject_fault("views.open", error="expired_trigger_id")
    await data_client.press(GRACE, ERASE_DATA_ACTION)
    assert await data_client.count_stored(GRACE) == StoredCounts()


async def test_home_shows_how_much_is_stored_and_for_how_long(data_client: PersonalDataClient) -> None:
    await data_client.press(ADA, ERASE_DATA_ACTION)  # shows Home anew
    await data_client.ask(ADA, "1700000003.000100")
    await data_client.ask(ADA, "1700000004.000100")
    assert data_client.section is not None
    data_client.section._retention = 90
    shown = str(await data_client.section(HomeReader(user=ADA, is_admin=False)))
    for text in ("*2 messages* of yours", "*2 votes*", "90 days after its newest message"):
        assert text in shown
    assert "'style': 'danger'}}" in shown, "the confirmation warns as the button does"


async def test_home_says_that_nothing_is_stored(data_client: PersonalDataClient) -> None:
    assert data_client.section is not None
    shown = str(await data_client.section(HomeReader(user="U0LIN", is_admin=False)))
    assert "no message and no vote of yours. What I store is kept until you erase it here" in shown
