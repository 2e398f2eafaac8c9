"""Socket Mode: which socket gets an envelope, and what happens with and without acknowledgement."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import Json
from tests.sandbox.clients import SettableClock, bare_socket, ticketed_url


@pytest.fixture
async def hasty() -> AsyncIterator[SandboxWorkspace]:
    """Start a workspace that redelivers within fractions of a second."""
    async with SandboxWorkspace(ack_timeout=0.2, redelivery=(0.0, 0.1, 0.3)) as running:
        yield running


async def test_an_acknowledged_event_comes_once(hasty: SandboxWorkspace) -> None:
    async with bare_socket(hasty) as socket:
        await hasty.say("U0ADA", "D0ADA", "hello")
        envelope = await socket.next()
        await socket.ack(envelope)
        assert (envelope["type"], envelope["retry_attempt"], envelope["retry_reason"]) == (
            "events_api",
            0,
            "",
        )
        with pytest.raises(TimeoutError):
            await socket.next(within=0.8)


async def test_an_event_without_acknowledgement_comes_three_times_more_and_no_fifth_time(
    hasty: SandboxWorkspace,
) -> None:
    async with bare_socket(hasty) as socket:
        await hasty.say("U0ADA", "D0ADA", "hello")
        envelopes = [await socket.next() for _ in range(4)]
        with pytest.raises(TimeoutError):
            await socket.next(within=0.8)
    assert [one["retry_attempt"] for one in envelopes] == [0, 1, 2, 3]
    assert [one["retry_reason"] for one in envelopes] == ["", "timeout", "timeout", "timeout"]
    assert len({one["envelope_id"] for one in envelopes}) == 1
    assert len({one["payload"]["event_id"] for one in envelopes}) == 1


async def test_a_socket_is_closed_when_the_app_sends_too_much_at_once(workspace: SandboxWorkspace) -> None:
    async with bare_socket(workspace) as socket:
        await socket.ws.send_str("x" * 20_480)
        await workspace.say("U0ADA", "D0ADA", "hello")
        assert (await socket.event())["text"] == "hello"
        await socket.ws.send_str("x" * 20_481)
        assert (await socket.ws.receive(timeout=3)).data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_two_sockets_share_the_events_and_each_event_goes_to_one(workspace: SandboxWorkspace) -> None:
    async with bare_socket(workspace) as one, bare_socket(workspace) as other:
        await workspace.wait_until(lambda: workspace.socket_count == 2)
        for number in range(6):
            await workspace.say("U0ADA", "D0ADA", str(number))
        heard = [[(await socket.event())["text"] for _ in range(3)] for socket in (one, other)]
    assert sorted(heard[0] + heard[1]) == list("012345")


async def test_an_acknowledgement_counts_on_the_socket_that_got_the_event_only(
    hasty: SandboxWorkspace,
) -> None:
    async with bare_socket(hasty) as one, bare_socket(hasty) as other:
        await hasty.wait_until(lambda: hasty.socket_count == 2)
        await hasty.say("U0ADA", "D0ADA", "hello")
        envelope = await one.next()
        await other.ack(envelope)
        again = await other.next()
        assert (again["envelope_id"], again["retry_attempt"]) == (envelope["envelope_id"], 1)
        await other.ack(again)


async def test_an_event_waits_for_a_socket_as_long_as_the_schedule_lasts() -> None:
    async with SandboxWorkspace(redelivery=(0.0, 60.0)) as workspace:
        await workspace.say("U0ADA", "D0ADA", "is anybody there?")
        await asyncio.sleep(0.1)
        async with bare_socket(workspace) as socket:
            envelope = await socket.next()
            await socket.ack(envelope)
        assert envelope["payload"]["event"]["text"] == "is anybody there?"
        assert envelope["retry_reason"] == "connection_failed"


async def test_events_that_wait_for_a_socket_come_in_the_order_in_which_they_happened() -> None:
    """Regardless of which one was tried last: each event has its own schedule."""
    async with SandboxWorkspace(redelivery=(0.0, 0.5, 0.5, 60.0)) as workspace:
        for number in range(3):
            await workspace.say("U0ADA", "D0ADA", str(number))
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.1)  # the first was just tried again, the last a while ago
        async with bare_socket(workspace) as socket:
            heard = [(await socket.event())["text"] for _ in range(3)]
    assert heard == list("012")


async def test_a_broken_socket_does_not_lose_what_it_had_not_acknowledged(
    workspace: SandboxWorkspace,
) -> None:
    async with bare_socket(workspace) as lost:
        await workspace.say("U0ADA", "D0ADA", "hello")
        await lost.next()
        await workspace.disconnect(None)
        async with bare_socket(workspace) as socket:
            assert (await socket.event())["text"] == "hello"


async def test_a_ticket_opens_one_socket_and_not_for_ever() -> None:
    clock = SettableClock()
    async with SandboxWorkspace(clock=clock) as workspace, aiohttp.ClientSession() as session:
        used = await ticketed_url(workspace, session)
        async with session.ws_connect(used):
            pass
        old = await ticketed_url(workspace, session)
        clock.now += 31
        for url in (used, old):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(url)
            assert refused.value.status == 403


async def test_an_eleventh_socket_is_told_that_it_is_one_too_many(workspace: SandboxWorkspace) -> None:
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(await ticketed_url(workspace, session)) for _ in range(10)]
        await workspace.wait_until(lambda: workspace.socket_count == 10)
        eleventh = await session.ws_connect(await ticketed_url(workspace, session))
        assert (await eleventh.receive_json())["reason"] == "too_many_websockets"
        assert (await eleventh.receive()).type is aiohttp.WSMsgType.CLOSE
        for socket in (*sockets, eleventh):
            await socket.close()


async def test_rubbish_on_a_socket_hurts_nobody(workspace: SandboxWorkspace) -> None:
    async with bare_socket(workspace) as socket:
        for rubbish in (
            "",
            "{",
            "[]",
            "7",
            '{"envelope_id": 7}',
            '{"envelope_id": "unknown"}',
            '{"envelope_id": {}}',
        ):
            await socket.ws.send_str(rubbish)
        await workspace.say("U0ADA", "D0ADA", "still there?")
        assert (await socket.event())["text"] == "still there?"


async def test_bolt_moves_to_a_new_socket_when_asked_to_and_hears_on(
    workspace: SandboxWorkspace, client: AsyncWebClient
) -> None:
    """Bolt reconnects after `refresh_requested`, and receives the messages written meanwhile."""
    heard: list[str] = []
    app = AsyncApp(client=client)

    @app.event("message")
    async def _(event: Json) -> None:
        heard.append(event["text"])

    handler = AsyncSocketModeHandler(app, workspace.app_token)
    await handler.connect_async()
    try:
        await workspace.wait_until(lambda: workspace.socket_count)
        await workspace.disconnect("refresh_requested")
        await workspace.say("U0ADA", "D0ADA", "during the move")
        await workspace.wait_until(lambda: workspace.socket_count)
        await workspace.say("U0ADA", "D0ADA", "after the move")
        await workspace.wait_until(lambda: {"during the move", "after the move"} <= set(heard), timeout=5)
    finally:
        await asyncio.wait_for(handler.close_async(), 5)


async def test_redeliver_sends_the_same_event_again(workspace: SandboxWorkspace) -> None:
    async with bare_socket(workspace) as socket:
        await workspace.say("U0ADA", "D0ADA", "hello")
        first = await socket.next()
        await socket.ack(first)
        await workspace.redeliver(workspace.events("message")[0])
        second = await socket.next()
        await socket.ack(second)
    assert second["payload"] == first["payload"]
    assert second["retry_attempt"] == 1
