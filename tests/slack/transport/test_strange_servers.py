"""Socket Mode with a server that hangs, sends no greeting or sends rubbish."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSMsgType, web

from bot.slack.transport import connect, web_socket
from tests.slack.transport.connections import OtherWorkspace, connected
from tests.slack.transport.waiting import until


@asynccontextmanager
async def strange_server(*frames: str, answers_pings: bool) -> AsyncIterator[tuple[str, list[str]]]:
    """Run a Slack without greeting; yields its address, and the list of frames that it received."""
    frames_sent: list[str] = []

    async def ticket(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "url": f"ws://{request.host}/link"})

    async def link(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(autoping=answers_pings)
        await ws.prepare(request)
        frames_sent.append("opened")
        for frame in frames:
            await ws.send_str(frame)
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                frames_sent.append(json.loads(message.data)["envelope_id"])  # noqa: PERF401 - a test looks meanwhile
        return ws

    application = web.Application()
    application.add_routes([web.post("/api/apps.connections.open", ticket), web.get("/link", link)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/", frames_sent
    finally:
        await runner.cleanup()


async def test_a_connection_that_hangs_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a cut cable: the connection stays open, but no pong arrives."""
    monkeypatch.setattr(connect, "HEARTBEAT_SECONDS", 0.1)
    async with (
        strange_server('{"type": "hello"}', answers_pings=False) as (url, frames_sent),
        connected(OtherWorkspace(url)),
    ):
        await until(lambda: frames_sent.count("opened") >= 3)


async def test_a_server_without_greeting_that_sends_rubbish_is_tolerated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_socket, "GREETING_TIMEOUT_SECONDS", 0.1)
    rubbish = ["", "{", "[]", "null", "{}", '{"type": 1}', '{"envelope_id": 1, "payload": {}}']
    strange = {
        "envelope_id": "strange",
        "payload": {"type": "event_callback", "event": {"channel": 5}, "team": 7},
    }
    event = {"type": "message", "text": "hello", "channel": "D0", "user": "U1"}
    good = {"envelope_id": "good", "payload": {"type": "event_callback", "event": event}}
    frames = (*rubbish, json.dumps(strange), json.dumps(good))
    async with (
        strange_server(*frames, answers_pings=True) as (url, frames_sent),
        connected(OtherWorkspace(url)) as (_, received),
    ):
        await until(lambda: frames_sent == ["opened", "good"])
    assert received.texts == ["hello"]
