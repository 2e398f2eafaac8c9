"""A Slack server for a thousand answers at once: Web API and Socket Mode without checks and limits.

The sandbox's checks and log would need more CPU time than the bot that is measured. Events and messages are
built by the sandbox's functions. As on Slack, the app receives events for its own messages, and an event that
is not acknowledged in time is sent again.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from aiohttp import web

from bot.sandbox.workspace import events
from bot.sandbox.workspace.arguments import Arguments
from bot.sandbox.workspace.methods import lookups
from bot.sandbox.workspace.records import (
    APP_TOKEN,
    BOT_TOKEN,
    BOT_USER_ID,
    MessagePosted,
    MessageReplaced,
    WorkspaceMessage,
)
from bot.sandbox.workspace.state import WorkspaceState
from tests.bench.thread_recorder import ThreadRecorder

CHANNEL, ASKER = "C0GENERAL", "U0ADA"
READS = {**lookups.METHODS}
READS.pop("conversations.replies")
ACK_TIMEOUT_SECONDS = 3.0
"""After this time Slack sends an unacknowledged event again."""


@dataclass
class FastSlackServer:
    """The server; an async context manager."""

    latency: float = 0.0
    """Seconds that each call takes, as the network to Slack does."""
    echoes: bool = True
    """Whether the app receives events for its own messages."""
    calls: dict[str, int] = field(default_factory=dict)
    """The number of calls, by method."""
    bot_token, app_token = BOT_TOKEN, APP_TOKEN

    def __post_init__(self) -> None:
        clock = time.perf_counter  # uvloop's own counts whole milliseconds
        self.screen = ThreadRecorder(clock)
        self._state = WorkspaceState(clock=clock, stream_lifetime=300.0)
        self._messages: dict[str, WorkspaceMessage] = {}
        self._sockets: list[web.WebSocketResponse] = []
        self._turn = 0
        self._unacknowledged: dict[str, tuple[float, dict[str, Any]]] = {}
        self._stamp = 1_000_000

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=16 * 1024**2)
        application.router.add_route("*", "/api/{method}", self._serve)
        application.router.add_get("/link", self._connect)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=2_000).start()
        self._port = self._runner.addresses[0][1]
        self._patience = asyncio.create_task(self._deliver_again())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._patience.cancel()
        await asyncio.gather(self._patience, return_exceptions=True)
        await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    @property
    def connected(self) -> int:
        return len(self._sockets)

    async def say(self, text: str) -> str:
        """Write as a person, and return the message's ts."""
        message = WorkspaceMessage(channel=CHANNEL, ts=self._ts(), user=ASKER, text=text, client_msg_id="typed")
        self.screen.record_question(message.ts)
        channel = self._state.channel(CHANNEL)
        await self._tell(events.build_posted_events(MessagePosted(message), channel, message))
        return message.ts

    async def _tell(self, told: list[dict[str, Any]]) -> None:
        for event in told:
            envelope = {
                "type": "events_api",
                "envelope_id": f"e{self._turn}",
                "accepts_response_payload": False,
                "payload": events.build_callback(event, at=0),
            }
            await self._deliver(envelope)

    async def _deliver(self, envelope: dict[str, Any]) -> None:
        self._turn += 1
        self._unacknowledged[envelope["envelope_id"]] = (time.perf_counter() + ACK_TIMEOUT_SECONDS, envelope)
        await self._sockets[self._turn % len(self._sockets)].send_str(json.dumps(envelope))

    async def _deliver_again(self) -> None:
        while True:
            await asyncio.sleep(ACK_TIMEOUT_SECONDS / 3)
            late = [each for due, each in self._unacknowledged.values() if due < time.perf_counter()]
            for envelope in late if self._sockets else ():
                await self._deliver(envelope | {"retry_attempt": 1, "retry_reason": "timeout"})

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self._sockets.append(socket)
        async for acknowledgement in socket:
            self._unacknowledged.pop(json.loads(acknowledgement.data)["envelope_id"], None)
        self._sockets.remove(socket)
        return socket

    async def _serve(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls[method] = self.calls.get(method, 0) + 1
        arguments = await _arguments(request)
        if self.latency:
            await asyncio.sleep(self.latency)
        serve: Callable[[dict[str, Any]], Any] | None = {
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "apps.connections.open": lambda _: {"url": f"ws://127.0.0.1:{self._port}/link"},
        }.get(method)
        if serve:
            answer, told = serve(arguments), []
            if isinstance(answer, tuple):
                answer, told = answer
            if self.echoes and told:
                await self._tell(told)
        elif method in READS:
            answer = READS[method](self._state, Arguments(arguments))
        else:
            answer = {}
        return web.json_response({"ok": True, **answer})

    def _post(self, arguments: dict[str, Any]) -> Any:
        message = WorkspaceMessage(
            channel=arguments["channel"],
            ts=self._ts(),
            user=BOT_USER_ID,
            text=arguments.get("text", ""),
            blocks=tuple(arguments.get("blocks") or ()),
            thread_ts=arguments.get("thread_ts"),
        )
        self._messages[message.ts] = message
        self.screen.record_message(message)
        told = events.build_posted_events(MessagePosted(message), self._state.channel(message.channel), message)
        return {"channel": message.channel, "ts": message.ts, "message": events.message_json(message)}, told

    def _update(self, arguments: dict[str, Any]) -> Any:
        previous = self._messages[arguments["ts"]]
        blocks = tuple(arguments.get("blocks") or ())
        message = replace(previous, text=arguments.get("text", ""), blocks=blocks)
        self._messages[message.ts] = message
        self.screen.record_message(message)
        channel = self._state.channel(message.channel)
        told = list(events.build_changed_events(MessageReplaced(message, previous), channel, self._ts()))
        return {"channel": message.channel, "ts": message.ts, "text": message.text}, told

    def _ts(self) -> str:
        self._stamp += 1
        return f"{self._stamp}.000100"


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        return dict(await request.json()) if request.can_read_body else {}
    form = await request.post() if request.can_read_body else {}
    return {name: _decoded(str(value)) for name, value in {**request.query, **form}.items()}


def _decoded(value: str) -> Any:
    return json.loads(value) if value[:1] in {"[", "{"} else value
