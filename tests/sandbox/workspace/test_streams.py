"""Native streams: required arguments, lifetime, how they end; and the status of a thread."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import Json
from tests.sandbox.clients import SettableClock

RECIPIENT: dict[str, Any] = {"recipient_user_id": "U0ADA", "recipient_team_id": "T0SANDBOX"}


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
async def workspace(clock: SettableClock) -> AsyncIterator[SandboxWorkspace]:
    async with SandboxWorkspace(clock=clock) as running:
        yield running


@pytest.fixture
async def stream(workspace: SandboxWorkspace, client: AsyncWebClient) -> Json:
    """Start a stream below a question, and return its channel and ts."""
    question = await workspace.say("U0ADA", "D0ADA", "tell me")
    answer = await client.chat_startStream(channel="D0ADA", thread_ts=question, markdown_text="One", **RECIPIENT)
    return {"channel": answer["channel"], "ts": answer["ts"]}


def shown(workspace: SandboxWorkspace, stream: Json) -> str:
    return workspace.state.message(stream["channel"], stream["ts"]).text


async def error(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_a_stream_grows_and_ends(workspace: SandboxWorkspace, client: AsyncWebClient, stream: Json) -> None:
    assert workspace.state.message(**stream).is_streaming
    await client.chat_appendStream(**stream, chunks=[{"type": "markdown_text", "text": ", two"}])
    feedback = {"type": "context", "elements": [{"type": "mrkdwn", "text": "Made by a model."}]}
    await client.chat_stopStream(**stream, markdown_text=", three", blocks=[feedback])
    message = workspace.state.message(**stream)
    assert (message.text, message.is_streaming) == ("One, two, three", False)
    assert [block["type"] for block in message.blocks] == ["markdown", "context"]


async def test_slacks_own_helper_streams_a_whole_answer(workspace: SandboxWorkspace, client: AsyncWebClient) -> None:
    question = await workspace.say("U0ADA", "C0GENERAL", "tell me")
    streamer = await client.chat_stream(channel="C0GENERAL", thread_ts=question, buffer_size=10, **RECIPIENT)
    for word in ("words ", "and ", "more ", "words"):
        await streamer.append(markdown_text=word)
    await streamer.stop()
    assert workspace.thread("C0GENERAL", question)[1].text == "words and more words"


async def test_a_stream_needs_both_recipients(client: AsyncWebClient) -> None:
    start = client.chat_startStream
    assert await error(start(channel="D0ADA", thread_ts="1.0")) == "missing_recipient_team_id"
    team = await error(start(channel="D0ADA", thread_ts="1.0", recipient_team_id="T0SANDBOX"))
    assert team == "missing_recipient_user_id"
    assert await error(start(channel="D0ADA", thread_ts="1.0", **RECIPIENT)) == "thread_not_found"


async def test_five_minutes_end_a_stream_whatever_is_appended(
    workspace: SandboxWorkspace, client: AsyncWebClient, clock: SettableClock, stream: Json
) -> None:
    clock.now += 299
    await client.chat_appendStream(**stream, markdown_text=", two")
    assert await error(client.chat_update(**stream, text="x")) == "streaming_state_conflict"
    clock.now += 2
    assert await error(client.chat_appendStream(**stream, markdown_text="x")) == "message_not_in_streaming_state"
    assert await error(client.chat_stopStream(**stream)) == "message_not_in_streaming_state"
    await client.chat_update(**stream, text="the whole answer")
    assert shown(workspace, stream) == "the whole answer"


async def test_a_person_can_stop_it(workspace: SandboxWorkspace, client: AsyncWebClient, stream: Json) -> None:
    root = workspace.state.message(**stream).root_ts
    workspace.interactivity.stop("U0ADA", stream["channel"], root)
    event = workspace.events("agent_session_stopped")[0]["event"]
    assert (event["user"], event["streaming_message_ts"]) == ("U0ADA", [stream["ts"]])
    assert await error(client.chat_appendStream(**stream, markdown_text="x")) == "stopped_by_user"
    assert shown(workspace, stream) == "One"


async def test_a_chunk_takes_12000_characters(client: AsyncWebClient, stream: Json) -> None:
    await client.chat_appendStream(**stream, markdown_text="x" * 12_000)
    assert await error(client.chat_appendStream(**stream, markdown_text="x" * 12_001)) == "msg_too_long"
    assert await error(client.chat_appendStream(**stream, chunks=[{"type": "poem"}])) == "invalid_chunks"


async def test_a_status_shows_for_two_minutes(
    workspace: SandboxWorkspace, client: AsyncWebClient, clock: SettableClock
) -> None:
    ts = await workspace.say("U0ADA", "C0GENERAL", "hello")
    thread: dict[str, Any] = {"channel_id": "C0GENERAL", "thread_ts": ts}
    await client.assistant_threads_setStatus(**thread, status="is thinking...")
    assert workspace.statuses["C0GENERAL", ts].text == "is thinking..."
    clock.now += 121
    assert not workspace.statuses


async def test_a_status_ends_when_the_app_speaks_in_the_thread(
    workspace: SandboxWorkspace, client: AsyncWebClient
) -> None:
    ts = await workspace.say("U0ADA", "C0GENERAL", "hello")
    thread: dict[str, Any] = {"channel_id": "C0GENERAL", "thread_ts": ts}
    await client.assistant_threads_setStatus(**thread, status="is thinking...", loading_messages=["Thinking"])
    await client.chat_postMessage(channel="C0GENERAL", text="elsewhere")
    assert workspace.statuses
    await client.chat_postMessage(channel="C0GENERAL", text="here", thread_ts=ts)
    assert not workspace.statuses
    nowhere = client.assistant_threads_setStatus(channel_id="C0GENERAL", thread_ts="1.0", status="x")
    assert await error(nowhere) == "invalid_thread_ts"
