"""From Slack to the intake, over real sockets: an event is acknowledged when it is recorded, not before."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.core.errors import StoreUnavailable
from bot.core.turns import AddressingKind, ThreadKey
from bot.ports import Page
from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import NoticeShown, WorkspaceChange
from bot.slack.events import inbox
from tests.slack.events.recorded_intake import ADA, DIRECT, GENERAL, GRACE, RecordedIntake, connected
from tests.slack.transport.waiting import acknowledged, until


async def test_a_message_arrives_with_names_instead_of_ids(
    workspace: SandboxWorkspace,
) -> None:
    intake = RecordedIntake()
    async with connected(workspace, intake):
        ts = await workspace.say(ADA, GENERAL, "<@U0BOT> ask <@U0GRACE> in <#C0ENG> & elsewhere")
        await until(lambda: acknowledged(workspace) == 2)
    (incoming,) = intake.asked
    assert incoming.text == "ask @grace in #engineering & elsewhere"
    assert incoming.author.name == "ada"
    assert (incoming.message_id, incoming.sent_at) == (ts, float(ts))
    assert incoming.delivery


@pytest.mark.parametrize("delay", [0.0, 0.2], ids=["recorded", "being recorded"])
async def test_a_mention_is_delivered_twice_and_recorded_once(workspace: SandboxWorkspace, delay: float) -> None:
    """Both events are acknowledged after the recording; if the first fails, the second tries again."""
    intake = RecordedIntake()

    async def fail_once() -> None:
        await asyncio.sleep(delay)
        if len(intake.asked) == 1:
            raise StoreUnavailable

    intake.before_recording = fail_once
    async with connected(workspace, intake):
        await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        await until(lambda: acknowledged(workspace) == 2)
        assert [note[0] for note in intake.notes] == ["asked"]
        assert len(intake.asked) == 2, "one attempt failed, one succeeded"
        await workspace.say(ADA, GENERAL, "<@U0BOT> hi")
        await until(lambda: acknowledged(workspace) == 4)
    assert len(intake.notes) == 2, "another message with the same text"


async def test_names_are_looked_up_once(workspace: SandboxWorkspace) -> None:
    intake = RecordedIntake()
    async with connected(workspace, intake):
        for number in (1, 2):
            for _ in range(3):
                await workspace.say(ADA, DIRECT, "hi")
            await until(lambda: len(intake.asked) == 3 * number)  # noqa: B023 - it ends with the iteration
    assert len(workspace.calls("users.info")) == 1


async def test_a_missing_name_does_not_delay_the_question(workspace: SandboxWorkspace) -> None:
    intake = RecordedIntake()
    workspace.inject_fault("users.info", delay=30, times=9)
    async with connected(workspace, intake):
        await workspace.say(ADA, DIRECT, "hi")
        await until(lambda: intake.asked)
    assert intake.asked[0].author.name == ""


async def test_an_event_that_was_not_recorded_is_repeated(workspace: SandboxWorkspace) -> None:
    intake = RecordedIntake()

    async def fail_once() -> None:
        if len(intake.asked) == 1:
            raise StoreUnavailable

    intake.before_recording = fail_once
    async with connected(workspace, intake):
        await workspace.say(ADA, DIRECT, "hi")
        await until(lambda: intake.notes)
    assert intake.asked[0] == intake.asked[1]


async def test_a_slow_recording_is_refused_but_not_cancelled(
    workspace: SandboxWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit cannot be cancelled: it would be recorded without the bot knowing."""
    monkeypatch.setattr(inbox, "RECORD_TIMEOUT_SECONDS", 0.1)
    released = asyncio.Event()
    intake = RecordedIntake(before_recording=released.wait)
    with capture_logs() as logs:
        async with connected(workspace, intake):
            await workspace.say(ADA, DIRECT, "hi")
            await until(lambda: sum(line["action"] == "event_not_taken" for line in logs) == 2)
            assert (acknowledged(workspace), intake.notes) == (0, [])
            assert len(intake.deliveries) == 1, "the repeated delivery waits for the first"
            released.set()
            await until(lambda: acknowledged(workspace))
    assert intake.notes


async def test_a_draining_process_records_nothing(workspace: SandboxWorkspace) -> None:
    """Slack delivers it again, to another process."""
    ending, staying = RecordedIntake(is_draining=True), RecordedIntake()
    with capture_logs() as logs:
        async with connected(workspace, ending):
            await workspace.say(ADA, DIRECT, "hi")
            await until(lambda: any(line["action"] == "event_not_taken" for line in logs))
    async with connected(workspace, staying):
        await until(lambda: staying.asked)
    assert ending.asked == []


async def test_a_thread_is_recorded_in_the_order_in_which_it_was_written(workspace: SandboxWorkspace) -> None:
    """Although Ada's name takes longer to look up than Grace's, and each delivery has its own task."""
    intake = RecordedIntake()
    async with connected(workspace, intake):
        await workspace.say(GRACE, "D0GRACE", "hello")
        await until(lambda: intake.notes)
        workspace.inject_fault("users.info", delay=0.3)
        root = await workspace.say(ADA, GENERAL, "<@U0BOT> 0")
        await workspace.say(GRACE, GENERAL, "<@U0BOT> 1", thread_ts=root)
        reply = await workspace.say(GRACE, GENERAL, "2", thread_ts=root)
        await workspace.edit(GRACE, GENERAL, reply, "3")
        await workspace.delete(GRACE, GENERAL, reply)
        await workspace.say(GRACE, "D0GRACE", "elsewhere")
        await until(lambda: len(intake.notes) == 7)
    noted = [note[0] if note[0] == "forgotten" else note[-1] for note in intake.notes[1:]]
    assert noted[0] == "elsewhere", "other threads do not wait"
    assert noted[1:] == ["0", "1", "2", "3", "forgotten"]


async def test_edits_and_deletions_are_recorded(workspace: SandboxWorkspace) -> None:
    intake = RecordedIntake()
    async with connected(workspace, intake):
        ts = await workspace.say(ADA, GENERAL, "<@U0BOT> before")
        await until(lambda: len(intake.notes) == 1)
        await workspace.edit(ADA, GENERAL, ts, "<@U0BOT> after, <@U0GRACE>")
        await until(lambda: len(intake.notes) == 3)
        await workspace.delete(ADA, GENERAL, ts)
        await until(lambda: len(intake.notes) == 4)
        await until(lambda: acknowledged(workspace) == 5)
    assert intake.notes[1:] == [("reworded", ts, "after, @grace")] * 2 + [("forgotten", ts)]
    assert len(set(intake.deliveries)) == 4, "each has its own id"


async def test_the_first_message_of_a_thread_is_forgotten_too(workspace: SandboxWorkspace) -> None:
    """Slack replaces it by a tombstone and reports an edit."""
    intake = RecordedIntake()
    async with connected(workspace, intake) as surface:
        root = await workspace.say(ADA, DIRECT, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root)
        answer = await surface.post(thread, Page(turn=1, number=0, text="hello"))
        await workspace.delete(ADA, DIRECT, root)
        await until(lambda: ("forgotten", root) in intake.notes)
        await surface.delete_message(thread, answer)
        await until(lambda: acknowledged(workspace) == 5)
    assert intake.notes.count(("forgotten", root)) == 1, "later deletions are of bots' messages"
    assert workspace.thread(DIRECT, root) == []


async def test_the_bots_own_messages_are_no_edits_or_deletions(workspace: SandboxWorkspace) -> None:
    intake = RecordedIntake()
    async with connected(workspace, intake) as surface:
        root = await workspace.say(ADA, DIRECT, "hi")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=DIRECT, root=root)
        answer = await surface.post(thread, Page(turn=1, number=0, text="one"))
        await surface.edit(thread, answer, Page(turn=1, number=0, text="two"))
        await surface.delete_message(thread, answer)
        await until(lambda: acknowledged(workspace) == 4)
    assert intake.notes == [("asked", root, "hi")]


async def test_unhandled_deliveries_are_acknowledged(workspace: SandboxWorkspace) -> None:
    """Otherwise Slack would repeat it, or show people an error."""
    intake = RecordedIntake()
    changes: list[WorkspaceChange] = []
    workspace.state.observe(changes.append)
    async with connected(workspace, intake) as surface:
        ts = await workspace.say(ADA, GENERAL, "not for the bot")
        thread = ThreadKey(platform="slack", workspace="T0SANDBOX", channel=GENERAL, root=ts)
        message = await surface.post(thread, Page(turn=1, number=0, text="hello"))
        foreign = {"type": "button", "block_id": "b", "action_id": "of_another_version", "value": "7"}
        await workspace.interactivity.act_on_message(ADA, GENERAL, message, foreign, {})
        malformed = {"type": "button", "block_id": "b", "action_id": "turn_retry", "value": "x"}
        await workspace.interactivity.act_on_message(ADA, GENERAL, message, malformed, {})
        await workspace.interactivity.command(ADA, GENERAL, "/unknown", "")
        await workspace.interactivity.shortcut(ADA, "unknown", "", "")
        await workspace.interactivity.shortcut(ADA, "unknown", GENERAL, message)
        workspace.interactivity.open_home(ADA, "home")
        workspace.interactivity.stop(ADA, GENERAL, ts)
        await until(lambda: acknowledged(workspace) == 9)
    assert intake.notes == []
    assert not [change for change in changes if isinstance(change, NoticeShown)]


@pytest.mark.parametrize(("follow", "why"), [(False, AddressingKind.OVERHEARD), (True, AddressingKind.REPLY)])
async def test_replies_without_a_mention_ask_only_if_threads_are_followed(
    workspace: SandboxWorkspace, follow: bool, why: AddressingKind
) -> None:
    intake = RecordedIntake()
    async with connected(workspace, intake, follow=follow):
        root = await workspace.say(ADA, GENERAL, "a thread")
        await workspace.say(ADA, GENERAL, "a reply", thread_ts=root)
        await workspace.say(ADA, DIRECT, "the end")
        await until(lambda: "the end" in intake.texts)
    assert {each.text: each.addressed for each in intake.asked} == {
        "a reply": why,
        "the end": AddressingKind.DIRECT,
    }


async def test_texts_of_people_are_not_logged(workspace: SandboxWorkspace) -> None:
    intake = RecordedIntake()

    async def fail() -> None:
        raise StoreUnavailable("secret words")

    intake.before_recording = fail
    with capture_logs() as logs:
        async with connected(workspace, intake):
            await workspace.say(ADA, DIRECT, "secret words")
            await until(lambda: any(line["action"] == "intake_failed" for line in logs))
    assert "secret" not in str(logs)
