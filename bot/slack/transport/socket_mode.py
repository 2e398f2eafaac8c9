"""Socket Mode: some WebSockets, kept open for as long as the bot wants deliveries.

Separate because Slack renews each connection every few hours, and what goes wrong then is noticed only by
the questions that nobody answers. Rules, whose reasons are in `docs/decisions/0004-our-own-sockets.md`:

- Every attempt has a ticket of its own.
- The next socket is open before the last one is closed, and they are opened one at a time.
- What is wrong is said once. Trying goes on, with growing pauses and some chance in them.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode.
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
    """How long to wait before the next attempt, in seconds; up to half of each pause is left to chance."""

    first_seconds: float = 0.5
    longest_seconds: float = 15.0
    """For what passes: a lost network, Slack being down."""
    operator_error_seconds: float = 60.0
    """For what a person must put right."""
    stable_after_seconds: float = 30.0
    """A socket that lived so long has proven itself: the next one need not wait."""

    def next_delay(self, failures: int, refused: SocketRefused) -> float:
        """Return the pause after so many failures in a row, of which this was the last."""
        growing = min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))
        pause = (self.operator_error_seconds if refused.hint else growing) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        return max(pause, refused.retry_after)


RECONNECT_DELAYS = ReconnectDelays()


class SocketPool:
    """The sockets of this process."""

    def __init__(self, connector: SocketConnector, delays: ReconnectDelays) -> None:
        """`door` opens each of them."""
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
        """How many sockets take deliveries now."""
        return sum(socket.is_live for socket in self._sockets)

    @property
    def is_connected(self) -> bool:
        """Whether deliveries reach us."""
        return self.connected_count > 0

    async def start(self, count: int) -> None:
        """Begin to keep `count` sockets open, and wait a while to see how it goes."""
        self._keeper_tasks = [asyncio.create_task(self._keep_open(), name="sockets") for _ in range(count)]
        with suppress(TimeoutError):
            async with asyncio.timeout(OPEN_TIMEOUT_SECONDS):
                await self._first_result.wait()

    async def stop(self) -> None:
        """Take no more deliveries: Slack makes them elsewhere. Takes two seconds at most."""
        for keeper in self._keeper_tasks:
            keeper.cancel()
        await asyncio.gather(*self._keeper_tasks, return_exceptions=True)
        await asyncio.gather(*(self._close_socket(socket) for socket in tuple(self._sockets)), *self._closing_tasks)

    async def _keep_open(self) -> None:
        """Keep one socket open."""
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
        """Open a socket, then let the last one go; return the new one when it is time for the next.

        Raises `SocketRefused` if there was none, or none for long: as what keeps failing it is slowed down.
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
        """Say what is wrong, once; a single failure that passes is not worth a word."""
        trouble = refused.hint or "This passes by itself."
        if trouble != self._logged_hint and (refused.hint or failures > 1):
            self._first_result.set()
            log.error(
                "A connection to Slack cannot be kept; it is tried on.",
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
    """Let the app have deliveries over `count` sockets while the context lasts.

    Raises `SettingsError` if Slack refuses the app token. What goes wrong later is logged, and tried on.
    """
    async with aiohttp.ClientSession(trust_env=True) as session:
        door = SocketConnector(client, app_token, session, partial(dispatch_payload, app))
        await door.check()
        connection = SocketPool(door, delays)
        try:
            await connection.start(count)
            yield connection
        finally:
            await connection.stop()
