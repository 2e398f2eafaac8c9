"""Clients of the sandbox workspace: Slack's own, and a bare Socket Mode client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SandboxWorkspace
from bot.sandbox.workspace.records import Json


class SettableClock:
    """A clock that stands still until a test sets it."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def web_client(workspace: SandboxWorkspace) -> AsyncIterator[AsyncWebClient]:
    """Open Slack's own client on one connection."""
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(workspace.bot_token, base_url=workspace.api_url, session=session)


class BareSocket:
    """A Socket Mode client that acknowledges only what a test tells it to."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def next(self, within: float = 3.0) -> Json:
        """Return the next frame; TimeoutError if there is none."""
        frame: Json = await self.ws.receive_json(timeout=within)
        return frame

    async def event(self, within: float = 3.0) -> Json:
        """Return the event of the next envelope, acknowledged."""
        envelope = await self.next(within)
        await self.ack(envelope)
        event: Json = envelope["payload"]["event"]
        return event

    async def ack(self, envelope: Json, payload: Json | None = None) -> None:
        answer: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
        await self.ws.send_str(json.dumps(answer | ({"payload": payload} if payload else {})))


@asynccontextmanager
async def bare_socket(workspace: SandboxWorkspace) -> AsyncIterator[BareSocket]:
    """Connect as Slack's clients do, and read the hello frame."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(await ticketed_url(workspace, session)) as ws,
    ):
        socket = BareSocket(ws)
        assert (await socket.next())["type"] == "hello"
        yield socket


async def ticketed_url(workspace: SandboxWorkspace, session: aiohttp.ClientSession) -> str:
    """Return a WebSocket URL for one connection."""
    headers = {"Authorization": f"Bearer {workspace.app_token}"}
    async with session.post(f"{workspace.api_url}apps.connections.open", headers=headers) as response:
        url: str = (await response.json())["url"]
        return url
