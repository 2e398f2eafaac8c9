"""The assistant status, against the sandbox: status, session and title, and Slack's refusals."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import SurfaceGone
from bot.core.turns import Author, ThreadKey, Turn, TurnStatus
from bot.ports import Page
from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import AgentSession
from bot.slack.people.directory import People
from bot.slack.surface import SlackSurface, assistant_status
from bot.slack.surface.native_streams import StreamingMode
from bot.slack.transport import connect
from bot.slack.transport.unavailable_features import UNSUPPORTED_ERRORS

DIRECT, GENERAL = "D0ADA", "C0GENERAL"
SESSION, STATUS, TITLE = (
    "agents.sessions.setStatus",
    "assistant.threads.setStatus",
    "assistant.threads.setTitle",
)


@pytest.fixture(params=[StreamingMode.AUTO, StreamingMode.EDITS])
async def other_surface(client: AsyncWebClient, request: pytest.FixtureRequest) -> SlackSurface:
    """Return the surface of another process."""
    bot, people = await connect.fetch_bot_identity(client), People(client, "T0SANDBOX")
    return SlackSurface(client, bot, people, streaming=request.param)


async def asked(workspace: SandboxWorkspace, channel: str = DIRECT) -> Turn:
    root = await workspace.say("U0ADA", channel, "## How does **rain** form?\nIn detail.")
    return Turn(
        id=7,
        thread=ThreadKey(platform="slack", workspace="T0SANDBOX", channel=channel, root=root),
        message_id=root,
        author=Author(id="U0ADA"),
        question="## How does **rain** form?\nIn detail.",
        status=TurnStatus.ANSWERING,
        token=1,
    )


def page(text: str, *, ends: bool = True) -> Page:
    return Page(turn=7, number=0, text=text, is_last=ends)


def refuse_signs(workspace: SandboxWorkspace) -> None:
    """Let Slack refuse the next status of either kind for lack of room."""
    workspace.inject_fault(SESSION, retry_after=1)
    workspace.inject_fault(STATUS, retry_after=1)


def stands(workspace: SandboxWorkspace, turn: Turn) -> AgentSession | None:
    return workspace.sessions.get((turn.thread.channel, turn.thread.root))


def made(workspace: SandboxWorkspace) -> list[str]:
    kinds = ("agents.", "assistant.", "chat.")
    return [call.method for call in workspace.calls() if call.method.startswith(kinds)]


async def test_a_streamed_answer_costs_one_more_call(workspace: SandboxWorkspace, surface: SlackSurface) -> None:
    """The session's state and title are set in one call; the end of the stream resets the state."""
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True, begins=True)
    assert stands(workspace, turn) == AgentSession(status="processing", title="How does rain form?")
    growing = await surface.start_message(turn, page("Drops", ends=False))
    assert growing is not None
    await growing.append_page(page("Drops fall."), last=True)
    assert stands(workspace, turn) == AgentSession(status="active", title="How does rain form?")
    assert made(workspace) == [SESSION, "chat.startStream", "chat.stopStream"]
    assert workspace.calls(SESSION)[0].arguments["initiator_user_id"] == "U0ADA"


async def test_only_the_first_question_sets_the_title(workspace: SandboxWorkspace, surface: SlackSurface) -> None:
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True)
    assert stands(workspace, turn) == AgentSession(status="processing", title="")


async def test_between_two_messages_of_an_answer_the_session_continues(
    workspace: SandboxWorkspace, surface: SlackSurface
) -> None:
    turn = await asked(workspace)
    first = await surface.start_message(turn, page("One", ends=False))
    assert first is not None
    await first.append_page(page("One.", ends=False), last=True)
    assert stands(workspace, turn) == AgentSession(status="processing")
    second = await surface.post(turn.thread, page("Two", ends=False))
    assert stands(workspace, turn) == AgentSession(status="processing"), "a post ends no session"
    await surface.edit(turn.thread, second, page("Two."))
    assert stands(workspace, turn) == AgentSession(status="active")


@pytest.mark.parametrize("way", ["posted", "edited", "refused", "ended early"])
async def test_a_session_is_idle_however_its_answer_ends(
    workspace: SandboxWorkspace, surface: SlackSurface, way: str
) -> None:
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True)
    match way:
        case "posted":
            await surface.post(turn.thread, page("One."))
        case "edited":
            await surface.edit(turn.thread, await surface.post(turn.thread, page("One", ends=False)), page("One."))
        case "refused":
            workspace.inject_fault("chat.startStream", error="missing_recipient_user_id")
            assert await surface.start_message(turn, page("One", ends=False)) is None
            await surface.post(turn.thread, page("One."))
        case _:
            growing = await surface.start_message(turn, page("One", ends=False))
            assert growing is not None
            workspace.interactivity.stop("U0ADA", DIRECT, turn.thread.root)
            with pytest.raises(SurfaceGone):
                await growing.append_page(page("One."), last=True)
            await surface.edit(turn.thread, growing.message_id, page("One."))
    assert stands(workspace, turn) == AgentSession(status="active")
    assert not workspace.statuses


async def test_the_session_of_a_dead_process_is_ended(
    workspace: SandboxWorkspace, surface: SlackSurface, other_surface: SlackSurface
) -> None:
    """By another process, which knows nothing about it and may show answers in another way."""
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True)
    assert await surface.start_message(turn, page("One", ends=False))
    await other_surface.show_working(turn, busy=False)
    assert stands(workspace, turn) == AgentSession(status="active")
    assert not workspace.statuses


async def test_the_session_of_a_dead_process_is_ended_with_the_answer(
    workspace: SandboxWorkspace, surface: SlackSurface, other_surface: SlackSurface
) -> None:
    """Also if the other process had no room for its own status, and posts the answer."""
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True)
    refuse_signs(workspace)
    await other_surface.show_working(replace(turn, token=2, attempt=2), busy=True)
    await other_surface.post(turn.thread, page("One."))
    await workspace.wait_until(lambda: stands(workspace, turn) == AgentSession(status="active"), 10)


@pytest.mark.parametrize("error", sorted(UNSUPPORTED_ERRORS))
async def test_without_sessions_a_status_and_a_title_are_set(
    workspace: SandboxWorkspace, surface: SlackSurface, error: str
) -> None:
    """Methods that Slack does not offer are remembered."""
    workspace.inject_fault(SESSION, error=error)
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True, begins=True)
    assert made(workspace) == [SESSION, STATUS, TITLE]
    assert workspace.statuses[DIRECT, turn.thread.root].loading_messages == assistant_status.LOADING_MESSAGES
    assert stands(workspace, turn) == AgentSession(title="How does rain form?")
    await surface.show_working(turn, busy=True)
    await surface.show_working(turn, busy=False)
    assert made(workspace)[3:] == [STATUS, STATUS]
    assert not workspace.statuses


@pytest.mark.parametrize("error", ["invalid_thread_ts", "not_authorized", "fatal_error"])
async def test_an_error_of_one_thread_does_not_affect_others(
    workspace: SandboxWorkspace, surface: SlackSurface, error: str
) -> None:
    workspace.inject_fault(SESSION, error=error)
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True)
    await surface.show_working(turn, busy=True)
    assert made(workspace) == [SESSION, STATUS, SESSION]


@pytest.mark.parametrize("error", ["ratelimited", "missing_scope", "fatal_error"])
async def test_a_session_that_slack_does_not_end_is_ended_by_a_status(
    workspace: SandboxWorkspace, surface: SlackSurface, error: str
) -> None:
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True)
    workspace.inject_fault(SESSION, error=error)
    await surface.post(turn.thread, page("One."))
    assert stands(workspace, turn) == AgentSession(status="active")


@pytest.mark.parametrize("method", [STATUS, TITLE])
async def test_methods_that_are_unavailable_are_called_once(
    workspace: SandboxWorkspace, surface: SlackSurface, method: str
) -> None:
    workspace.inject_fault(SESSION, error="feature_disabled")
    workspace.inject_fault(method, error="missing_scope")
    turn = await asked(workspace)
    for _ in range(3):
        await surface.show_working(turn, busy=True, begins=True)
    assert len(workspace.calls(method)) == 1


async def test_a_channel_gets_a_status_only(workspace: SandboxWorkspace, surface: SlackSurface) -> None:
    turn = await asked(workspace, GENERAL)
    await surface.show_working(turn, busy=True, begins=True)
    await surface.post(turn.thread, page("One.", ends=False))
    await surface.show_working(turn, busy=True)
    await surface.show_working(turn, busy=False)
    assert made(workspace) == [STATUS, "chat.postMessage", STATUS, STATUS]
    assert not workspace.statuses


async def test_a_question_without_words_sets_no_title(workspace: SandboxWorkspace, surface: SlackSurface) -> None:
    turn = replace(await asked(workspace), question=" \n**  **\n")
    await surface.show_working(turn, busy=True, begins=True)
    assert "title" not in workspace.calls(SESSION)[0].arguments


async def test_after_a_429_no_call_is_made_until_it_is_over(workspace: SandboxWorkspace, surface: SlackSurface) -> None:
    """Nothing waits meanwhile. Afterwards the calls that end a session go first."""
    refuse_signs(workspace)
    turn = await asked(workspace)
    began = time.monotonic()
    for _ in range(3):
        await surface.show_working(turn, busy=True)
    assert time.monotonic() - began < 0.5
    assert made(workspace) == [SESSION, STATUS]
    await asyncio.sleep(1.2)
    await surface.show_working(turn, busy=False)
    assert made(workspace) == [SESSION, STATUS, SESSION]


async def test_many_questions_at_once_cause_no_429_and_end_idle(
    workspace: SandboxWorkspace, surface: SlackSurface
) -> None:
    """Threads without room for a session get an assistant status, whose limit is higher."""
    turns = [await asked(workspace) for _ in range(60)]
    await asyncio.gather(*(surface.show_working(turn, busy=True) for turn in turns))
    shown = workspace.statuses
    assert len(shown) > 50
    await asyncio.gather(*(surface.post(turn.thread, page("One.")) for turn in turns[:9]))
    await asyncio.gather(*(surface.show_working(turn, busy=False) for turn in turns[9:]))
    await workspace.wait_until(lambda: not workspace.statuses, 30)
    assert {session.status for session in workspace.sessions.values()} == {"active"}
    answers = [call.response.get("error") for call in workspace.calls() if call.method in (SESSION, STATUS)]
    assert "ratelimited" not in answers


@pytest.mark.parametrize("fault", [{"retry_after": 1}, {"status": 500}, {"drop": True}], ids=str)
async def test_a_session_that_slack_does_not_end_now_is_ended_later(
    workspace: SandboxWorkspace, surface: SlackSurface, fault: dict[str, Any]
) -> None:
    """In the background."""
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True)
    workspace.inject_fault(SESSION, **fault)
    workspace.inject_fault(STATUS, **fault)
    began = time.monotonic()
    await surface.post(turn.thread, page("One."))
    assert time.monotonic() - began < 0.5
    await workspace.wait_until(lambda: stands(workspace, turn) == AgentSession(status="active"), 10)
    assert not workspace.statuses


async def test_a_late_reset_does_not_end_the_next_answers_status(
    workspace: SandboxWorkspace, surface: SlackSurface
) -> None:
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True)
    refuse_signs(workspace)
    await surface.post(turn.thread, page("One."))
    assert await surface.start_message(turn, page("Two", ends=False))
    await asyncio.sleep(2.5)
    assert stands(workspace, turn) == AgentSession(status="processing")


async def test_a_pending_reset_happens_at_the_end_of_the_next_answer(
    workspace: SandboxWorkspace, surface: SlackSurface
) -> None:
    """Also if the next answer had no status of its own."""
    turn = await asked(workspace)
    await surface.show_working(turn, busy=True)
    refuse_signs(workspace)
    await surface.post(turn.thread, page("One."))
    await surface.show_working(turn, busy=True)
    await surface.post(turn.thread, page("Two."))
    await workspace.wait_until(lambda: stands(workspace, turn) == AgentSession(status="active"), 10)
