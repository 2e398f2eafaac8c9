"""Socket Mode: delivers events and interactions to the app's WebSockets, and redelivers events.

    event --> socket 1, no acknowledgement in 3 s
          --> socket 2, at once, "retry_attempt": 1, no acknowledgement in 3 s
          --> socket 1, after 60 s, "retry_attempt": 2, acknowledged: delivered

Each envelope goes to one socket, and the sockets take turns. It counts as delivered when the same socket
acknowledges it within `ack_timeout`. An event without acknowledgement is sent again after the delays in
`redelivery`; an interaction is not. If no socket is open, an event waits for one until its last attempt;
waiting events are sent in the order in which they happened. Source:
https://docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

from aiohttp import WSCloseCode, WSMsgType, web

from bot.sandbox.workspace.records import APP_ID, ConnectionChanged, Json, WorkspaceChange
from bot.sandbox.workspace.trace_log import TraceLog

MAX_SOCKETS = 10
TICKET_LIFETIME_SECONDS = 30.0
"""Slack gives no number; its URLs are for immediate use."""
DISCONNECT_GRACE_SECONDS = 10.0
"""How long a socket stays open after its client was asked to reconnect, unless the client closes it."""
CLOSE_TIMEOUT_SECONDS = 1.0
"""How long to wait for the client's close frame when closing."""
MAX_FRAME_BYTES = 20_480
"""A larger frame of the app closes its socket. Measured: github.com/revelrylabs/slax/pull/614"""
HEARTBEAT_INTERVAL_SECONDS = 10.0

DisconnectReason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass(slots=True, eq=False)
class BotSocket:
    """One WebSocket of the app."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    is_leaving: bool = False
    pending_acks: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    """By envelope id: the envelopes sent on this socket that are not acknowledged yet."""

    async def deliver(self, envelope: Json, timeout_seconds: float) -> Json | None:
        """Send an envelope; return the acknowledgement's payload, or None after `timeout_seconds`."""
        acknowledged: asyncio.Future[Json]
        acknowledged = self.pending_acks[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_seconds):
                await self.ws.send_json(envelope)
                return await acknowledged
        except (TimeoutError, ConnectionError):
            return None
        finally:
            del self.pending_acks[envelope["envelope_id"]]

    def receive_ack(self, frame: str) -> None:
        """Handle an acknowledgement; ignore any other frame, as Slack does."""
        with suppress(json.JSONDecodeError):
            answer = json.loads(frame)
            known = isinstance(answer, dict) and self.pending_acks.get(str(answer.get("envelope_id")))
            if known and not known.done():
                known.set_result(answer.get("payload") or {})

    async def ask_to_leave(self, reason: DisconnectReason) -> None:
        """Ask the client to reconnect; this socket gets no envelopes from now on."""
        self.is_leaving = True
        farewell = {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
        with suppress(ConnectionError):
            await self.ws.send_json(farewell)

    def abort(self) -> None:
        """Break the connection without a close frame, as a network failure does."""
        if self.transport:
            self.transport.abort()

    def fail_pending_acks(self) -> None:
        """Fail the pending acknowledgements of a closed socket."""
        for waiting in self.pending_acks.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError())


class SocketModeServer:
    """All sockets of the app, and the deliveries in progress."""

    def __init__(
        self,
        journal: TraceLog,
        announce: Callable[[WorkspaceChange], None],
        *,
        clock: Callable[[], float],
        ack_timeout: float,
        redelivery: Sequence[float],
    ) -> None:
        """`redelivery`: seconds before each further attempt to deliver an event."""
        self._journal = journal
        self._announce = announce
        self._clock = clock
        self._ack_timeout = ack_timeout
        self._redelivery = tuple(redelivery)
        self._tickets: dict[str, float] = {}
        self._sockets: list[BotSocket] = []
        self._event_numbers = itertools.count()
        self._waiting_for_socket: dict[int, asyncio.Future[None]] = {}  # by event number: events without a socket
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def socket_count(self) -> int:
        """How many sockets receive envelopes now."""
        return sum(not socket.is_leaving for socket in self._sockets)

    def create_ticket(self) -> str:
        """Return a new ticket, valid for one connection within `TICKET_LIFETIME_SECONDS`."""
        ticket = uuid4().hex
        self._tickets[ticket] = self._clock() + TICKET_LIFETIME_SECONDS
        return ticket

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket until it ends. Refuses a used, old or unknown ticket with 403."""
        if self._tickets.pop(request.query.get("ticket", ""), 0.0) <= self._clock():
            raise web.HTTPForbidden(text="The ticket is unknown, used or expired.")
        ws = web.WebSocketResponse(
            heartbeat=HEARTBEAT_INTERVAL_SECONDS,
            timeout=CLOSE_TIMEOUT_SECONDS,
            max_msg_size=MAX_FRAME_BYTES + 1,  # aiohttp refuses this size, too
        )
        await ws.prepare(request)
        socket = BotSocket(ws, request.transport)
        if self.socket_count >= MAX_SOCKETS:
            await socket.ask_to_leave("too_many_websockets")
            await ws.close()
            return ws
        await self._serve(socket)
        return ws

    async def _serve(self, socket: BotSocket) -> None:
        self._sockets.append(socket)
        try:
            await socket.ws.send_json(self._build_hello())
            self._announce_sockets()
            async for frame in socket.ws:
                if frame.type is WSMsgType.TEXT:
                    socket.receive_ack(frame.data)
        except ConnectionError:
            pass  # it broke during the hello; the client reconnects
        finally:
            self._sockets.remove(socket)
            socket.fail_pending_acks()
            self._announce_sockets()

    def _build_hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": self.socket_count,
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18_060},
            "connection_info": {"app_id": APP_ID},
        }

    def _announce_sockets(self) -> None:
        for number in sorted(self._waiting_for_socket) if self.socket_count else ():
            self._waiting_for_socket.pop(number).set_result(None)
        self._announce(ConnectionChanged(self.socket_count))

    # Delivery

    def send_event(self, callback: Json, *, attempt: int = 0, reason: str = "") -> None:
        """Deliver an event callback in the background, with redeliveries."""
        self._journal.events.append(callback)
        self._spawn(self._deliver_event(next(self._event_numbers), callback, attempt, reason))

    async def send_interaction(self, kind: Literal["interactive", "slash_commands"], payload: Json) -> Json | None:
        """Deliver an interaction once; return the acknowledgement's payload, None without acknowledgement."""
        name = payload["command"] if kind == "slash_commands" else payload["type"]
        return await self._deliver_once(_build_envelope(kind, payload, accepts_response=True), name)

    async def _deliver_event(self, event: int, callback: Json, attempt: int, reason: str) -> None:
        envelope = _build_envelope("events_api", callback, accepts_response=False)
        for number, pause in enumerate((0.0, *self._redelivery), start=attempt):
            if reason == "connection_failed":
                await self._wait_for_socket(event, pause)
            else:
                await asyncio.sleep(pause)
            envelope |= {"retry_attempt": number, "retry_reason": reason}
            reason = "timeout" if self.socket_count else "connection_failed"
            if await self._deliver_once(envelope, _event_name(callback["event"])) is not None:
                return

    async def _wait_for_socket(self, event: int, seconds: float) -> None:
        """Wait for a socket, at most so many seconds."""
        arrived = self._waiting_for_socket[event] = asyncio.get_running_loop().create_future()
        await asyncio.wait({arrived}, timeout=seconds)
        self._waiting_for_socket.pop(event, None)

    async def _deliver_once(self, envelope: Json, name: str) -> Json | None:
        """Send an envelope to the next socket, and wait for its acknowledgement."""
        socket = next((socket for socket in self._sockets if not socket.is_leaving), None)
        again = f"attempt {envelope['retry_attempt'] + 1}" if envelope.get("retry_attempt") else ""
        if socket is None:
            self._journal.add_entry("event", name, status="no socket", detail=again)
            return None
        self._sockets.remove(socket)
        self._sockets.append(socket)  # round robin
        self._journal.add_entry("event", name, detail=again)
        started = self._clock()
        payload = await socket.deliver(envelope, self._ack_timeout)
        status = "ok" if payload is not None else "timeout"
        self._journal.add_entry("ack", name, status=status, seconds=self._clock() - started)
        return payload

    # Disconnecting

    async def disconnect(self, reason: DisconnectReason | None) -> None:
        """Ask every client to reconnect, for a reason; None breaks the connections instead."""
        for socket in tuple(self._sockets):
            if reason is None:
                socket.abort()
            else:
                await socket.ask_to_leave(reason)
                self._spawn(self._close_later(socket))
        self._announce_sockets()

    async def _close_later(self, socket: BotSocket) -> None:
        await asyncio.sleep(DISCONNECT_GRACE_SECONDS)
        await socket.ws.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel deliveries in progress, and close every socket."""
        for task in self._tasks:
            task.cancel()
        closing = (socket.ws.close(code=WSCloseCode.GOING_AWAY) for socket in tuple(self._sockets))
        await asyncio.gather(*self._tasks, *closing, return_exceptions=True)


def _build_envelope(kind: str, payload: Json, *, accepts_response: bool) -> Json:
    return {"envelope_id": str(uuid4()), "type": kind, "payload": payload, "accepts_response_payload": accepts_response}


def _event_name(event: Json) -> str:
    return ".".join(part for part in (event["type"], event.get("channel_type"), event.get("subtype")) if part)
