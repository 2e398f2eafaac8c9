"""Actions on answers over real sockets, by button, word or shortcut: what happens and who may."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.core.turns import Action, ThreadKey
from bot.ports import Page
from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import NoticeShown, WorkspaceChange
from bot.slack.events.answer_actions import ANSWER_AGAIN_ID
from bot.slack.events.bolt_app import create_bolt_app
from bot.slack.events.ephemeral_replies import (
    ANSWER_ENDED,
    CHANGE_NOT_ALLOWED,
    NOT_AN_ANSWER,
    STOP_NOT_ALLOWED,
)
from bot.slack.people.directory import People
from bot.slack.transport import connect
from bot.slack.transport.bolt_dispatch import dispatch_payload
from tests.slack.events.inboxes import make_inbox
from tests.slack.events.recorded_intake import ADA, DIRECT, GENERAL, GRACE, RecordedIntake, connected
from tests.slack.rendering.test_buttons import body
from tests.slack.transport.waiting import until


@pytest.fixture
async def patient() -> AsyncIterator[SandboxWorkspace]:
    """Wait for acknowledgements as long as Slack does."""
    async with SandboxWorkspace() as running:
        yield running


async def test_a_button_asks_for_a_new_answer_and_only_its_owner_may(patient: SandboxWorkspace) -> None:
    """Another person is refused after a second attempt, because the answer may just be ending."""
    workspace = patient
    intake = RecordedIntake(owner=ADA, is_draining=True)  # a button is not delivered again: it must work even then
    changes: list[WorkspaceChange] = []
    workspace.state.observe(changes.append)
    async with connected(workspace, intake) as surface:
        root = await workspace.say(ADA, GENERAL, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=root)
        page = Page(turn=7, number=0, text="It failed.", actions=(Action.RETRY,))
        ts = await surface.post(thread, page)
        shown = workspace.state.message(GENERAL, ts).blocks[-1]
        press = {**shown["elements"][0], "block_id": shown["block_id"]}
        for person in (ADA, GRACE):
            await workspace.interactivity.act_on_message(person, GENERAL, ts, press, {})
    assert [note for note in intake.notes if note[0] == "retried"] == [
        ("retried", 7, root, ADA),
        ("retried", 7, root, GRACE),
        ("retried", 7, root, GRACE),
    ]
    notices = [change for change in changes if isinstance(change, NoticeShown)]
    assert [(notice.user, notice.thread_ts, notice.text) for notice in notices] == [(GRACE, root, CHANGE_NOT_ALLOWED)]


async def test_a_button_asks_to_go_on(workspace: SandboxWorkspace) -> None:
    intake = RecordedIntake(owner=ADA)
    async with connected(workspace, intake) as surface:
        root = await workspace.say(ADA, DIRECT, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root)
        ts = await surface.post(thread, Page(turn=7, number=0, text="Half", actions=(Action.CONTINUE,)))
        press = workspace.state.message(DIRECT, ts).blocks[-1]["elements"][0]
        await workspace.interactivity.act_on_message(ADA, DIRECT, ts, press, {})
    assert ("gone on", 7, root, ADA) in intake.notes


async def test_a_press_that_slack_delivers_again_acts_once(workspace: SandboxWorkspace) -> None:
    """Although its button does not say under which token it was written."""
    intake = RecordedIntake(owner="U1")
    async with connect.open_web_client(workspace.bot_token, workspace.api_url) as client:
        bot = await connect.fetch_bot_identity(client)
        app = create_bolt_app(client, bot, make_inbox(bot, People(client, bot.workspace), intake))
        first = {**body(), "trigger_id": "1.2.a"}
        with capture_logs() as logs:
            for press in (first, first, {**first, "trigger_id": "1.3.b"}, first):
                assert (await dispatch_payload(app, press, {})).status == 200
    assert [note[0] for note in intake.notes] == ["retried", "retried"]
    assert [line["action"] for line in logs] == ["press_repeated"] * 2


@pytest.mark.parametrize("action", [Action.PREVIOUS, Action.NEXT, Action.CHOOSE])
async def test_a_button_flips_or_chooses(workspace: SandboxWorkspace, action: Action) -> None:
    intake = RecordedIntake(owner=ADA)
    async with connected(workspace, intake) as surface:
        root = await workspace.say(ADA, DIRECT, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root)
        ts = await surface.post(thread, Page(turn=7, number=0, text="One.", actions=(action,)))
        press = workspace.state.message(DIRECT, ts).blocks[-1]["elements"][0]
        await workspace.interactivity.act_on_message(ADA, DIRECT, ts, press, {})
    assert (str(action), 7, root, ADA) in intake.notes


async def test_a_button_is_acknowledged_even_if_the_reply_fails(
    patient: SandboxWorkspace,
) -> None:
    workspace = patient
    intake = RecordedIntake(owner="")
    changes: list[WorkspaceChange] = []
    workspace.state.observe(changes.append)
    workspace.inject_fault("chat.postEphemeral", error="user_not_in_channel")
    async with connected(workspace, intake) as surface:
        root = await workspace.say(ADA, DIRECT, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root)
        ts = await surface.post(thread, Page(turn=7, number=0, text="It failed.", actions=(Action.RETRY,)))
        press = workspace.state.message(DIRECT, ts).blocks[-1]["elements"][0]
        await workspace.interactivity.act_on_message(ADA, DIRECT, ts, press, {})
    assert not [change for change in changes if isinstance(change, NoticeShown)]


@pytest.mark.parametrize("word", ["stop", "<@U0BOT> Stop!", "please stop", "<@U0BOT>, stop it now please."])
async def test_the_word_stop_stops_a_running_answer(workspace: SandboxWorkspace, word: str) -> None:
    """The request names the person, thread and message; no reply is sent."""
    intake = RecordedIntake(is_running=True)
    async with connected(workspace, intake):
        root = await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        await until(lambda: intake.asked)
        ts = await workspace.say(ADA, GENERAL, word, thread_ts=root)
        await until(lambda: len(intake.stops) == (2 if "<@U0BOT>" in word else 1))
    assert {(stop.thread.root, stop.requested_by, stop.message_id) for stop in intake.stops} == {(root, ADA, ts)}
    assert {incoming.message_id for incoming in intake.asked} == {root}
    assert not workspace.calls("chat.postEphemeral")


@pytest.mark.parametrize("word", ["Don't stop", "stop the press", "Why stop?", "stopping"])
async def test_a_message_with_more_than_stop_is_a_question(workspace: SandboxWorkspace, word: str) -> None:
    intake = RecordedIntake(is_running=True)
    async with connected(workspace, intake):
        await workspace.say(ADA, DIRECT, word)
        await until(lambda: intake.asked)
    assert intake.texts == [word]
    assert intake.stops == []


async def test_stop_is_a_question_if_no_answer_runs(workspace: SandboxWorkspace) -> None:
    intake = RecordedIntake(is_running=False)
    async with connected(workspace, intake):
        await workspace.say(ADA, DIRECT, "stop")
        await until(lambda: intake.asked)
    assert intake.texts == ["stop"]
    assert intake.asked[0].author.name == "ada"


async def test_only_the_person_who_asked_and_admins_may_stop(workspace: SandboxWorkspace) -> None:
    """Whether Grace is an admin is looked up only because the answer is not hers."""
    changes: list[WorkspaceChange] = []
    workspace.state.observe(changes.append)
    intake = RecordedIntake(owner=ADA, is_running=True)
    async with connected(workspace, intake):
        root = await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        await workspace.say(GRACE, GENERAL, "stop", thread_ts=root)
        await until(lambda: notices(changes))
        intake.admins = frozenset({GRACE})
        await workspace.say(GRACE, GENERAL, "stop", thread_ts=root)
        await until(lambda: len(intake.stops) == 3)
    assert notices(changes) == [(GRACE, root, STOP_NOT_ALLOWED)]
    assert [stop.is_by_admin for stop in intake.stops] == [False, False, True]


async def test_slacks_own_stop_is_a_stop_without_a_message(workspace: SandboxWorkspace) -> None:
    intake = RecordedIntake(is_running=True)
    async with connected(workspace, intake):
        root = await workspace.say(ADA, DIRECT, "hi")
        workspace.interactivity.stop(ADA, DIRECT, root)
        await until(lambda: intake.stops)
    (stop,) = intake.stops
    assert (stop.thread.root, stop.requested_by, stop.message_id, stop.turn) == (root, ADA, "", None)
    assert stop.delivery, "Slack may deliver it again"


@pytest.mark.parametrize("is_running", [True, False])
async def test_the_stop_button_names_its_answer(workspace: SandboxWorkspace, *, is_running: bool) -> None:
    """A person who presses too late is changes."""
    changes: list[WorkspaceChange] = []
    workspace.state.observe(changes.append)
    intake = RecordedIntake(owner=ADA, is_running=is_running)
    async with connected(workspace, intake) as surface:
        root = await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=root)
        ts = await surface.post(thread, Page(turn=7, number=0, text="It grows", actions=(Action.STOP,)))
        shown = workspace.state.message(GENERAL, ts).blocks[-1]
        press = {**shown["elements"][0], "block_id": shown["block_id"]}
        for person in (ADA, GRACE):
            await workspace.interactivity.act_on_message(person, GENERAL, ts, press, {})
    assert [(stop.turn, stop.requested_by) for stop in intake.stops] == [(7, ADA), (7, GRACE)]
    refused = [(GRACE, root, STOP_NOT_ALLOWED)] if is_running else [(each, root, ANSWER_ENDED) for each in (ADA, GRACE)]
    assert notices(changes) == refused


async def test_the_shortcut_asks_for_another_answer(workspace: SandboxWorkspace) -> None:
    """On the answer or its question, by the person who asked or an admin; others are refused."""
    changes: list[WorkspaceChange] = []
    workspace.state.observe(changes.append)
    intake = RecordedIntake(owner=ADA)
    async with connected(workspace, intake) as surface:
        root = await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=root)
        ts = await surface.post(thread, Page(turn=7, number=0, text="Hi."))
        for person in (ADA, GRACE):
            await workspace.interactivity.shortcut(person, ANSWER_AGAIN_ID, GENERAL, ts)
        intake.admins = frozenset({GRACE})
        await workspace.interactivity.shortcut(GRACE, ANSWER_AGAIN_ID, GENERAL, root)
    wanted = [note for note in intake.notes if note[0] == "again"]
    assert wanted == [
        ("again", ts, root, ADA),
        ("again", ts, root, GRACE),
        *[("again", root, root, GRACE)] * 2,
    ]
    assert notices(changes) == [(GRACE, root, NOT_AN_ANSWER)]


def notices(changes: list[WorkspaceChange]) -> list[tuple[str, str | None, str]]:
    """Return each ephemeral reply: the person, the text and the thread."""
    found = [change for change in changes if isinstance(change, NoticeShown)]
    return [(notice.user, notice.thread_ts, notice.text) for notice in found]
