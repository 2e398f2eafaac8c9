"""Socket Mode: keeps some WebSockets to Slack open for as long as the bot wants deliveries.

Slack renews each connection every few hours and announces that with a `disconnect` message. The replacement
is opened before the old socket is closed, so no moment is without a connection:

    socket 1   ====================== disconnect ======| closed when its envelopes are done
    socket 2                              opening =====|===================================

- Each attempt requests its own URL, and sockets are opened one at a time.
- After a failure the pool waits, longer each time and with some randomness, and tries again without end.
- A problem is logged once, not at every attempt. A single failure that passes is not logged.

Why not slack_sdk's client: `docs/decisions/0004-our-own-sockets.md`. Source:
https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.transport.bolt_dispatch import dispatch_payload
from bot.slack.transport.connect import DISCONNECT_HINTS, OPEN_TIMEOUT_SECONDS, SocketConnector, SocketRefused
from bot.slack.transport.web_socket import WebSocket

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconnectDelays:
    """How long to wait before the next attempt; a random part of up to half of each delay is left out."""

    first_seconds: float = 0.5
    longest_seconds: float = 15.0
    """The longest delay for errors that pass: a lost network, an outage of Slack."""
    operator_error_seconds: float = 60.0
    """The delay for errors that the operator must correct."""
    stable_after_seconds: float = 30.0
    """After a socket that lived this long, the next one is opened without a delay."""

    def next_delay(self, failures: int, refused: SocketRefused) -> float:
        """Return the seconds to wait after so many failures in a row, of which `refused` was the last."""
        growing = min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        pause = (self.operator_error_seconds if refused.hint else growing) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        return max(pause, refused.retry_after)


RECONNECT_DELAYS = ReconnectDelays()


class SocketPool:
    """The open sockets of this process."""

    def __init__(self, connector: SocketConnector, delays: ReconnectDelays) -> None:
        """`connector` opens each socket."""
        self._connector = connector
        self._delays = delays
        self._opening = asyncio.Lock()
        self._first_result = asyncio.Event()
        self._sockets: set[WebSocket] = set()
        self._keeper_tasks: list[asyncio.Task[None]] = []
        self._closing_tasks: set[asyncio.Task[None]] = set()
        self._logged_hint = ""

    @property
    def connected_count(self) -> int:
        """How many sockets receive deliveries now."""
        return sum(socket.is_live for socket in self._sockets)

    @property
    def is_connected(self) -> bool:
        """Whether deliveries reach this process."""
        return self.connected_count > 0

    async def start(self, count: int) -> None:
        """Keep `count` sockets open from now on; wait up to 10 s for the first one or an error."""
        self._keeper_tasks = [asyncio.create_task(self._keep_open(), name="sockets") for _ in range(count)]
        with suppress(TimeoutError):
            async with asyncio.timeout(OPEN_TIMEOUT_SECONDS):
                await self._first_result.wait()

    async def stop(self) -> None:
        """Receive no more deliveries, so that Slack sends them elsewhere. Takes two seconds at most."""
        for task in self._keeper_tasks:
            task.cancel()
        await asyncio.gather(*self._keeper_tasks, return_exceptions=True)
        await asyncio.gather(*(self._close_socket(socket) for socket in tuple(self._sockets)), *self._closing_tasks)

    async def _keep_open(self) -> None:
        """Keep one socket open, for ever."""
        last: WebSocket | None = None
        failures = 0
        while True:
            try:
                last = await self._use_socket(last)
                failures = 0
            except SocketRefused as refused:
                failures += 1
                self._log_refused(refused, failures)
                await asyncio.sleep(self._delays.next_delay(failures, refused))

    async def _use_socket(self, previous: WebSocket | None) -> WebSocket:
        """Open a socket, close the previous one, and return the new one when it needs a replacement.

        Raises `SocketRefused` if it could not be opened or did not live long, so that the next attempt waits.
        """
        async with self._opening:
            socket = await self._connector.open()
        self._sockets.add(socket)
        self._log_connected()
        if previous is not None:
            self._close_in_background(self._close_socket(previous))
        clock = asyncio.get_running_loop().time
        began = clock()
        await socket.wait_for_disconnect()
        if clock() - began < self._delays.stable_after_seconds or socket.reason in DISCONNECT_HINTS:
            self._close_in_background(self._close_socket(socket))
            raise SocketRefused(socket.reason or "closed", hint=DISCONNECT_HINTS.get(socket.reason, ""))
        return socket

    def _log_connected(self) -> None:
        self._first_result.set()
        if self._logged_hint:
            log.info("Slack is connected again.", action="socket_opened")
        self._logged_hint = ""

    def _log_refused(self, refused: SocketRefused, failures: int) -> None:
        """Log a problem once; a single failure that passes is not logged."""
        trouble = refused.hint or "No action is needed; this usually passes."
        if trouble != self._logged_hint and (refused.hint or failures > 1):
            self._first_result.set()
            log.error(
                "A connection to Slack cannot be kept open; the bot keeps trying.",
                action="socket_refused",
                reason=refused.reason,
                hint=trouble,
            )
            self._logged_hint = trouble

    async def _close_socket(self, socket: WebSocket) -> None:
        await socket.close()
        self._sockets.discard(socket)

    def _close_in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._closing_tasks.add(task)
        task.add_done_callback(self._closing_tasks.discard)


@asynccontextmanager
async def open_sockets(
    app: AsyncApp, client: AsyncWebClient, app_token: str, *, count: int, delays: ReconnectDelays = RECONNECT_DELAYS
) -> AsyncIterator[SocketPool]:
    """Pass deliveries from `count` sockets to the app while the context lasts.

    Raises `SettingsError` if Slack refuses the app token. Later errors are logged and retried.
    """
    async with aiohttp.ClientSession(trust_env=True) as session:
        connector = SocketConnector(client, app_token, session, partial(dispatch_payload, app))
        await connector.check()
        connection = SocketPool(connector, delays)
        try:
            await connection.start(count)
            yield connection
        finally:
            await connection.stop()
